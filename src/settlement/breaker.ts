import type { QueryOutcome } from '../billers/biller.ts'

/**
 * How it stands with a partner. `closed`: payments go there. `open`: it let too many payments without a word, so none goes there until
 * `untilMs`. `probing`: one payment was let through to see; no other until it is answered or `untilMs` has passed. `openings`: how
 * often it opened since it last worked.
 */
export type Breaker =
  | { readonly state: 'closed'; readonly unknowns: number; readonly openings: 0 }
  | { readonly state: 'open' | 'probing'; readonly unknowns: 0; readonly openings: number; readonly untilMs: number }

export type BreakerRules = {
  /** So many payments without an answer in a row, and the partner rests. */
  readonly unknownsToOpen: number
  /** The first rest; each that follows without a payment that works is twice as long, up to `longestRestMs`. */
  readonly restMs: number
  readonly longestRestMs: number
  /** How long a probe may take before another is let through. */
  readonly probeMs: number
}

export const breakerRules: BreakerRules = {
  unknownsToOpen: 5,
  restMs: 15_000,
  longestRestMs: 300_000,
  probeMs: 70_000,
}

export const closedBreaker: Breaker = { state: 'closed', unknowns: 0, openings: 0 }

/** Whether a payment may go to the partner at `nowMs`, and the state from then on: a partner that has rested gets one as a probe. */
export function admit(
  breaker: Breaker,
  nowMs: number,
  rules: BreakerRules,
): { readonly admitted: boolean; readonly next: Breaker } {
  if (breaker.state === 'closed') return { admitted: true, next: breaker }
  if (nowMs < breaker.untilMs) return { admitted: false, next: breaker }
  return { admitted: true, next: { ...breaker, state: 'probing', untilMs: nowMs + rules.probeMs } }
}

/**
 * What an answer makes of it. Only payments open and close it, since a partner may well answer questions and take no money; but a
 * question answered by a resting partner ends its rest, so that one payment may try.
 */
export function learn(
  breaker: Breaker,
  call: 'pay' | 'query',
  answer: QueryOutcome['kind'],
  nowMs: number,
  rules: BreakerRules,
): Breaker {
  const answered = answer !== 'unknown'
  if (call === 'query') {
    return breaker.state === 'open' && answered && nowMs < breaker.untilMs ? { ...breaker, untilMs: nowMs } : breaker
  }
  if (answered) return breaker.state === 'closed' && breaker.unknowns === 0 ? breaker : closedBreaker
  switch (breaker.state) {
    case 'closed': {
      const unknowns = breaker.unknowns + 1
      return unknowns < rules.unknownsToOpen ? { ...breaker, unknowns } : opened(1, nowMs, rules)
    }
    case 'probing':
      return opened(breaker.openings + 1, nowMs, rules)
    // One of those that were under way when it opened: it knew nothing yet of the rest.
    case 'open':
      return breaker
  }
}

/** Whether people should be told at the menu, before they enter a PIN, that the partner does not answer. */
export function isResting(breaker: Breaker, nowMs: number): boolean {
  return breaker.state === 'open' && nowMs < breaker.untilMs
}

function opened(openings: number, nowMs: number, { restMs, longestRestMs }: BreakerRules): Breaker {
  // Beyond thirty doublings every rest is the longest.
  const restedMs = Math.min(restMs * 2 ** Math.min(openings - 1, 30), longestRestMs)
  return { state: 'open', unknowns: 0, openings, untilMs: nowMs + restedMs }
}
