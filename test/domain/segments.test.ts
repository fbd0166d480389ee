import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countSeptets, isGsm7 } from '../../src/domain/gsm7.ts'
import type { NationalTable } from '../../src/domain/gsm7-national.ts'
import { type SegmentStyle, segmentSizes, segmentSms } from '../../src/domain/segments.ts'

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '€', '{', 'é', ' '), maxLength: 700 }),
  fc.string({ unit: fc.constantFrom('a', '😀', 'ሰ', '€', '\ud83d'), maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
)

test('parts joined are the text, and none is longer than a message holds', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const { encoding, parts, units } = segmentSms(text)
      expect(parts.join('')).toBe(text)
      expect(encoding).toBe(isGsm7(text) ? 'gsm7' : 'ucs2')
      const cost = (part: string): number => (encoding === 'gsm7' ? (countSeptets(part) ?? Number.NaN) : part.length)
      expect(units).toBe(cost(text))
      const [alone, each] = encoding === 'gsm7' ? [160, 153] : [70, 67]
      if (units <= alone) expect(parts).toEqual([text])
      else for (const part of parts) expect(cost(part)).toBeLessThanOrEqual(each)
    }),
    { numRuns: 1000 },
  )
})

test('every part but the last is as full as the next character allows', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const { encoding, parts } = segmentSms(text)
      const each = encoding === 'gsm7' ? 153 : 67
      for (const part of parts.slice(0, -1)) {
        expect(encoding === 'gsm7' ? countSeptets(part) : part.length).toBeGreaterThanOrEqual(each - 1)
      }
    }),
  )
})

describe('edges', () => {
  test.each([
    ['', 'gsm7', [0]],
    ['a'.repeat(160), 'gsm7', [160]],
    ['a'.repeat(161), 'gsm7', [153, 8]],
    [`${'a'.repeat(159)}€`, 'gsm7', [153, 7]],
    [`${'a'.repeat(152)}€${'a'.repeat(20)}`, 'gsm7', [152, 21]],
    ['a'.repeat(306), 'gsm7', [153, 153]],
    ['ሰ'.repeat(70), 'ucs2', [70]],
    ['ሰ'.repeat(71), 'ucs2', [67, 4]],
    [`${'ሰ'.repeat(66)}😀${'ሰ'.repeat(10)}`, 'ucs2', [66, 12]],
  ])('%#', (text, encoding, lengths) => {
    const segments = segmentSms(text)
    expect(segments.encoding).toBe(encoding)
    expect(segments.parts.map((part) => part.length)).toEqual(lengths)
  })
})

/** TS 23.040 §9.2.3.24: 140 octets, less the header with its length octet; septets begin at the next multiple of seven bits. */
describe('room in a message alone, and in each of several', () => {
  const longs: SegmentStyle['long'][] = ['udh8', 'sar', 'payload']
  test.each(longs)('%s', (long) => {
    expect(segmentSizes('gsm7', long)).toEqual({ alone: 160, part: 153 })
    expect(segmentSizes('ucs2', long)).toEqual({ alone: 70, part: 67 })
    expect(segmentSizes('gsm7', long, 'spanish')).toEqual({ alone: 155, part: 149 })
  })
  test('udh16', () => {
    expect(segmentSizes('gsm7', 'udh16')).toEqual({ alone: 160, part: 152 })
    expect(segmentSizes('ucs2', 'udh16')).toEqual({ alone: 70, part: 66 })
    expect(segmentSizes('gsm7', 'udh16', 'spanish')).toEqual({ alone: 155, part: 148 })
  })
})

describe('the choice', () => {
  const all: NationalTable[] = ['turkish', 'spanish', 'portuguese']
  test.each<[string, string, SegmentStyle['long'], NationalTable[], string, NationalTable | null, number]>([
    ['GSM-7 needs no table', 'a€'.repeat(40), 'udh8', all, 'gsm7', null, 1],
    ['no table is allowed', 'á'.repeat(71), 'udh8', [], 'ucs2', null, 2],
    ['another table is allowed', 'á'.repeat(71), 'udh8', ['turkish'], 'ucs2', null, 2],
    ['UCS-2 takes no more', 'á'.repeat(70), 'udh8', all, 'ucs2', null, 1],
    ['a table saves one', 'á'.repeat(71), 'udh8', ['turkish', 'spanish'], 'gsm7', 'spanish', 1],
    ['a table saves one, at its very limit', `${'a'.repeat(153)}á`, 'udh8', all, 'gsm7', 'spanish', 1],
    ['a table saves some of several', `${'a'.repeat(154)}á`, 'udh8', ['spanish'], 'gsm7', 'spanish', 2],
    ['tables differ', `${'ã'.repeat(60)}á`, 'udh8', all, 'ucs2', null, 1],
    ['only one has them all', `${'ã'.repeat(70)}á`, 'udh8', all, 'gsm7', 'portuguese', 1],
    ['one character is in none', `${'á'.repeat(71)}ሰ`, 'udh8', all, 'ucs2', null, 2],
    ['a payload of several stays without', `${'a'.repeat(154)}á`, 'payload', all, 'ucs2', null, 3],
    ['a payload of one does not', `${'a'.repeat(100)}á`, 'payload', all, 'gsm7', 'spanish', 1],
  ])('%s', (_, text, long, national, encoding, table, parts) => {
    const segments = segmentSms(text, { long, national })
    expect([segments.encoding, segments.national, segments.parts.length]).toEqual([encoding, table, parts])
  })

  test('never takes more parts than UCS-2 or than without tables, and splits no pair', () => {
    const national = fc.subarray(all)
    const long = fc.constantFrom<SegmentStyle['long']>('udh8', 'udh16', 'sar', 'payload')
    const marked = fc.string({ unit: fc.constantFrom(...'aáãğé€[ሰ😀'), maxLength: 500 })
    const spanish = fc.string({ unit: fc.constantFrom(...'aáí€ '), maxLength: 500 })
    fc.assert(
      fc.property(fc.oneof(texts, marked, spanish), national, long, (text, tables, style) => {
        const segments = segmentSms(text, { long: style, national: tables })
        const plain = segmentSms(text, { long: style, national: [] })
        expect(segments.parts.length).toBeLessThanOrEqual(plain.parts.length)
        expect(segments.parts.join('')).toBe(text)
        expect(segments.national === null || tables.includes(segments.national)).toBe(true)
        const { encoding, national: table, parts } = segments
        const { alone, part: each } = segmentSizes(encoding, style, table)
        const cost = (part: string): number => (encoding === 'gsm7' ? (countSeptets(part, table) ?? NaN) : part.length)
        for (const [index, part] of parts.entries()) {
          expect(cost(part)).toBeLessThanOrEqual(parts.length === 1 ? alone : each)
          const joint = (parts[index - 1] ?? '').slice(-1) + part.slice(0, 1)
          expect([...joint]).toHaveLength(joint.length)
        }
      }),
      { numRuns: 500 },
    )
  })
})
