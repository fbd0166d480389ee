import { randomBytes } from 'node:crypto'
import type { Database } from '../../src/database/database.ts'
import { type AccountId, type SubscriberId, type TransferId, uuidv7 } from '../../src/domain/ids.ts'
import { fundWallet, openBillerAccount } from '../../src/ledger/accounts.ts'
import { type HoldOutcome, holdTransfer } from '../../src/ledger/hold.ts'
import { loadTariffs } from '../../src/ledger/load-tariffs.ts'
import { postTransfer } from '../../src/ledger/post.ts'
import { type Quote, type QuoteOutcome, type QuoteRequest, quoteTransfer } from '../../src/ledger/quote.ts'
import type { MarketTariff } from '../../src/ledger/tariff.ts'
import { makeTariffs, type Tariffs } from '../../src/ledger/tariff-in-force.ts'
import { voidTransfer } from '../../src/ledger/void.ts'
import { nameContext } from '../../src/security/contexts.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { kenya, marketOf } from '../support/tariffs.ts'

/** A ledger with a loaded market, and hands to put people and money into it. */
export type LedgerWorld = TestDatabase & {
  readonly sealer: Sealer
  readonly tariffs: Tariffs
  person(balance: bigint, options?: PersonOptions): Promise<Person>
  biller(id: string): Promise<AccountId>
  quoteSend(payer: Person, payee: Person, amount: bigint, id?: TransferId): Promise<QuoteOutcome>
  quoteBill(payer: Person, biller: string, amount: bigint, account?: string): Promise<QuoteOutcome>
  hold(quote: Quote, db?: Database): Promise<HoldOutcome>
}

export type Person = { readonly id: SubscriberId; readonly wallet: AccountId }
export type PersonOptions = { tier?: string; status?: string; restrictedUntil?: Date; name?: string }

export const newTransferId = (): TransferId => uuidv7() as TransferId

const testSealer: Sealer = makeSealer({ id: 'feedbeef', bytes: Buffer.alloc(32, 7), older: [] })

export async function openWorld(tariff: MarketTariff = kenya): Promise<LedgerWorld> {
  const database = await createTestDatabase()
  const { app, owner } = database
  const market = marketOf(tariff.market)
  await owner.transaction((tx) => loadTariffs(tx, market, [tariff]))
  const tariffs = makeTariffs(market.currency)

  async function person(balance: bigint, options: PersonOptions = {}): Promise<Person> {
    const id = uuidv7() as SubscriberId
    const name = testSealer.seal(options.name ?? 'Test Person', nameContext(id))
    await owner.query(
      `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, status, tier, terms_version, restricted_until)
       VALUES ($1, $2, $3, $4, 'en', $5, $6, '1', $7)`,
      [
        id,
        randomBytes(8),
        randomBytes(8),
        name,
        options.status ?? 'active',
        options.tier ?? 'standard',
        options.restrictedUntil ?? null,
      ],
    )
    // Not by openWallet, which wants but one market to be loaded.
    const opened = await app.query<{ wallet: AccountId }>('SELECT ledger_open_wallet($1, $2, $3) AS wallet', [
      id,
      options.tier ?? 'standard',
      market.currency,
    ])
    const wallet = opened.rows[0]?.wallet as AccountId
    if (balance > 0n) await fundWallet(owner, id, balance, `opening ${id}`)
    return { id, wallet }
  }

  const quote = (request: Omit<QuoteRequest, 'id' | 'atMs'>, id: TransferId = newTransferId()): Promise<QuoteOutcome> =>
    quoteTransfer(app, tariffs, { id, atMs: Date.now(), ...request })

  return {
    ...database,
    sealer: testSealer,
    tariffs,
    person,
    biller: (id) => openBillerAccount(app, { id, name: id }, market.currency),
    quoteSend: (payer, payee, amount, id) =>
      quote({ payerId: payer.id, amount, payee: { kind: 'subscriber', id: payee.id, name: 'Payee P.' } }, id),
    quoteBill: (payer, biller, amount, account = '12345678901') =>
      quote({ payerId: payer.id, amount, payee: { kind: 'biller', id: biller, name: biller, account } }),
    hold: (stored, db = app) => db.transaction((tx) => holdTransfer(tx, testSealer, stored, { sessionId: uuidv7() })),
  }
}

/** The word for what came of posting a transfer or giving its money back. */
export async function resolve(db: Database, id: TransferId, how: 'post' | 'void'): Promise<string> {
  const outcome = await db.transaction<{ kind: string }>((tx) =>
    how === 'post' ? postTransfer(tx, id) : voidTransfer(tx, id, 'test'),
  )
  return outcome.kind
}

/** The quote of an outcome that must be one. */
export function quoted(outcome: QuoteOutcome): Quote {
  if (outcome.kind !== 'quoted') throw new Error(`not quoted: ${outcome.kind}`)
  return outcome.quote
}
