import { expect, test } from 'vitest'
import type { SendOutcome } from '../../src/aggregators/sms-link.ts'
import { makeLinkHealth } from '../../src/sms/health.ts'

const accepted: SendOutcome = { kind: 'accepted', providerIds: ['1'], segments: 1 }
const failures: [string, SendOutcome][] = [
  ['unknown outcomes', { kind: 'unknown', cause: 'no_answer', providerIds: [] }],
  ['passing refusals', { kind: 'refused', reason: 'ESME_RSYSERR', retry: true }],
  ['refusals about the link', { kind: 'refused', reason: 'ESME_RINVSRCADR', retry: false, scope: 'link' }],
]

test.each(failures)('a link rests after three %s in a row, then one message tries it', (_, failure) => {
  let nowMs = 0
  const health = makeLinkHealth(() => nowMs)
  for (const outcome of [failure, failure, accepted, failure, failure]) health.heard('mno1', outcome)
  expect(health.isPreferred('mno1')).toBe(true)
  health.heard('mno1', failure)
  expect(health.isPreferred('mno1')).toBe(false)
  expect(health.isPreferred('mno2')).toBe(true)
  nowMs = 14_999
  expect(health.isPreferred('mno1')).toBe(false)
  nowMs = 15_000
  expect([1, 2, 3].map(() => health.isPreferred('mno1'))).toEqual([true, false, false])
  health.heard('mno1', failure)
  expect(health.isPreferred('mno1')).toBe(false)
  nowMs = 30_000
  expect(health.isPreferred('mno1')).toBe(true)
  health.heard('mno1', accepted)
  expect([1, 2, 3].map(() => health.isPreferred('mno1'))).toEqual([true, true, true])
})

test('bad numbers and texts say nothing against the link', () => {
  const health = makeLinkHealth()
  for (let count = 0; count < 10; count += 1)
    health.heard('mno1', { kind: 'refused', reason: 'ESME_RINVDSTADR', retry: false })
  expect(health.isPreferred('mno1')).toBe(true)
})
