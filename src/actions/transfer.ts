import type { HoldRefusal } from '../ledger/hold.ts'
import { quoteFromJson } from '../ledger/quote-json.ts'
import type { TransferState } from '../ledger/transfer.ts'
import type { Json } from '../menu/contract.ts'
import { readToken } from '../settlement/attempts.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'
import { findLinked } from './linked.ts'

/** How long the last screen waits for the end, within the action's deadline; the SMS brings it in any case. */
export const WAIT_MS: number = 2500

/** The hold, then the wait, and room for a slow commit. */
const DEADLINE_MS = 5000

type ByPin = {
  readonly effect: 'write'
  readonly asks: 'pin'
  readonly input: { readonly quote: { readonly type: 'opaque' } }
  readonly deadlineMs: number
}

/** How money is moved: by the PIN, exactly as a quote says. */
export const byPin: ByPin = {
  effect: 'write',
  asks: 'pin',
  input: { quote: { type: 'opaque' } },
  deadlineMs: DEADLINE_MS,
}

/** What is counted before it moves. */
function amountOf({ quote }: { readonly quote: Json }): bigint {
  return BigInt(quoteFromJson(quote).amount)
}

const reference: { readonly type: 'text'; readonly max: 10 } = { type: 'text', max: 10 }

const transferOutcomes = {
  settled: { reference },
  processing: { reference },
  insufficient: {},
  over_limit: {},
  expired: {},
} as const

/** Sends exactly what the quote says: intent, hold, audit and job in one commit, then waits a moment for the end. */
export const sendMoney: Action = defineAction(
  {
    name: 'send-money',
    ...byPin,
    outcomes: { ...transferOutcomes, refused: {} },
  },
  async (services, context, { quote }) => sentTo(await confirm(services, context, quote)),
  amountOf,
)

/** The same between the payer's own wallets, where nobody can refuse but the payer's own standing. */
export const moveSavings: Action = defineAction(
  {
    name: 'move-savings',
    ...byPin,
    outcomes: { settled: { reference }, processing: { reference }, insufficient: {}, expired: {}, refused: {} },
  },
  async (services, context, { quote }) => {
    const sent = sentTo(await confirm(services, context, quote))
    // No limit applies here; one that did would be a refusal like any other.
    return sent.outcome === 'over_limit' ? { outcome: 'refused' } : sent
  },
  amountOf,
)

/** The same for a bill; `token`: what the biller returned for the customer. */
export const payBill: Action = defineAction(
  {
    name: 'pay-bill',
    ...byPin,
    outcomes: {
      ...transferOutcomes,
      token: { reference, token: { type: 'digits', max: 20 } },
      unavailable: {},
      refused: { reference },
    },
  },
  async (services, context, { quote }) => {
    const result = await confirm(services, context, quote)
    if (result.kind !== 'settled') return paidTo(result)
    const token = await readToken(services.database, services.sealer, quoteFromJson(quote).id)
    return token === null ? paidTo(result) : { outcome: 'token', values: { reference: result.reference, token } }
  },
  amountOf,
)

/** The same for airtime, which returns nothing for the customer. */
export const buyAirtime: Action = defineAction(
  {
    name: 'buy-airtime',
    ...byPin,
    outcomes: { ...transferOutcomes, unavailable: {}, refused: { reference } },
  },
  async (services, context, { quote }) => paidTo(await confirm(services, context, quote)),
  amountOf,
)

/** Between the wallet and one's own account elsewhere, as either quote says; `refused`: its provider did not do it. */
export const moveMoney: Action = defineAction(
  {
    name: 'move-money',
    ...byPin,
    outcomes: { ...transferOutcomes, unavailable: {}, refused: { reference } },
  },
  async (services, context, { quote }) => {
    const { kind, payerAccount, payeeAccount } = quoteFromJson(quote)
    const linked = await findLinked(services, context, kind === 'collect' ? payerAccount : payeeAccount)
    return linked === null ? { outcome: 'unavailable' } : paidTo(await confirm(services, context, quote))
  },
  amountOf,
)

type Sent =
  | { readonly outcome: 'settled' | 'processing'; readonly values: { reference: string } }
  | { readonly outcome: 'insufficient' | 'expired' | 'refused'; readonly values?: undefined }
  | { readonly outcome: 'over_limit'; readonly values?: undefined }

/** What became of money for a wallet here; a refusal has no reference, for nothing is asked of anybody. */
function sentTo(result: Confirmed): Sent {
  switch (result.kind) {
    case 'settled':
    case 'processing':
      return { outcome: result.kind, values: { reference: result.reference } }
    case 'rejected':
      return { outcome: 'refused' }
    default:
      return { outcome: result.kind }
  }
}

type Paid =
  | { readonly outcome: 'settled' | 'processing' | 'refused'; readonly values: { reference: string } }
  | { readonly outcome: 'insufficient' | 'over_limit' | 'expired' | 'unavailable'; readonly values?: undefined }

/** What became of a payment to a biller that returned nothing for the customer. */
function paidTo(result: Confirmed): Paid {
  switch (result.kind) {
    case 'settled':
    case 'processing':
      return { outcome: result.kind, values: { reference: result.reference } }
    case 'rejected':
      return { outcome: 'refused', values: { reference: result.reference } }
    case 'refused':
      return { outcome: 'unavailable' }
    default:
      return { outcome: result.kind }
  }
}

type Confirmed =
  | { readonly kind: 'settled' | 'processing' | 'rejected'; readonly reference: string }
  | { readonly kind: 'insufficient' | 'over_limit' | 'expired' | 'refused' }

/** Holds what a quote says, rings, and waits a moment for the end. */
async function confirm(
  { confirmTransfer, settlement }: Services,
  { caller, sessionId }: ActionContext,
  json: Json,
): Promise<Confirmed> {
  const quote = quoteFromJson(json)
  const held = await confirmTransfer({ quote, sessionId, by: caller.id })
  if (held.kind !== 'held' && held.kind !== 'known') return refusedBy(held)
  if (held.kind === 'held') settlement.ring({ id: quote.id, version: held.version, biller: quote.biller?.id ?? null })
  return { kind: endOf(await settlement.waitFor(quote.id, WAIT_MS)), reference: held.reference }
}

export function endOf(state: TransferState | null): 'settled' | 'processing' | 'rejected' {
  switch (state) {
    case 'SETTLED':
    case 'REVERSED':
      return 'settled'
    case 'REJECTED':
      return 'rejected'
    default:
      return 'processing'
  }
}

export function refusedBy(outcome: HoldRefusal): Confirmed {
  switch (outcome.kind) {
    case 'insufficient':
    case 'expired':
      return { kind: outcome.kind }
    case 'over_transaction_limit':
    case 'over_day_limit':
    case 'over_month_limit':
      return { kind: 'over_limit' }
    case 'payee_full':
    case 'payee_unavailable':
      return { kind: 'refused' }
    // The terms have changed since the quote; a fresh one will say how.
    case 'below_minimum':
    case 'conflict':
      return { kind: 'expired' }
  }
}
