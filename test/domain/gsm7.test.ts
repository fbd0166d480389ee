import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countSeptets, decodeGsm7, encodeGsm7, isGsm7, toGsm7 } from '../../src/domain/gsm7.ts'

/** 3GPP TS 23.038 §6.2.1, row by row; the escape stands as U+001B. */
const standard = [
  '@£$¥èéùìòÇ\nØø\rÅå',
  'Δ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ',
  ' !"#¤%&\'()*+,-./',
  '0123456789:;<=>?',
  '¡ABCDEFGHIJKLMNO',
  'PQRSTUVWXYZÄÖÑÜ§',
  '¿abcdefghijklmno',
  'pqrstuvwxyzäöñüà',
].join('')

const extension: Record<string, number> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...standard.replace('\u001b', ''), ...Object.keys(extension)) }),
  // Lone surrogates too.
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
)

describe('the alphabet', () => {
  test('has every character of the standard at its place, and nothing else', () => {
    const encodable = new Map<string, string>()
    for (let unit = 0; unit <= 0xffff; unit += 1) {
      const octets = encodeGsm7(String.fromCharCode(unit))
      if (octets !== null) encodable.set(String.fromCharCode(unit), octets.toString('hex'))
    }
    const expected = new Map<string, string>()
    for (const [septet, character] of [...standard].entries()) {
      if (character !== '\u001b') expected.set(character, Buffer.of(septet).toString('hex'))
    }
    for (const [character, septet] of Object.entries(extension))
      expected.set(character, Buffer.of(0x1b, septet).toString('hex'))
    expect(encodable).toEqual(new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))))
  })

  test('agrees with an implementation that is not ours on every text of the basic table', () => {
    const { encodings } = createRequire(import.meta.url)('smpp') as {
      encodings: { ASCII: { encode(text: string): Buffer } }
    }
    const basic = standard.replace('\u001b', '')
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...basic) }), (text) => {
        expect(encodeGsm7(text)).toEqual(encodings.ASCII.encode(text))
      }),
    )
  })
})

test('any text encodes and decodes to itself, or is refused', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const octets = encodeGsm7(text)
      if (octets === null) expect(isGsm7(text)).toBe(false)
      else {
        expect(decodeGsm7(octets)).toBe(text)
        expect(octets.length).toBe(countSeptets(text))
        expect(octets.every((octet) => octet < 0x80)).toBe(true)
      }
    }),
    { numRuns: 1000 },
  )
})

test('any octets decode to some text', () => {
  fc.assert(fc.property(fc.uint8Array(), (octets) => typeof decodeGsm7(octets) === 'string'))
  expect(decodeGsm7(Buffer.of(0x1b, 0x41))).toBe('A')
  expect(decodeGsm7(Buffer.of(0x1b, 0x1b))).toBe(' ')
  expect(decodeGsm7(Buffer.of(0x61, 0x1b))).toBe('a ')
  expect(decodeGsm7(Buffer.of(0xc3))).toBe('\uFFFD')
})

describe('transliteration', () => {
  test('writes any text in the basic table, in no more septets than it had characters', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = toGsm7(text)
        expect([...written].every((character) => standard.includes(character) && character !== '\u001b')).toBe(true)
        expect(countSeptets(written)).toBeLessThanOrEqual(text.length)
      }),
      { numRuns: 1000 },
    )
  })

  test('leaves a text of the basic table as it is', () => {
    const basic = standard.replace('\u001b', '')
    expect(toGsm7(basic)).toBe(basic)
  })

  test.each([
    ['Wanjirũ wa Mĩnja', 'Wanjiru wa Minja'],
    ['Françoise Lebœuf', 'Francoise Lebouf'],
    ['N’Golo “Kanté” — 5…', 'N\'Golo "Kanté" - 5.'],
    ['e\u0301te\u0301', 'été'],
    ['Ɛsi Ɔdɔ Ŋaa', 'Esi Odo Naa'],
    ['a\u200Db\u00A0c', 'ab c'],
    ['[5€] {x|y} ~', '(5E) (x/y) -'],
    ['ሰላም 👋', '??? ?'],
  ])('%s', (text, expected) => {
    expect(toGsm7(text)).toBe(expected)
  })
})
