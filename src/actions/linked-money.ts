import { type SubscriberId, type TransferId, uuidv7 } from '../domain/ids.ts'
import { MOST_FEE } from '../ledger/check-tariff.ts'
import { confirmFrom } from '../ledger/confirm-from.ts'
import type { Quote, QuoteOutcome, QuoteRequest } from '../ledger/quote.ts'
import { type QuoteJson, quoteFromJson, quoteToJson } from '../ledger/quote-json.ts'
import { successorState } from '../ledger/successor.ts'
import type { Json } from '../menu/contract.ts'
import { readToken } from '../settlement/attempts.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'
import { findLinked, type Linked, linkedOf } from './linked.ts'
import { type Answer, answer, money, quoteOutcomes } from './quote.ts'
import { byPin, endOf, refusedBy, WAIT_MS } from './transfer.ts'

const WALLET = 'Nyota'
const reference = { type: 'text', max: 10 } as const
/** What an account elsewhere has is its provider's to know: that it is not enough is heard when it is asked. */
const { insufficient: _, ...collectOutcomes } = quoteOutcomes
const moves = { account: { type: 'opaque' }, amount: money } as const

/** What it costs to bring money from an account elsewhere into the wallet. */
export const quoteCollect: Action = defineAction(
  { name: 'quote-collect', effect: 'read', input: moves, outcomes: { ...collectOutcomes, payee_full: {} } },
  async (services, context, { account, amount }) => {
    const found = await findLinked(services, context, account)
    if (found === null) return { outcome: 'unavailable' }
    return collectAnswer(await askLinked(services, context, found, 'collect', BigInt(amount)), 'payee_full')
  },
)

/** The same for money out of the wallet into an account elsewhere. */
export const quoteDisburse: Action = defineAction(
  { name: 'quote-disburse', effect: 'read', input: moves, outcomes: quoteOutcomes },
  async (services, context, { account, amount }) => {
    const found = await findLinked(services, context, account)
    if (found === null) return { outcome: 'unavailable' }
    return answer(await askLinked(services, context, found, 'disburse', BigInt(amount)), 'unavailable')
  },
)

const source = { kind: { type: 'choice', of: ['wallet', 'linked'] }, account: { type: 'opaque' } } as const
const sources = { type: 'rows', max: 21, of: { ...source, name: { type: 'text', max: 14 } } } as const

/** What can be paid from, what the caller put first at the top. `wallet`: they have nothing else, and are asked nothing. */
export const listSources: Action = defineAction(
  { name: 'list-sources', effect: 'read', input: {}, outcomes: { wallet: {}, choose: { sources } } },
  async (services, context) => {
    const found = await linkedOf(services, context)
    if (found.length === 0) return { outcome: 'wallet' }
    const rows = found.map(
      ({ account, provider }) => ({ kind: 'linked', account: account.id as Json, name: provider.name }) as const,
    )
    const wallet = { kind: 'wallet', account: null, name: WALLET } as const
    const first = found[0]?.account.first === true ? 1 : 0
    return { outcome: 'choose', values: { sources: [...rows.slice(0, first), wallet, ...rows.slice(first)] } }
  },
)

/** A payment with money from elsewhere, frozen with the collect that brings it; `wallet_full`: it could not come in. */
export const quoteSendFrom: Action = defineAction(
  {
    name: 'quote-send-from',
    effect: 'read',
    input: { ...moves, payee: { type: 'opaque' }, name: { type: 'text', max: 16 } },
    outcomes: { ...collectOutcomes, payee_full: {}, wallet_full: {} },
  },
  (services, context, { account, amount, payee, name }) =>
    askBoth(
      services,
      context,
      account,
      amount,
      { kind: 'subscriber', id: String(payee) as SubscriberId, name },
      'payee_full',
    ),
)

/** The same for a bill. */
export const quoteBillFrom: Action = defineAction(
  {
    name: 'quote-bill-from',
    effect: 'read',
    input: { ...moves, biller: { type: 'text', max: 20 }, customer: { type: 'digits', max: 20 } },
    outcomes: { ...collectOutcomes, wallet_full: {} },
  },
  async (services, context, { account, amount, biller, customer }) => {
    const name = services.billers.get(biller)?.name
    if (name === undefined) return { outcome: 'unavailable' }
    const payee = { kind: 'biller', id: biller, name, account: customer } as const
    return askBoth(services, context, account, amount, payee, 'unavailable')
  },
)

const paidOutcomes = {
  ...{ settled: { reference }, processing: { reference }, not_collected: { reference }, kept: { reference } },
  ...{ over_limit: {}, expired: {}, unavailable: {} },
} as const

/**
 * Confirms a collect and the send that is paid with it by one PIN. `processing`: no end yet, of the one or of the other; `not_collected`: the
 * provider refused and nothing moved; `kept`: the money came, could not be paid, and is in the wallet. The reference is that of the last that happened.
 */
export const sendFrom: Action = defineAction(
  {
    name: 'send-from',
    ...byPin,
    outcomes: paidOutcomes,
  },
  async (services, context, { quote }) => paidFrom(await confirmBoth(services, context, quote)),
  ({ quote }) => BigInt(pairOf(quote).payment.amount),
)

