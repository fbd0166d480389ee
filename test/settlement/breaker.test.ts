import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  admit,
  type Breaker,
  type BreakerRules,
  closedBreaker,
  isResting,
  learn,
} from '../../src/settlement/breaker.ts'

const rules: BreakerRules = { unknownsToOpen: 3, restMs: 1_000, longestRestMs: 5_000, probeMs: 2_000 }

type Happening =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'admit' }
  | {
      readonly kind: 'answer'
      readonly call: 'pay' | 'query'
      readonly answer: 'done' | 'pending' | 'refused' | 'unknown'
    }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  fc.constant({ kind: 'admit' as const }),
  fc.record({
    kind: fc.constant('answer' as const),
    call: fc.constantFrom('pay' as const, 'query' as const),
    answer: fc.constantFrom(
      'unknown' as const,
      'unknown' as const,
      'done' as const,
      'pending' as const,
      'refused' as const,
    ),
  }),
)

/** Every state on the way, with the payments that were let through. */
function live(happenings: readonly Happening[]) {
  let breaker: Breaker = closedBreaker
  let nowMs = 0
  const steps: { before: Breaker; after: Breaker; happening: Happening; nowMs: number; admitted: boolean }[] = []
  for (const each of happenings) {
    const before = breaker
    let admitted = false
    if (each.kind === 'wait') nowMs += each.ms
    if (each.kind === 'admit') {
      const ruling = admit(breaker, nowMs, rules)
      admitted = ruling.admitted
      breaker = ruling.next
    }
    if (each.kind === 'answer') breaker = learn(breaker, each.call, each.answer, nowMs, rules)
    steps.push({ before, after: breaker, happening: each, nowMs, admitted })
  }
  return { breaker, nowMs, steps }
}

const unknown = { kind: 'answer', call: 'pay', answer: 'unknown' } as const
const wait = (ms: number): Happening => ({ kind: 'wait', ms })

describe('whatever happens', () => {
  test('a partner that does not work gets at most one payment until that is answered or late', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        let probedAtMs: number | null = null
        for (const { before, after, happening: each, nowMs, admitted } of live(happenings).steps) {
          if (each.kind === 'answer' && each.call === 'pay') probedAtMs = null
          if (admitted && before.state !== 'closed') {
            expect(after.state).toBe('probing')
            if (probedAtMs !== null) expect(nowMs - probedAtMs).toBeGreaterThanOrEqual(rules.probeMs)
            probedAtMs = nowMs
          }
        }
      }),
    )
  })

  test('so many payments without a word in a row, and it is not closed', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const { breaker } = live([...happenings, unknown, unknown, unknown])
        expect(breaker.state).not.toBe('closed')
      }),
    )
  })

  test('a payment that is answered closes it, and a question alone never does', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        expect(live([...happenings, { ...unknown, answer: 'refused' }]).breaker).toEqual(closedBreaker)
        for (const { before, after, happening: each } of live(happenings).steps) {
          if (each.kind === 'answer' && each.call === 'query' && before.state !== 'closed')
            expect(after.state).not.toBe('closed')
        }
      }),
    )
  })

  test('nothing waits for ever: after the longest rest or probe a payment is let through', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const { breaker, nowMs } = live(happenings)
        expect(admit(breaker, nowMs + rules.longestRestMs, rules).admitted).toBe(true)
      }),
    )
  })
})

test('each rest is twice as long as the one before, up to the longest', () => {
  const rests: number[] = []
  let breaker = live([unknown, unknown, unknown]).breaker
  for (let nowMs = 0; rests.length < 5; ) {
    if (breaker.state === 'closed') throw new Error('it closed by itself')
    rests.push(breaker.untilMs - nowMs)
    nowMs = breaker.untilMs
    breaker = learn(admit(breaker, nowMs, rules).next, 'pay', 'unknown', nowMs, rules)
  }
  expect(rests).toEqual([1_000, 2_000, 4_000, 5_000, 5_000])
})

test('an answered question ends the rest, and then one payment may try', () => {
  const resting = live([unknown, unknown, unknown, wait(10)])
  expect(isResting(resting.breaker, resting.nowMs)).toBe(true)
  const asked = learn(resting.breaker, 'query', 'pending', resting.nowMs, rules)
  expect(isResting(asked, resting.nowMs)).toBe(false)
  const first = admit(asked, resting.nowMs, rules)
  expect(first.admitted).toBe(true)
  expect(admit(first.next, resting.nowMs, rules).admitted).toBe(false)
})

test('payments that were under way when it opened do not make the rest longer', () => {
  const { breaker } = live([unknown, unknown, unknown, wait(500), unknown, unknown])
  expect(breaker).toEqual({ state: 'open', unknowns: 0, openings: 1, untilMs: 1_000 })
})
