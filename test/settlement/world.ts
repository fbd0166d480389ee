import { type FakeBillers, startFakeBillers } from '../../scripts/fakes/billers.ts'
import { ownLedger } from '../../src/account-providers/own-ledger.ts'
import { makeBillers } from '../../src/billers/registry.ts'
import type { Database, Queryable } from '../../src/database/database.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import type { TransferFacts, TransferState } from '../../src/ledger/transfer.ts'
import { readBillers } from '../../src/settings-partners.ts'
import { makeReader } from '../../src/settings-reader.ts'
import type { BreakerRules } from '../../src/settlement/breaker.ts'
import { makeBreakers } from '../../src/settlement/breakers.ts'
import type { Patience } from '../../src/settlement/patience.ts'
import type { SettleServices } from '../../src/settlement/settle-transfer.ts'
import type { Events } from '../../src/telemetry/events.ts'
import { type LedgerWorld, openWorld, type Person, quoted } from '../ledger/world.ts'

export type Receipt = { kind: 'settled' | 'rejected' | 'delayed'; transfer_id: TransferId; token: string | null }

/** A ledger, three billers that can be made to misbehave, and receipts that are rows one can count. */
export type SettlementWorld = LedgerWorld & {
  readonly partners: FakeBillers
  readonly services: SettleServices & { readonly events: Events }
  readonly failures: unknown[]
  readonly announced: TransferId[]
  heldSend(payer: Person, payee: Person, amount: bigint): Promise<TransferId>
  heldBill(payer: Person, biller: string, amount: bigint, account?: string): Promise<TransferId>
  stateOf(id: TransferId): Promise<TransferState>
  path(id: TransferId): Promise<TransferState[]>
  receipts(id: TransferId): Promise<Receipt[]>
  /** As if that much time had passed since everything about a transfer happened. */
  age(id: TransferId, seconds: number): Promise<void>
}

/** Short enough for a test, long enough to be told apart. */
const quick: Patience = {
  delaysMs: [50, 100, 150],
  thenMs: 200,
  tellAfterMs: 120_000,
  notFoundAfterMs: 60_000,
  giveUpAfterMs: 86_400_000,
}

/** Opens for nothing that a test or a slow machine does; who tests breakers brings rules of their own. */
const patient: BreakerRules = { unknownsToOpen: 10_000, restMs: 60_000, longestRestMs: 240_000, probeMs: 60_000 }

export async function openSettlementWorld(rules: BreakerRules = patient): Promise<SettlementWorld> {
  const world = await openWorld()
  const partners = await startFakeBillers(0)
  const settings = readBillers(makeReader({ BILLERS: partners.setting }, () => ''))
  const billers = makeBillers({ billers: settings.map((biller) => ({ ...biller, timeoutMs: 600 })), airtime: null })
  for (const id of billers.keys()) await world.biller(id)
  await world.owner.query(`CREATE TABLE test_receipt (n serial, kind text, transfer_id uuid, token text)`)
  await world.owner.query(`GRANT ALL ON test_receipt TO PUBLIC; GRANT ALL ON test_receipt_n_seq TO PUBLIC`)
  const failures: unknown[] = []
  const announced: TransferId[] = []
  const events = quietEvents(failures)
  const services: SettlementWorld['services'] = {
    breakers: makeBreakers({ database: world.app, events, rules }),
    ...{ database: world.app, sealer: world.sealer, provider: ownLedger, billers, patience: quick },
    receipts: {
      ...{ settled: write('settled'), rejected: write('rejected'), delayed: write('delayed') },
      settledAll: async (tx, transfers) => {
        for (const transfer of transfers) await write('settled')(tx, transfer)
        return []
      },
    },
    smsBell: { ring: () => undefined },
    announce: (id) => void announced.push(id),
    events,
  }
  return {
    ...world,
    ...{ partners, services, failures, announced },
    heldSend: async (payer, payee, amount) => held(world, quoted(await world.quoteSend(payer, payee, amount))),
    heldBill: async (payer, biller, amount, account) =>
      held(world, quoted(await world.quoteBill(payer, biller, amount, account))),
    stateOf: async (id) => {
      const { rows } = await world.owner.query<{ state: TransferState }>('SELECT state FROM transfer WHERE id = $1', [
        id,
      ])
      return rows[0]?.state ?? 'HELD'
    },
    path: async (id) => {
      const { rows } = await world.owner.query<{ to_state: TransferState }>(
        'SELECT to_state FROM transfer_event WHERE transfer_id = $1 ORDER BY version',
        [id],
      )
      return rows.map((row) => row.to_state)
    },
    receipts: async (id) => {
      const { rows } = await world.owner.query<Receipt>(
        'SELECT kind, transfer_id, token FROM test_receipt WHERE transfer_id = $1 ORDER BY n',
        [id],
      )
      return rows
    },
    age: (id, seconds) => age(world.owner, id, seconds),
    async drop() {
      await partners.close()
      await world.drop()
    },
  }
}

/** Events that only keep what went wrong. */
function quietEvents(failures: unknown[]): Events {
  const keep = ({ error }: { error: unknown }): void => void failures.push(error)
  const quiet: Partial<Events> = { settlementFailed: keep, sweepFailed: keep }
  return new Proxy(quiet as Events, { get: (known, name) => Reflect.get(known, name) ?? (() => undefined) })
}

function write(kind: Receipt['kind']) {
  return async (tx: Queryable, { id, token }: TransferFacts): Promise<[]> => {
    await tx.query('INSERT INTO test_receipt (kind, transfer_id, token) VALUES ($1, $2, $3)', [kind, id, token])
    return []
  }
}

async function held(world: LedgerWorld, quote: Parameters<LedgerWorld['hold']>[0]): Promise<TransferId> {
  const outcome = await world.hold(quote)
  if (outcome.kind !== 'held') throw new Error(`not held: ${outcome.kind}`)
  return quote.id
}

async function age(owner: Database, id: TransferId, seconds: number): Promise<void> {
  await owner.transaction(async (tx) => {
    await tx.query('ALTER TABLE transfer DISABLE TRIGGER USER; ALTER TABLE partner_attempt DISABLE TRIGGER USER')
    await tx.query(
      `UPDATE transfer SET created_at = created_at - $2 * interval '1 second', next_attempt_at = next_attempt_at - $2 * interval '1 second',
              ring_at = ring_at - $2 * interval '1 second' WHERE id = $1`,
      [id, seconds],
    )
    await tx.query(
      `UPDATE partner_attempt SET started_at = started_at - $2 * interval '1 second' WHERE transfer_id = $1`,
      [id, seconds],
    )
    await tx.query('ALTER TABLE transfer ENABLE TRIGGER USER; ALTER TABLE partner_attempt ENABLE TRIGGER USER')
  })
}
