import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatReceiptDate, formatSmppTime, parseSmppTime } from '../../../../src/aggregators/smpp/server/times.ts'

const NOW = new Date('2026-11-23T10:00:00Z')

describe('times of SMPP', () => {
  test.each<[string, string | null]>([
    ['261123120000000+', '2026-11-23T12:00:00.000Z'],
    ['261123120000012+', '2026-11-23T09:00:00.000Z'],
    ['261123120000512-', '2026-11-23T15:00:00.500Z'],
    ['000001000000000R', '2026-11-24T10:00:00.000Z'],
    ['000000013000000R', '2026-11-23T11:30:00.000Z'],
    ['260230120000000+', null],
    ['261123250000000+', null],
    ['261123120000049+', null],
    ['261123120000000', null],
    ['26112312000000+R', null],
    ['tomorrow', null],
  ])('%s is %s', (text, expected) => {
    expect(parseSmppTime(text, NOW)?.toISOString() ?? null).toBe(expected)
  })

  test('what is written is read again, to the second', () => {
    const seconds = fc.integer({ min: Date.UTC(2000, 0, 1) / 1000, max: Date.UTC(2099, 11, 31) / 1000 })
    fc.assert(
      fc.property(seconds, (second) => {
        expect(parseSmppTime(formatSmppTime(new Date(second * 1000)), NOW)?.getTime()).toBe(second * 1000)
      }),
    )
  })

  test('receipts write minutes', () => expect(formatReceiptDate(NOW)).toBe('2611231000'))
})
