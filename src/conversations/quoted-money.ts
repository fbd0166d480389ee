import { quoteFromJson } from '../ledger/quote-json.ts'
import type { RunEffect } from '../menu/event.ts'

/**
 * The minor units that an action would confirm; null for one that moves no money. Whatever takes a quote and writes confirms it. Paid from an
 * account elsewhere, two quotes are confirmed as one: of money that is collected and paid on, the payment counts.
 */
export function quotedMoney({ effect, input }: RunEffect): bigint | null {
  const { quote } = input
  if (effect !== 'write' || quote === undefined) return null
  const payment = typeof quote === 'object' && quote !== null && 'payment' in quote ? quote.payment : quote
  return BigInt(quoteFromJson(payment).amount)
}

/** Ends of such an action after which surely nothing is held; after any other, money may be. */
const NOTHING_HELD: ReadonlySet<string> = new Set([
  ...['wrong_pin', 'locked', 'busy'],
  ...['insufficient', 'over_limit', 'expired', 'unavailable', 'refused'],
])

export function holdsNothing(outcome: string): boolean {
  return NOTHING_HELD.has(outcome)
}
