import { AIRTIME } from '../billers/africastalking-airtime.ts'
import { type SubscriberId, type TransferId, uuidv7 } from '../domain/ids.ts'
import { shortName } from '../domain/names.ts'
import { MOST_AMOUNT, MOST_FEE } from '../ledger/check-tariff.ts'
import { findOpenRequest } from '../ledger/money-request.ts'
import type { QuoteOutcome, QuoteRequest } from '../ledger/quote.ts'
import { quoteToJson } from '../ledger/quote-json.ts'
import type { Json, ValueType } from '../menu/contract.ts'
import { findById } from '../subscribers/find.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'

type Quoted = { readonly quote: { readonly type: 'opaque' }; readonly fee: typeof fee; readonly total: typeof money }
type None = Readonly<Record<never, never>>
type QuoteOutcomes = {
  readonly quoted: Quoted
  readonly repeated: Quoted
  readonly insufficient: None
  readonly below_minimum: { readonly minimum: typeof money }
  readonly over_transaction_limit: { readonly limit: typeof money }
  readonly over_day_limit: { readonly left: typeof money }
  readonly over_month_limit: { readonly left: typeof money }
  readonly unavailable: None
}

export const money: ValueType & { type: 'money' } = { type: 'money', max: MOST_AMOUNT }
const fee: ValueType & { type: 'money' } = { type: 'money', max: MOST_FEE }
const quoted: Quoted = { quote: { type: 'opaque' }, fee, total: money }

/** The outcomes of asking what a transfer would cost; `repeated`: payer, payee and amount were the same within ten minutes. */
export const quoteOutcomes: QuoteOutcomes = {
  quoted,
  repeated: quoted,
  insufficient: {},
  below_minimum: { minimum: money },
  over_transaction_limit: { limit: money },
  over_day_limit: { left: money },
  over_month_limit: { left: money },
  unavailable: {},
}

/** Freezes amount, legs, fee and tax of sending money, before the PIN is asked. */
export const quoteSend: Action = defineAction(
  {
    name: 'quote-send',
    effect: 'read',
    input: { payee: { type: 'opaque' }, name: { type: 'text', max: 16 }, amount: money },
    outcomes: { ...quoteOutcomes, payee_full: {} },
  },
  async (services, context, { payee, name, amount }) =>
    answer(
      await ask(services, context, amount, { kind: 'subscriber', id: String(payee) as SubscriberId, name }),
      'payee_full',
    ),
)

/** The same for paying a bill. */
export const quoteBill: Action = defineAction(
  {
    name: 'quote-bill',
    effect: 'read',
    input: { biller: { type: 'text', max: 20 }, account: { type: 'digits', max: 20 }, amount: money },
    outcomes: quoteOutcomes,
  },
  async (services, context, { biller, account, amount }) => {
    const name = services.billers.get(biller)?.name
    if (name === undefined) return { outcome: 'unavailable' }
    return answer(await ask(services, context, amount, { kind: 'biller', id: biller, name, account }), 'unavailable')
  },
)

/** What paying a request costs. The quote has the request's id, so that it is paid once. */
export const quoteRequest: Action = defineAction(
  {
    name: 'quote-request',
    effect: 'read',
    input: { request: { type: 'opaque' } },
    outcomes: { ...quoteOutcomes, payee_full: {}, gone: {} },
  },
  async (services, { caller, atMs }, { request }) => {
    const open = await findOpenRequest(services.database, String(request) as TransferId, caller.id)
    if (open === null) return { outcome: 'gone' }
    const { id, requesterId, amount } = open
    const requester = await findById(services.database, services.sealer, requesterId)
    if (requester === null) return { outcome: 'unavailable' }
    const payee = { kind: 'subscriber', id: requesterId, name: shortName(requester.name) } as const
    return answer(await services.quoteTransfer({ id, atMs, payerId: caller.id, amount, payee }), 'payee_full')
  },
)

/**
 * The same for airtime. The bounds and steps of who sells it come before the
 * tariff's; one that rests says so here, before the PIN.
 */
export const quoteAirtime: Action = defineAction(
  {
    name: 'quote-airtime',
    effect: 'read',
    input: { number: { type: 'msisdn' }, amount: money },
    outcomes: { ...quoteOutcomes, not_whole: {} },
  },
  async (services, context, { number, amount }) => {
    const seller = services.billers.get(AIRTIME)
    if (seller?.amounts === undefined || seller.amounts === null) return { outcome: 'unavailable' }
    const { least, most, step } = seller.amounts
    const wanted = BigInt(amount)
    if (wanted < least) return { outcome: 'below_minimum', values: { minimum: String(least) } }
    if (wanted > most) return { outcome: 'over_transaction_limit', values: { limit: String(most) } }
    if (wanted % step !== 0n) return { outcome: 'not_whole' }
    if ((await seller.check(number)).kind !== 'known') return { outcome: 'unavailable' }
    const payee = { kind: 'biller', id: seller.id, name: seller.name, account: number, service: 'airtime' } as const
    return answer(await ask(services, context, amount, payee), 'unavailable')
  },
)

type Payee = QuoteRequest['payee']

/** Asks what a transfer by the caller would cost; the quote has a fresh id. */
export function ask(
  { quoteTransfer }: Services,
  { caller, atMs }: ActionContext,
  amount: string,
  payee: Payee,
): Promise<QuoteOutcome> {
  const id = uuidv7(atMs) as TransferId
  return quoteTransfer({ id, atMs, payerId: caller.id, amount: BigInt(amount), payee })
}

export type Answer<Full extends string> =
  | { outcome: 'quoted' | 'repeated'; values: { quote: Json; fee: string; total: string } }
  | { outcome: 'insufficient' | 'unavailable' | Full; values?: undefined }
  | { outcome: 'below_minimum'; values: { minimum: string } }
  | { outcome: 'over_transaction_limit'; values: { limit: string } }
  | { outcome: 'over_day_limit'; values: { left: string } }
  | { outcome: 'over_month_limit'; values: { left: string } }

/** What a quote's outcome is to a screen; `full`: the outcome where the payee has no room. */
export function answer<Full extends string>(result: QuoteOutcome, full: Full): Answer<Full> {
  switch (result.kind) {
    case 'quoted': {
      const { quote } = result
      const values = { quote: quoteToJson(quote), fee: quote.fee, total: quote.total }
      return { outcome: result.repeats ? 'repeated' : 'quoted', values }
    }
    case 'insufficient':
      return { outcome: 'insufficient' }
    case 'below_minimum':
      return { outcome: 'below_minimum', values: { minimum: String(result.minimum) } }
    case 'over_transaction_limit':
      return { outcome: 'over_transaction_limit', values: { limit: String(result.limit) } }
    case 'over_day_limit':
      return { outcome: 'over_day_limit', values: { left: String(result.left) } }
    case 'over_month_limit':
      return { outcome: 'over_month_limit', values: { left: String(result.left) } }
    case 'payee_full':
      return { outcome: full }
    case 'payee_unavailable':
      return { outcome: 'unavailable' }
  }
}
