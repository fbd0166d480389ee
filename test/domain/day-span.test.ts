import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DaySpan, formatDaySpan, nextOutside, parseDaySpan, restOfDay } from '../../src/domain/day-span.ts'

const NAIROBI = 'Africa/Nairobi'
/** A moment of 23 November 2026 in Nairobi, which is three hours before UTC. */
const at = (hour: number, minute = 0, second = 0): number => Date.UTC(2026, 10, 23, hour - 3, minute, second)
const night: DaySpan = { from: 21 * 60, to: 7 * 60 }

describe('hours of a day', () => {
  test.each<[string, DaySpan | null]>([
    ['21:00-07:00', night],
    [' 09:30 – 18:00 ', { from: 570, to: 1080 }],
    ['00:00-23:59', { from: 0, to: 1439 }],
    ['09:00-09:00', null],
    ['24:00-07:00', null],
    ['21:60-07:00', null],
    ['9-18', null],
    ['21:00', null],
    ['', null],
  ])('%j is read as %j', (text, span) => {
    expect(parseDaySpan(text)).toEqual(span)
  })

  test.each<[string, number, readonly DaySpan[], number | null]>([
    ['noon is outside the night', at(12), [night], at(12)],
    ['the last second of the day is', at(20, 59, 59), [night], at(20, 59, 59)],
    ['the first of the night waits for the morning', at(21), [night], at(31)],
    ['so does midnight', at(24), [night], at(31)],
    ['the last second of the night waits a second', at(30, 59, 59), [night], at(31)],
    ['the morning is outside', at(7), [night], at(7)],
    ['without hours, it is always outside', at(3), [], at(3)],
    ['the window of the day opens after the night', at(6), [night, restOfDay({ from: 540, to: 1080 })], at(9)],
    ['after the window one waits for tomorrow’s', at(18), [night, restOfDay({ from: 540, to: 1080 })], at(33)],
    ['a window within the night never opens', at(12), [night, restOfDay({ from: 1320, to: 1380 })], null],
  ])('%s', (_what, atMs, spans, expected) => {
    expect(nextOutside(atMs, spans, NAIROBI)).toBe(expected)
  })

  test('whoever waits for the end of a span is outside it then, and waited no more than a day', () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(minute, minute, fc.integer({ min: 0, max: 4_000_000_000_000 }), (from, to, atMs) => {
        fc.pre(from !== to)
        const span = { from, to }
        const nextMs = nextOutside(atMs, [span], 'Africa/Accra') ?? Number.NaN
        expect(nextOutside(nextMs, [span], 'Africa/Accra')).toBe(nextMs)
        expect(nextMs - atMs).toBeGreaterThanOrEqual(0)
        expect(nextMs - atMs).toBeLessThan(86_400_000)
        expect(parseDaySpan(formatDaySpan(span))).toEqual(span)
      }),
    )
  })
})
