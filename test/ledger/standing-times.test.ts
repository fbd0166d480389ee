import { expect, test } from 'vitest'
import { type Due, nextStep, nextTry, type StandingHours, type Step } from '../../src/ledger/standing-times.ts'

const HOUR_MS = 3_600_000
const hours: StandingHours = {
  rules: {
    hours: { from: 8 * 60, to: 20 * 60 },
    noticeMs: 24 * HOUR_MS,
    leastNoticeMs: 3 * HOUR_MS,
    retryMs: 4 * HOUR_MS,
  },
  quiet: { from: 21 * 60, to: 7 * 60 },
  timeZone: 'Africa/Nairobi',
}

/** `24 08:00`: of November 2026, in Nairobi. */
function at(text: string): number {
  const [day = '', time = ''] = text.split(' ')
  return Date.parse(`2026-11-${day}T${time}:00+03:00`)
}

function said(step: Step): string {
  const when = step.kind === 'wait' ? step.untilMs : step.kind === 'announce' ? step.runMs : null
  if (when === null) return step.kind
  const [date = '', time = ''] = new Date(when + 3 * HOUR_MS).toISOString().split('T')
  return `${step.kind} ${date.slice(8)} ${time.slice(0, 5)}`
}

const waiting: Due = { state: 'waiting', due: '2026-11-24', nextMs: 0, notBeforeMs: null, tries: 0 }
const announced = (notBefore: string, tries = 0, next = notBefore): Due => ({
  ...{ state: 'announced', due: '2026-11-24', nextMs: at(next), notBeforeMs: at(notBefore), tries },
})

test.each<[string, Due, string, string]>([
  ['is not announced before its time', waiting, '22 12:00', 'wait 23 08:00'],
  ['is announced a day before, and made when its day opens', waiting, '23 08:00', 'announce 24 08:00'],
  ['that was ordered late is announced at once', waiting, '23 20:30', 'announce 24 08:00'],
  ['is announced to nobody at night', waiting, '23 22:00', 'wait 24 07:00'],
  ['is made only when whoever was told has had time to stop it', waiting, '24 07:00', 'announce 24 10:00'],
  ['of a day without a worker is announced first and made later', waiting, '24 19:00', 'announce 25 08:00'],
  ['of days without a worker is announced and made late', waiting, '27 12:00', 'announce 27 15:00'],
  ['is not made at all when its day is too long ago', waiting, '28 00:00', 'late'],
  ['that was announced waits for its time', announced('24 08:00'), '24 07:59', 'wait 24 08:00'],
  ['that was announced is made', announced('24 08:00'), '24 08:00', 'run'],
  [
    'is made until the hours end, and the last try has an hour',
    announced('24 08:00', 3, '24 20:00'),
    '24 20:59',
    'run',
  ],
  ['is not made at night', announced('24 08:00'), '24 23:00', 'wait 25 08:00'],
  ['that waits since days is not made', announced('24 08:00'), '28 08:00', 'late'],
  ['for which money lacked is over when its day is', announced('24 08:00', 2, '24 16:00'), '25 09:00', 'over'],
  ['for which money lacked is over when the hours are', announced('24 08:00', 2, '24 16:00'), '24 21:00', 'over'],
])('what is due %s', (_, due, now, expected) => {
  expect(said(nextStep(due, at(now), hours))).toBe(expected)
})

test('without money it is tried every four hours, the last time when the hours end', () => {
  const tries: number[] = []
  for (let next: number | null = at('24 09:30'); next !== null; next = nextTry(next, hours)) tries.push(next)
  expect(tries).toEqual(['24 09:30', '24 13:30', '24 17:30', '24 20:00'].map(at))
})
