import type { Queryable } from '../database/database.ts'
import { gather } from '../database/gather.ts'
import type { AccountId, SubscriberId, TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import { type OwnWallet, quoteOwnStatement } from './savings.ts'
import {
  bandsFor,
  type Charge,
  type Circumstances,
  chargeOf,
  dependsOnPayer,
  type LegKind,
  receivedOf,
  type TransferKind,
} from './tariff.ts'
import type { TariffInForce, Tariffs } from './tariff-in-force.ts'

/**
 * What a person is shown and confirms with the PIN, every leg named. JSON-safe; money is a string of minor units. `fee` is all that the
 * payer pays beside the amount; `total` is amount and fee; `tax` is taxes and levies, whoever pays them. Its id becomes the transfer's.
 */
export type Quote = {
  readonly id: TransferId
  readonly kind: TransferKind
  readonly payerId: SubscriberId
  readonly payerAccount: AccountId
  /** Null for a biller; the payer where the money stays one person's. */
  readonly payeeId: SubscriberId | null
  readonly payeeAccount: AccountId
  /** Who is asked, and the account there: a biller, or the provider of one's own account. */
  readonly biller: { readonly id: string; readonly account: string } | null
  readonly payeeName: string
  readonly amount: string
  readonly fee: string
  readonly tax: string
  readonly total: string
  /** Less than the amount where the payee pays a fee or a levy. */
  readonly payeeReceives: string
  readonly currency: Currency
  /** The amount to the payee first, then what goes to the house, out of the payer's account or the payee's. */
  readonly legs: readonly QuoteLeg[]
  /** Version of the tariff. */
  readonly tariff: string
  readonly quotedAtMs: number
}

export type QuoteLeg = {
  readonly debit: AccountId
  readonly credit: AccountId
  readonly amount: string
  readonly what: LegKind
}

/** `network`: which other network the payee is on, where that matters for the price. */
export type QuoteRequest = {
  readonly id: TransferId
  readonly atMs: number
  readonly payerId: SubscriberId
  readonly amount: bigint
  /** The money comes into the wallet first: what is in it now does not matter. */
  readonly funded?: boolean
  readonly payee:
    | { readonly kind: 'subscriber'; readonly id: SubscriberId; readonly name: string; readonly network?: string }
    | {
        readonly kind: 'biller'
        readonly id: string
        readonly name: string
        readonly account: string
        /** A bill unless given. */
        readonly service?: 'airtime'
      }
    /** The payer's own: out of the other one of the two. `name`: the payer's. */
    | { readonly kind: 'own'; readonly id: OwnWallet; readonly name: string }
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
  /** Null for savings that were never opened. */
  payer_account: AccountId | null
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
  const lanes: Record<QuotedKind, QuoteTransfer> = {
    send: gather((requests) => quoteAll(db, tariffs, 'send', requests), MOST_AT_ONCE),
    bill: gather((requests) => quoteAll(db, tariffs, 'bill', requests), MOST_AT_ONCE),
    airtime: gather((requests) => quoteAll(db, tariffs, 'airtime', requests), MOST_AT_ONCE),
    own: gather((requests) => quoteAll(db, tariffs, 'own', requests), MOST_AT_ONCE),
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

/** What there are quotes for so far. */
type QuotedKind = Extract<TransferKind, 'send' | 'bill' | 'airtime' | 'own'>

function kindOf({ payee }: QuoteRequest): QuotedKind {
  if (payee.kind === 'own') return 'own'
  return payee.kind === 'subscriber' ? 'send' : (payee.service ?? 'bill')
}

async function quoteAll(
  db: Queryable,
  tariffs: Tariffs,
  kind: QuotedKind,
  requests: readonly QuoteRequest[],
): Promise<QuoteOutcome[]> {
  const tariff = await tariffs.current(db)
  const payers = dependsOnPayer(tariff, kind) ? await readPayers(db, tariff.currency, requests) : null
  const prices = requests.map(({ payerId, payee, amount }): Price => {
    const network = payee.kind === 'subscriber' ? payee.network : undefined
    const circumstances = { ...payers?.get(payerId), ...(network === undefined ? {} : { network }) }
    return { circumstances, charge: chargeOf(tariff, kind, amount, circumstances) }
  })
  const { rows } = await db.query<Row>({
    name: `quote-${kind}`,
    text: statements[kind],
    values: [
      requests.map(({ payerId }) => payerId),
      requests.map(({ payee }) => payee.id),
      tariff.currency,
      requests.map(({ amount }) => amount),
      requests.map(({ amount, funded }, n) => (funded === true ? 0n : amount + (prices[n]?.charge?.fee ?? 0n))),
    ],
  })
  if (rows.some((row) => row.tariff !== tariff.version)) {
    await tariffs.reload(db)
    return quoteAll(db, tariffs, kind, requests)
  }
  return requests.map((request, n) => {
    const row = rows[n]
    if (row === undefined) throw new Error(`Subscriber ${request.payerId} has no wallet in ${tariff.currency}`)
    return outcomeOf(request, tariff, kind, prices[n] ?? { circumstances: {}, charge: null }, row)
  })
}

type Price = { readonly circumstances: Circumstances; readonly charge: Charge | null }

/** What the charge depends on: one more round trip, only for tariffs that ask for it. */
export async function readPayers(
  db: Queryable,
  currency: Currency,
  requests: readonly Pick<QuoteRequest, 'payerId'>[],
): Promise<ReadonlyMap<SubscriberId, Circumstances>> {
  const { rows } = await db.query<{ id: SubscriberId; tier: string; sent_today: bigint }>({
    name: 'quote-payers',
    text: `SELECT s.id, s.tier, CASE WHEN a.day = (SELECT ledger_business_day($2)) THEN a.day_out ELSE 0 END AS sent_today
             FROM subscriber s JOIN account a ON a.kind = 'wallet' AND a.owner_id = s.id AND a.code = 'main' AND a.currency = $2
            WHERE s.id = ANY ($1::uuid[])`,
    values: [requests.map(({ payerId }) => payerId), currency],
  })
  return new Map(rows.map(({ id, tier, sent_today: sentToday }) => [id, { tier, sentToday }]))
}

function outcomeOf(
  request: QuoteRequest,
  tariff: TariffInForce,
  kind: QuotedKind,
  { circumstances, charge }: Price,
  row: Row,
): QuoteOutcome {
  if (row.refusal !== null) return refusalOf(row.refusal, row.detail)
  if (row.payer_account === null || row.payee_account === null) return { kind: 'payee_unavailable' }
  if (charge === null) {
    const service = tariff.services[kind]
    const bands = service === undefined ? [] : bandsFor(service, circumstances)
    return { kind: 'over_transaction_limit', limit: bands.at(-1)?.upTo ?? 0n }
  }
  const accounts = { payer: row.payer_account, payee: row.payee_account }
  return { kind: 'quoted', quote: quoteOf(request, tariff, kind, accounts, charge), repeats: row.repeats }
}

/** One per kind, so that each is prepared with the index its payee is found by. */
function statement(kind: Exclude<QuotedKind, 'own'>, payee: string): string {
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

const statements: Record<QuotedKind, string> = {
  send: statement('send', `payee.kind = 'wallet' AND payee.owner_id = q.payee_id AND payee.code = 'main'`),
  bill: statement('bill', BILLER),
  airtime: statement('airtime', BILLER),
  own: quoteOwnStatement,
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

/** The quote of a charge between two accounts. */
export function quoteOf(
  request: Omit<QuoteRequest, 'funded'>,
  tariff: TariffInForce,
  kind: TransferKind,
  accounts: { payer: AccountId; payee: AccountId },
  charge: Charge,
): Quote {
  const { fee, tax, legs } = charge
  const { payee } = request
  return {
    id: request.id,
    kind,
    payerId: request.payerId,
    payerAccount: accounts.payer,
    payeeId: payeeIdOf(request),
    payeeAccount: accounts.payee,
    biller: payee.kind === 'biller' ? { id: payee.id, account: payee.account } : null,
    payeeName: payee.name,
    amount: String(request.amount),
    fee: String(fee),
    tax: String(tax),
    total: String(request.amount + fee),
    payeeReceives: String(receivedOf(charge, request.amount)),
    currency: tariff.currency,
    legs: legs.map((leg) => ({
      debit: accounts[leg.from],
      credit: leg.what === 'amount' ? accounts.payee : tariff.accountOf(leg),
      amount: String(leg.amount),
      what: leg.what,
    })),
    tariff: tariff.version,
    quotedAtMs: request.atMs,
  }
}

function payeeIdOf({ payerId, payee }: QuoteRequest): SubscriberId | null {
  switch (payee.kind) {
    case 'subscriber':
      return payee.id
    case 'own':
      return payerId
    case 'biller':
      return null
  }
}