/** The same for a bill; `token`: what the biller returned for the customer. */
export const payBillFrom: Action = defineAction(
  {
    name: 'pay-bill-from',
    ...byPin,
    outcomes: { ...paidOutcomes, token: { reference, token: { type: 'digits', max: 20 } } },
  },
  async (services, context, { quote }) => {
    const result = await confirmBoth(services, context, quote)
    if (result.kind !== 'settled') return paidFrom(result)
    const token = await readToken(services.database, services.sealer, result.id)
    if (token === null) return paidFrom(result)
    return { outcome: 'token', values: { reference: result.reference, token } }
  },
  ({ quote }) => BigInt(pairOf(quote).payment.amount),
)

type Both =
  | { readonly kind: 'settled'; readonly id: TransferId; readonly reference: string }
  | { readonly kind: 'processing' | 'not_collected' | 'kept'; readonly reference: string }
  | { readonly kind: 'over_limit' | 'expired' | 'unavailable' }

function paidFrom(result: Both) {
  switch (result.kind) {
    case 'settled':
    case 'processing':
    case 'not_collected':
    case 'kept':
      return { outcome: result.kind, values: { reference: result.reference } }
    default:
      return { outcome: result.kind }
  }
}

/** As `askBoth` has frozen them. */
function pairOf(json: Json): { readonly collect: Quote; readonly payment: Quote } {
  const pair = json as { readonly collect: QuoteJson; readonly payment: QuoteJson }
  return { collect: quoteFromJson(pair.collect), payment: quoteFromJson(pair.payment) }
}

async function confirmBoth(services: Services, context: ActionContext, json: Json): Promise<Both> {
  const { caller, sessionId } = context
  const { database, sealer, audit, settlement } = services
  const { collect, payment } = pairOf(json)
  if ((await findLinked(services, context, collect.payerAccount)) === null) return { kind: 'unavailable' }
  const startedAt = performance.now()
  const held = await confirmFrom({ database, sealer, audit }, { collect, payment, sessionId, by: caller.id })
  if (held.kind !== 'held' && held.kind !== 'known') {
    const { kind } = refusedBy(held)
    return { kind: kind === 'over_limit' || kind === 'expired' ? kind : 'unavailable' }
  }
  const { reference } = held
  if (held.kind === 'held') {
    settlement.ring({ id: collect.id, version: held.version, biller: collect.biller?.id ?? null })
  }
  const collected = endOf(await settlement.waitFor(collect.id, WAIT_MS))
  if (collected === 'processing') return { kind: 'processing', reference }
  if (collected === 'rejected') return { kind: 'not_collected', reference }
  const next = await successorState(database, collect.id)
  if (next === null || next.kind === 'kept') return { kind: 'kept', reference }
  const left = Math.max(LEAST_WAIT_MS, WAIT_MS - (performance.now() - startedAt))
  const end = endOf(await settlement.waitFor(next.id, left))
  return end === 'rejected'
    ? { kind: 'kept', reference: next.reference }
    : { kind: end, id: next.id, reference: next.reference }
}

type CollectAnswer<Full extends string> =
  | Exclude<Answer<never>, { outcome: 'insufficient' | 'unavailable' }>
  | { outcome: 'unavailable' | Full; values?: undefined }

function collectAnswer<Full extends string>(result: QuoteOutcome, full: Full): CollectAnswer<Full> {
  if (result.kind === 'insufficient') return { outcome: 'unavailable' }
  return answer(result, full) as CollectAnswer<Full>
}

const LEAST_WAIT_MS = 300

function askLinked(
  { quoteLinked }: Services,
  { caller, atMs }: ActionContext,
  { provider, remote }: Linked,
  kind: 'collect' | 'disburse',
  amount: bigint,
): Promise<QuoteOutcome> {
  const known = { id: provider.id, name: provider.name, account: remote.value }
  return quoteLinked({ id: uuidv7(atMs) as TransferId, atMs, ownerId: caller.id, kind, amount, provider: known })
}

/** The payment is quoted as if its money were there already, and the collect for all that it costs. */
async function askBoth<Full extends string>(
  services: Services,
  context: ActionContext,
  account: Json,
  amount: string,
  payee: QuoteRequest['payee'],
  full: Full,
): Promise<CollectAnswer<Full | 'wallet_full'>> {
  const found = await findLinked(services, context, account)
  if (found === null) return { outcome: 'unavailable' }
  const { caller, atMs } = context
  const id = uuidv7(atMs) as TransferId
  const payment = await services.quoteTransfer({
    id,
    atMs,
    payerId: caller.id,
    amount: BigInt(amount),
    payee,
    funded: true,
  })
  if (payment.kind !== 'quoted') return collectAnswer(payment, full)
  const collect = await askLinked(services, context, found, 'collect', BigInt(payment.quote.total))
  if (collect.kind !== 'quoted') return collectAnswer(collect, 'wallet_full')
  const fee = BigInt(payment.quote.fee) + BigInt(collect.quote.fee)
  // Where the tariff takes the price of collecting from what comes in, it would not do; and screens have room for no larger fee.
  if (collect.quote.payeeReceives !== payment.quote.total || fee > MOST_FEE) return { outcome: 'unavailable' }
  const quote: Json = { collect: quoteToJson(collect.quote), payment: quoteToJson(payment.quote) }
  const values = { quote, fee: String(fee), total: collect.quote.total }
  return { outcome: payment.repeats ? 'repeated' : 'quoted', values }
}
