import type { Queryable } from '../database/database.ts'
import { gather } from '../database/gather.ts'
import type { AccountId, SubscriberId, TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import { type Charge, chargeOf, type TransferKind } from './tariff.ts'
import type { TariffInForce, Tariffs } from './tariff-in-force.ts'

/**
 * What a person is shown and confirms with the PIN, every leg named. JSON-safe; money is a string of minor units. `fee` includes
 * `tax`; `total` is amount and fee. Its id becomes the transfer's.
 */
export type Quote = {
  readonly id: TransferId
  readonly kind: TransferKind
  readonly payerId: SubscriberId
  readonly payerAccount: AccountId
  /** Null for a biller. */
  readonly payeeId: SubscriberId | null
  readonly payeeAccount: AccountId
  readonly biller: { readonly id: string; readonly account: string } | null
  readonly payeeName: string
  readonly amount: string
  readonly fee: string
  readonly tax: string
  readonly total: string
  readonly currency: Currency
  readonly legs: readonly { readonly debit: AccountId; readonly credit: AccountId; readonly amount: string }[]
  /** Version of the tariff. */
  readonly tariff: string
  readonly quotedAtMs: number
}

export type QuoteRequest = {
  readonly id: TransferId
  readonly atMs: number
  readonly payerId: SubscriberId
  readonly amount: bigint
  readonly payee:
    | { readonly kind: 'subscriber'; readonly id: SubscriberId; readonly name: string }
    | {
        readonly kind: 'biller'
        readonly id: string
        readonly name: string
        readonly account: string
        /** A bill unless given. */
        readonly service?: 'airtime'
      }
}

/** Why a transfer cannot be; amounts in minor units. */
export type Refusal =
  | { readonly kind: 'insufficient'; readonly available: bigint }
  | { readonly kind: 'over_transaction_limit'; readonly limit: bigint }
  | { readonly kind: 'over_day_limit'; readonly left: bigint }
  | { readonly kind: 'over_month_limit'; readonly left: bigint }
  | { readonly kind: 'payee_full' }
  | { readonly kind: 'below_minimum'; readonly minimum: bigint }
  | { readonly kind: 'payee_unavailable' }

/** `repeats`: the same payer, payee and amount within the last ten minutes. */
export type QuoteOutcome = { readonly kind: 'quoted'; readonly quote: Quote; readonly repeats: boolean } | Refusal

type Row = {
  payer_account: AccountId
  payee_account: AccountId | null
  refusal: Refusal['kind'] | null
  detail: bigint | null
  tariff: string | null
  repeats: boolean
}

/** Quotes transfers; requests of one moment share a round trip. */
export type QuoteTransfer = (request: QuoteRequest) => Promise<QuoteOutcome>

const MOST_AT_ONCE = 100

/** `quoteTransfer` for the hot path: what is asked in one moment is answered together. */
export function makeQuoteTransfer(db: Queryable, tariffs: Tariffs): QuoteTransfer {
  const lanes: Record<TransferKind, QuoteTransfer> = {
    send: gather((requests) => quoteAll(db, tariffs, 'send', requests), MOST_AT_ONCE),
    bill: gather((requests) => quoteAll(db, tariffs, 'bill', requests), MOST_AT_ONCE),
    airtime: gather((requests) => quoteAll(db, tariffs, 'airtime', requests), MOST_AT_ONCE),
  }
  return (request) => lanes[kindOf(request)](request)
}

/**
 * Says what a transfer costs, or why it cannot be, in one round trip; the rules are the database's (`ledger_ruling`), the same
 * that hold the money later. Throws where the payer has no wallet that may pay.
 */
export async function quoteTransfer(db: Queryable, tariffs: Tariffs, request: QuoteRequest): Promise<QuoteOutcome> {
  const [outcome] = await quoteAll(db, tariffs, kindOf(request), [request])
  if (outcome === undefined) throw new Error('a quote was not answered')
  return outcome
}

function kindOf({ payee }: QuoteRequest): TransferKind {
  return payee.kind === 'subscriber' ? 'send' : (payee.service ?? 'bill')
}

async function quoteAll(
  db: Queryable,
  tariffs: Tariffs,
  kind: TransferKind,
  requests: readonly QuoteRequest[],
): Promise<QuoteOutcome[]> {
  const tariff = await tariffs.current(db)
  const charges = requests.map(({ amount }) => chargeOf(tariff, kind, amount))
  const { rows } = await db.query<Row>({
    name: `quote-${kind}`,
    text: statements[kind],
    values: [
      requests.map(({ payerId }) => payerId),
      requests.map(({ payee }) => payee.id),
      tariff.currency,
      requests.map(({ amount }) => amount),
      requests.map(({ amount }, n) => amount + (charges[n]?.fee ?? 0n)),
    ],
  })
  if (rows.some((row) => row.tariff !== tariff.version)) {
    await tariffs.reload(db)
    return quoteAll(db, tariffs, kind, requests)
  }
  return requests.map((request, n) => {
    const row = rows[n]
    if (row === undefined) throw new Error(`Subscriber ${request.payerId} has no wallet in ${tariff.currency}`)
    return outcomeOf(request, tariff, kind, charges[n] ?? null, row)
  })
}

function outcomeOf(
  request: QuoteRequest,
  tariff: TariffInForce,
  kind: TransferKind,
  charge: Charge | null,
  row: Row,
): QuoteOutcome {
  if (row.refusal !== null) return refusalOf(row.refusal, row.detail)
  if (row.payee_account === null) return { kind: 'payee_unavailable' }
  if (charge === null) {
    return { kind: 'over_transaction_limit', limit: tariff.services[kind].bands.at(-1)?.upTo ?? 0n }
  }
  const accounts = { payer: row.payer_account, payee: row.payee_account }
  return { kind: 'quoted', quote: quoteOf(request, tariff, kind, accounts, charge), repeats: row.repeats }
}

/** One per kind, so that each is prepared with the index its payee is found by. */
function statement(kind: TransferKind, payee: string): string {
  return `SELECT payer.id AS payer_account, payee.id AS payee_account, r.refusal, r.detail, (SELECT ledger_tariff_in_force($3)) AS tariff,
      EXISTS (SELECT FROM transfer t
               WHERE t.payer_account = payer.id AND t.payee_account = payee.id AND t.amount = q.amount AND t.state <> 'REJECTED'
                 AND t.created_at > now() - interval '10 minutes') AS repeats
    FROM unnest($1::uuid[], $2::${kind === 'send' ? 'uuid' : 'text'}[], $4::bigint[], $5::bigint[])
         WITH ORDINALITY AS q (payer_id, payee_id, amount, total, n)
    JOIN account payer ON payer.kind = 'wallet' AND payer.owner_id = q.payer_id AND payer.code = 'main' AND payer.currency = $3
    LEFT JOIN account payee ON payee.id <> payer.id AND payee.currency = $3 AND ${payee}
   CROSS JOIN LATERAL ledger_ruling('${kind}', $3, q.payer_id, payer.id, payee.id, q.amount, q.total) r
   ORDER BY q.n`
}

const BILLER = `payee.kind = 'biller' AND payee.owner_id IS NULL AND payee.code = q.payee_id`

const statements: Record<TransferKind, string> = {
  send: statement('send', `payee.kind = 'wallet' AND payee.owner_id = q.payee_id AND payee.code = 'main'`),
  bill: statement('bill', BILLER),
  airtime: statement('airtime', BILLER),
}

/** The database's word for a refusal and the number that belongs to it. */
export function refusalOf(kind: Refusal['kind'], detail: bigint | null): Refusal {
  switch (kind) {
    case 'insufficient':
      return { kind, available: detail ?? 0n }
    case 'over_transaction_limit':
      return { kind, limit: detail ?? 0n }
    case 'over_day_limit':
    case 'over_month_limit':
      return { kind, left: detail ?? 0n }
    case 'below_minimum':
      return { kind, minimum: detail ?? 0n }
    case 'payee_full':
    case 'payee_unavailable':
      return { kind }
  }
}

function quoteOf(
  request: QuoteRequest,
  tariff: TariffInForce,
  kind: TransferKind,
  accounts: { payer: AccountId; payee: AccountId },
  { fee, tax }: { fee: bigint; tax: bigint },
): Quote {
  const legs = [
    { credit: accounts.payee, amount: request.amount },
    { credit: tariff.feeAccount, amount: fee - tax },
    { credit: tariff.taxAccount, amount: tax },
  ]
  const { payee } = request
  return {
    id: request.id,
    kind,
    payerId: request.payerId,
    payerAccount: accounts.payer,
    payeeId: payee.kind === 'subscriber' ? payee.id : null,
    payeeAccount: accounts.payee,
    biller: payee.kind === 'biller' ? { id: payee.id, account: payee.account } : null,
    payeeName: payee.name,
    amount: String(request.amount),
    fee: String(fee),
    tax: String(tax),
    total: String(request.amount + fee),
    currency: tariff.currency,
    legs: legs
      .filter(({ amount }) => amount > 0n)
      .map(({ credit, amount }) => ({ debit: accounts.payer, credit, amount: String(amount) })),
    tariff: tariff.version,
    quotedAtMs: request.atMs,
  }
}
