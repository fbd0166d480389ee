import type { Queryable } from '../database/database.ts'
import type { AccountId, SubscriberId, TransferId } from '../domain/ids.ts'
import { type QuoteOutcome, quoteOf, type Refusal, readPayers, refusalOf } from './quote.ts'
import { bandsFor, chargeOf, dependsOnPayer } from './tariff.ts'
import type { Tariffs } from './tariff-in-force.ts'

/** `collect`: out of the account at the provider into the wallet; `disburse`: the other way. Minor units. */
export type LinkedRequest = {
  readonly id: TransferId
  readonly atMs: number
  readonly ownerId: SubscriberId
  readonly kind: 'collect' | 'disburse'
  readonly amount: bigint
  /** `account`: how the provider knows the person's account. */
  readonly provider: { readonly id: string; readonly name: string; readonly account: string }
}

type Row = {
  payer_account: AccountId
  payee_account: AccountId
  refusal: Refusal['kind'] | null
  detail: bigint | null
  tariff: string | null
  repeats: boolean
}

const STATEMENT = `SELECT side.payer AS payer_account, side.payee AS payee_account, r.refusal, r.detail, (SELECT ledger_tariff_in_force($4)) AS tariff,
    EXISTS (SELECT FROM transfer t WHERE t.payer_account = side.payer AND t.payee_account = side.payee AND t.amount = $5 AND t.state <> 'REJECTED'
             AND t.created_at > now() - interval '10 minutes') AS repeats
  FROM account wallet
  JOIN account linked ON linked.kind = 'linked' AND linked.owner_id = wallet.owner_id AND linked.code = $3 AND linked.currency = $4 AND linked.status = 'open'
 CROSS JOIN LATERAL (SELECT CASE $1 WHEN 'collect' THEN linked.id ELSE wallet.id END AS payer,
                            CASE $1 WHEN 'collect' THEN wallet.id ELSE linked.id END AS payee) side
 CROSS JOIN LATERAL ledger_ruling($1, $4, $2, side.payer, side.payee, $5, $6) r
 WHERE wallet.kind = 'wallet' AND wallet.owner_id = $2 AND wallet.code = 'main' AND wallet.currency = $4`

/**
 * Says what moving money between a wallet and its owner's account at a provider costs, or why it cannot be. What the account there holds is
 * the provider's to say; limits hold for each of the two accounts. `payee_unavailable`: there is no such account (any more).
 */
export async function quoteLinked(db: Queryable, tariffs: Tariffs, request: LinkedRequest): Promise<QuoteOutcome> {
  const { id, atMs, ownerId, kind, amount, provider } = request
  const tariff = await tariffs.current(db)
  const payers = dependsOnPayer(tariff, kind) ? await readPayers(db, tariff.currency, [{ payerId: ownerId }]) : null
  const circumstances = payers?.get(ownerId) ?? {}
  const charge = chargeOf(tariff, kind, amount, circumstances)
  const { rows } = await db.query<Row>({
    name: 'quote-linked',
    text: STATEMENT,
    values: [kind, ownerId, provider.id, tariff.currency, amount, amount + (charge?.fee ?? 0n)],
  })
  const row = rows[0]
  if (row === undefined) return { kind: 'payee_unavailable' }
  if (row.tariff !== tariff.version) {
    await tariffs.reload(db)
    return quoteLinked(db, tariffs, request)
  }
  if (row.refusal !== null) return refusalOf(row.refusal, row.detail)
  if (charge === null) {
    const service = tariff.services[kind]
    return {
      kind: 'over_transaction_limit',
      limit: (service === undefined ? undefined : bandsFor(service, circumstances).at(-1)?.upTo) ?? 0n,
    }
  }
  const payee = { kind: 'subscriber', id: ownerId, name: provider.name } as const
  const accounts = { payer: row.payer_account, payee: row.payee_account }
  const quote = quoteOf({ id, atMs, payerId: ownerId, amount, payee }, tariff, kind, accounts, charge)
  return {
    kind: 'quoted',
    quote: { ...quote, biller: { id: provider.id, account: provider.account } },
    repeats: row.repeats,
  }
}
