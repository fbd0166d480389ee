import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dateAt } from '../../src/domain/dates.ts'
import { minuteAt } from '../../src/domain/day-span.ts'
import { markets } from '../../src/domain/markets.ts'
import { dueDate, MOST_TIMES, momentAt, type Rhythm, rhythms, timesUntil } from '../../src/domain/schedule.ts'

const day: fc.Arbitrary<string> = fc
  .date({ min: new Date('2026-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))
const rhythm = fc.constantFrom(...rhythms)

/** As many dates as there may be. */
function datesOf(every: Rhythm, first: string): string[] {
  const times = MOST_TIMES[every]
  return Array.from({ length: times }, (_, n) => dueDate({ every, first, times }, n + 1) ?? 'none')
}

describe('days on which something is due', () => {
  test.each<[Rhythm, string, string[]]>([
    ['once', '2026-11-24', ['2026-11-24']],
    ['weekly', '2026-12-21', ['2026-12-21', '2026-12-28', '2027-01-04']],
    ['weekly', '2028-02-22', ['2028-02-22', '2028-02-29', '2028-03-07']],
    ['monthly', '2026-11-15', ['2026-11-15', '2026-12-15', '2027-01-15']],
    ['monthly', '2027-01-31', ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']],
    ['monthly', '2028-01-30', ['2028-01-30', '2028-02-29', '2028-03-30']],
    ['monthly', '2028-02-29', ['2028-02-29', '2028-03-29', '2028-04-29']],
    ['monthly', '2027-11-29', ['2027-11-29', '2027-12-29', '2028-01-29', '2028-02-29']],
  ])('%s from %s', (every, first, expected) => {
    expect(datesOf(every, first).slice(0, expected.length)).toEqual(expected)
  })

  test('come one after another, on the day of the first or on the last of a shorter month', () => {
    fc.assert(
      fc.property(rhythm, day, (every, first) => {
        const dates = datesOf(every, first)
        expect(dates).toEqual([...new Set(dates)].sort())
        for (const date of every === 'monthly' ? dates : []) {
          const [year = 0, month = 0, dayOfMonth] = date.split('-').map(Number)
          const lastOfMonth = new Date(Date.UTC(year, month, 0)).getUTCDate()
          expect(dayOfMonth).toBe(Math.min(Number(first.slice(8)), lastOfMonth))
        }
      }),
    )
  })

  test.each<[Rhythm, number]>([
    ['once', 2],
    ['weekly', 53],
    ['monthly', 13],
  ])('%s ends before the %ith time, whatever is asked', (every, nth) => {
    expect(dueDate({ every, first: '2026-11-24', times: 99 }, nth)).toBeNull()
    expect(dueDate({ every, first: '2026-11-24', times: 99 }, nth - 1)).not.toBeNull()
    expect(dueDate({ every, first: '2026-11-24', times: 1 }, 2)).toBeNull()
  })

  test.each<[Rhythm, string, string, number]>([
    ['weekly', '2026-11-24', '2026-11-23', 0],
    ['weekly', '2026-11-24', '2026-11-24', 1],
    ['weekly', '2026-11-24', '2026-12-07', 2],
    ['weekly', '2026-11-24', '2026-12-08', 3],
    ['monthly', '2027-01-31', '2027-02-28', 2],
    ['monthly', '2027-01-31', '9999-12-31', 12],
    ['weekly', '2027-01-31', '9999-12-31', 52],
  ])('%s from %s until %s is %i times', (every, first, last, times) => {
    expect(timesUntil(every, first, last)).toBe(times)
  })
})

describe('a local time', () => {
  test.each([
    ['Africa/Nairobi', '2026-11-24', 8 * 60, '2026-11-24T05:00:00.000Z'],
    ['Africa/Accra', '2026-11-24', 8 * 60, '2026-11-24T08:00:00.000Z'],
    ['Africa/Cairo', '2026-07-01', 0, '2026-06-30T21:00:00.000Z'],
  ])('in %s on %s', (timeZone, date, minutes, expected) => {
    expect(new Date(momentAt(date, minutes, timeZone)).toISOString()).toBe(expected)
  })

  test('is that day and minute in every market', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...[...markets.values()].map((market) => market.timeZone)),
        day,
        fc.integer({ min: 0, max: 1439 }),
        (timeZone, date, minutes) => {
          const atMs = momentAt(date, minutes, timeZone)
          expect([dateAt(atMs, timeZone), minuteAt(atMs, timeZone)]).toEqual([date, minutes])
        },
      ),
    )
  })
})
