import { type DaySpan, nextOutside, restOfDay } from '../domain/day-span.ts'
import type { Market } from '../domain/market.ts'

/**
 * Why a message is sent. `transactional`: a code, a receipt, a notice about the account's safety, the answer to what was asked; always sent,
 * at once. `informing`: about the account or the service, unasked. `campaign`: to many, for a purpose of the operator's. The last two go
 * to nobody who has opted out, and to nobody during quiet hours.
 */
export type SmsCategory = 'transactional' | 'informing' | 'campaign'

/** What a market tells unasked, and when. Amounts in minor units. */
export type InformingRules = {
  /** Local time in which nothing unasked is sent, unless QUIET_HOURS says another. */
  readonly quietHours: DaySpan
  /** By tier: a debit that takes a balance from here or above to below it is told. */
  readonly lowBalance: Readonly<Record<string, bigint>>
  /** What one segment costs, for estimates, unless a campaign says another. */
  readonly segmentPrice: bigint
}

const hour = 60
const night: DaySpan = { from: 21 * hour, to: 7 * hour }

/** By `MARKET`. An operator checks prices and hours against its own contracts and licence. */
const rules: Readonly<Record<string, InformingRules>> = {
  KE: { quietHours: night, lowBalance: { basic: 5_000n, standard: 10_000n }, segmentPrice: 80n },
  UG: { quietHours: night, lowBalance: { basic: 2_000n, standard: 5_000n, full: 10_000n }, segmentPrice: 35n },
  GH: { quietHours: night, lowBalance: { basic: 500n, standard: 1_000n, full: 2_000n }, segmentPrice: 3n },
}

/** Throws for a market that nobody has written rules for. */
export function informingRulesOf(market: Market): InformingRules {
  const found = rules[market.code]
  if (found === undefined) throw new Error(`There are no rules of informing for ${market.code}.`)
  return found
}

/** When nothing unasked is sent, and by whose clock. */
export type QuietHours = {
  /** Null: no such hours. */
  readonly hours: DaySpan | null
  readonly timeZone: string
  /** Unix milliseconds. */
  readonly now: () => number
}

/** From when on a message that nobody asked for may be sent: now, or the end of the quiet hours. */
export function whenToInform({ hours, timeZone, now }: QuietHours): Date {
  const atMs = now()
  return new Date((hours === null ? atMs : nextOutside(atMs, [hours], timeZone)) ?? atMs)
}

/** The parts of a day in which a campaign sends nothing: the quiet hours, and what is outside its window. */
export function closedSpans(hours: DaySpan | null, window: DaySpan | null): readonly DaySpan[] {
  return [...(hours === null ? [] : [hours]), ...(window === null ? [] : [restOfDay(window)])]
}
