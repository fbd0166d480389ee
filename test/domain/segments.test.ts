import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countSeptets, isGsm7 } from '../../src/domain/gsm7.ts'
import { segmentSms } from '../../src/domain/segments.ts'

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
