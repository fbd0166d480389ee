import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePdu, encodePdu, HEADER_LENGTH, type Pdu } from '../../../src/aggregators/smpp/codec.ts'
import { type CodingProfile, ordinaryCoding } from '../../../src/aggregators/smpp/coding-profile.ts'
import {
  countSegments,
  decodeMessage,
  decodeShortMessage,
  decodeText,
  encodeShortMessages,
  segmentsOf,
} from '../../../src/aggregators/smpp/short-message.ts'
import { readHeader } from '../../../src/aggregators/smpp/user-data-header.ts'
import { segmentSms } from '../../../src/domain/segments.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('a', '€', 'é', '[', ' '), maxLength: 600 }),
  fc.string({ unit: fc.constantFrom('a', 'á', 'ã', 'ğ', 'ê', '€'), maxLength: 400 }),
  // A carriage return at an octet's end, which packing takes for padding.
  fc.nat(330).map((length) => `${'x'.repeat(length)}\r`),
  fc.string({ unit: fc.constantFrom('a', '\r'), maxLength: 330 }),
  // Lone surrogates too.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
)
const anyCoding: fc.Arbitrary<CodingProfile> = fc.record({
  long: fc.constantFrom('udh8', 'udh16', 'sar', 'payload'),
  packed: fc.boolean(),
  national: fc.subarray(['turkish', 'spanish', 'portuguese']),
  gsm7: fc.constantFrom(0, 0x0f, 0x11, 0xf1),
  ucs2: fc.constantFrom(8, 0x19),
  flashGsm7: fc.constantFrom(0x10, 0xf0),
  flashUcs2: fc.constant(0x18),
})

/** The PDU as its receiver has it, after the wire. */
function carry(fields: Pdu['fields'], sequence = 1): Pdu {
  const octets = encodePdu({ command: 'submit_sm', status: 0, sequence, fields })
  expect(octets.readUInt32BE(0)).toBe(octets.length)
  const decoded = decodePdu(octets)
  if (decoded.kind !== 'pdu') throw new Error(decoded.kind)
  return decoded.pdu
}

/** Octets on air of what stands in short_message: unpacked septets are packed by the network. */
function onAir(octets: Buffer, pdu: Pdu, { packed, ucs2, flashUcs2 }: CodingProfile): number {
  const { esm_class: esmClass, data_coding: dataCoding } = pdu.fields
  if (packed || dataCoding === ucs2 || dataCoding === flashUcs2) return octets.length
  const header = esmClass === 0 ? 0 : 1 + (octets[0] ?? 0)
  const septets = Math.ceil((8 * header) / 7) + octets.length - header
  return Math.ceil((7 * septets) / 8)
}

describe('any text, however a network wants it', () => {
  test('comes back from the wire as it was, in parts that fit, or is refused for its length', () => {
    fc.assert(
      fc.property(anyText, anyCoding, fc.nat(0xffff), fc.boolean(), (text, coding, reference, flash) => {
        const parts = encodeShortMessages(text, { reference, coding, flash })
        if (parts === null) throw new Error('none of these is too long')
        const received = parts.map(({ fields }, index) => {
          const pdu = carry(fields, index + 1)
          const short = pdu.fields.short_message
          if (!Buffer.isBuffer(short)) throw new Error('no short_message')
          expect(short.length).toBeLessThanOrEqual(254)
          expect(onAir(short, pdu, coding)).toBeLessThanOrEqual(140)
          return decodeMessage(pdu, coding.packed)
        })
        expect(received.map((part) => part.text).join('')).toBe(text)
        expect(received.every((part) => part.flash === flash)).toBe(true)
        const mask = coding.long === 'udh8' ? 0xff : 0xffff
        const places = parts.map((_, index) => ({
          reference: reference & mask,
          total: parts.length,
          number: index + 1,
        }))
        expect(received.map(({ part }) => part)).toEqual(parts.length === 1 ? [null] : places)
      }),
      { numRuns: 800 },
    )
  })

  test('counts as many segments as the network does', () => {
    fc.assert(
      fc.property(anyText, anyCoding, (text, coding) => {
        const parts = encodeShortMessages(text, { reference: 1, coding, flash: false }) ?? []
        expect(countSegments(text, coding)).toBe(segmentsOf(parts))
        if (coding.long === 'payload') expect(parts).toHaveLength(1)
        else expect(segmentsOf(parts)).toBe(parts.length)
        if (!coding.packed) expect(segmentsOf(parts)).toBe(segmentSms(text, coding).parts.length)
      }),
    )
  })

  test.each<[string, CodingProfile['long'], number]>([
    ['a', 'udh8', 153],
    ['a', 'udh16', 152],
    ['a', 'sar', 153],
    ['a', 'payload', 153],
    ['ሰ', 'udh8', 67],
    ['ሰ', 'udh16', 66],
  ])('255 parts of %j by %s go out, 256 are refused', (character, long, size) => {
    const options = { reference: 7, coding: { ...ordinaryCoding, long }, flash: false }
    const longest = encodeShortMessages(character.repeat(255 * size), options)
    expect(segmentsOf(longest ?? [])).toBe(255)
    for (const { fields } of longest ?? []) carry(fields)
    expect(encodeShortMessages(character.repeat(255 * size + 1), options)).toBeNull()
    expect(countSegments(character.repeat(255 * size + 1), options.coding)).toBe(256)
  })
})

/** What stands on the wire: Kannel's unpacked text with an 8-bit header, its flash codings, and vectors of Perl's `pack 'b*'`. */
describe('octets', () => {
  const part = { reference: 0xcc, total: 2, number: 1 }
  const long = `Hello${'o'.repeat(160)}`
  const o = '6f'.repeat(148)
  test.each<[string, string, Partial<CodingProfile>, boolean, Record<string, unknown>]>([
    ['GSM-7', 'Hi {€}', {}, false, { esm_class: 0, data_coding: 0, short_message: '4869201b281b651b29' }],
    ['UCS-2', 'ሰ', {}, false, { esm_class: 0, data_coding: 8, short_message: '1230' }],
    ['flash', 'Hi', {}, true, { data_coding: 0x10, short_message: '4869' }],
    ['flash, the other form', 'Hi', { flashGsm7: 0xf0 }, true, { data_coding: 0xf0, short_message: '4869' }],
    ['flash in UCS-2', 'ሰ', {}, true, { data_coding: 0x18, short_message: '1230' }],
    ['packed', 'Hello', { packed: true }, false, { data_coding: 0, short_message: 'c8329bfd06' }],
    ['a part, 8-bit', long, {}, false, { esm_class: 0x40, short_message: `050003cc020148656c6c6f${o}` }],
    [
      'a part, 16-bit',
      long,
      { long: 'udh16' },
      false,
      { esm_class: 0x40, short_message: `060804abcc020148656c6c6f${o.slice(2)}` },
    ],
    [
      'a part by TLVs',
      long,
      { long: 'sar' },
      false,
      {
        ...{ esm_class: 0, sar_msg_ref_num: 0xabcc, sar_total_segments: 2, sar_segment_seqnum: 1 },
        short_message: `48656c6c6f${o}`,
      },
    ],
    [
      'a payload',
      long,
      { long: 'payload' },
      false,
      { esm_class: 0, short_message: '', message_payload: `48656c6c6f${'6f'.repeat(160)}` },
    ],
    [
      'a national table',
      `${'n'.repeat(80)}ão`,
      { national: ['portuguese'] },
      false,
      { esm_class: 0x40, data_coding: 0, short_message: `03240103${'6e'.repeat(80)}1b7b6f` },
    ],
  ])('%s', (_, text, coding, flash, expected) => {
    const profile = { ...ordinaryCoding, ...coding }
    const [first] = encodeShortMessages(text, { reference: 0xabcc, coding: profile, flash }) ?? []
    const fields = Object.entries(first?.fields ?? {}).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? value.toString('hex') : value,
    ])
    expect(Object.fromEntries(fields)).toMatchObject(expected)
  })

  test.each<[string, string, number, boolean, string, typeof part | null]>([
    ['packed, 8-bit header', '050003cc0201906536fb0d', 0x40, true, 'Hello', part],
    ['packed, 16-bit header', '06080400cc0201c8329bfd06', 0x40, true, 'Hello', part],
    ['packed, Portuguese', '03240103706ff66f', 0x40, true, 'não', null],
    ['Portuguese', '032401036e1b7b6f', 0x40, false, 'não', null],
    ['Portuguese, locked', '032501036e7b6f', 0x40, false, 'não', null],
    ['Turkish, locked and single', '0624010125010160071b63', 0x40, false, 'çıç', null],
    ['a part in Spanish', '082401020003cc02011b61', 0x40, false, 'á', part],
    ['a language that we do not know', '0324010d4869', 0x40, false, 'Hi', null],
    ['two tables, the last counts', '062401012401031b7b', 0x40, false, 'ã', null],
  ])('%s', (_, octets, esmClass, packed, text, place) => {
    expect(decodeShortMessage(Buffer.from(octets, 'hex'), 0, esmClass, packed)).toEqual({
      text,
      part: place,
      flash: false,
    })
  })
})

test('any octets under any coding and class decode to some text', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(255),
      fc.nat(255),
      fc.boolean(),
      (octets, dataCoding, esmClass, packed) => {
        const { text, part } = decodeShortMessage(Buffer.from(octets), dataCoding, esmClass, packed)
        expect(typeof text).toBe('string')
        if (part !== null) expect(part.number <= part.total && part.number >= 1).toBe(true)
      },
    ),
    { numRuns: 1000 },
  )
})

test('any octets with a header decode to a PDU or are refused with a status', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: HEADER_LENGTH, maxLength: 300 }),
      fc.constantFrom(4, 5, 9, 0x103, 0x80000004, 0x21, null),
      (body, id) => {
        const octets = Buffer.from(body)
        octets.writeUInt32BE(octets.length, 0)
        if (id !== null) octets.writeUInt32BE(id, 4)
        const decoded = decodePdu(octets)
        expect(['pdu', 'unusable']).toContain(decoded.kind)
        if (decoded.kind === 'pdu') expect(typeof decodeMessage(decoded.pdu, true).text).toBe('string')
      },
    ),
    { numRuns: 2000 },
  )
})

describe('data coding', () => {
  const ucs2 = Buffer.from('00410142', 'hex')
  test.each([
    [0x00, Buffer.of(0x00, 0x41), '@A'],
    [0x0f, Buffer.of(0x00, 0x41), '@A'],
    [0x01, Buffer.from('A@'), 'A@'],
    [0x02, Buffer.of(0xff), 'ÿ'],
    [0x03, Buffer.of(0xe9), 'é'],
    [0x04, Buffer.of(0xe9), 'é'],
    [0x06, Buffer.of(0xe9), 'é'],
    [0x08, ucs2, 'Ał'],
    [0x10, Buffer.of(0x00), '@'],
    [0x11, Buffer.of(0x00), '@'],
    [0x14, Buffer.of(0xe9), 'é'],
    [0x18, ucs2, 'Ał'],
    [0x19, ucs2, 'Ał'],
    [0x1c, Buffer.of(0x00), '@'],
    [0x30, Buffer.of(0xe9), 'é'],
    [0x48, ucs2, 'Ał'],
    [0x80, Buffer.of(0x00), '@'],
    [0xc8, Buffer.of(0x00), '@'],
    [0xd0, Buffer.of(0x00), '@'],
    [0xe0, ucs2, 'Ał'],
    [0xf0, Buffer.of(0x00), '@'],
    [0xf1, Buffer.of(0x00), '@'],
    [0xf4, Buffer.of(0x41), 'A'],
    [0xf7, Buffer.of(0xe9), 'é'],
  ])('0x%s', (dataCoding, octets, text) => {
    expect(decodeText(octets, dataCoding)).toBe(text)
  })

  test('class 0 alone is flash', () => {
    const all = Array.from({ length: 256 }, (_, dataCoding) => dataCoding)
    const flash = all.filter((dataCoding) => decodeShortMessage(Buffer.alloc(0), dataCoding, 0).flash)
    const general = [0x10, 0x30, 0x50, 0x70].flatMap((group) => [0, 4, 8, 12].map((alphabet) => group + alphabet))
    expect(flash).toEqual([...general, 0xf0, 0xf4, 0xf8, 0xfc])
  })

  test('an odd last octet of UCS-2 is dropped, the rest read', () => {
    expect(decodeText(Buffer.from('0041014200', 'hex'), 8)).toBe('Ał')
  })
})

describe('user data headers', () => {
  test.each([
    ['8-bit reference', '0500030a0201', { reference: 10, total: 2, number: 1 }],
    ['16-bit reference', '06080401020302', { reference: 0x102, total: 3, number: 2 }],
    ['another element first', '090504158200000003070202', { reference: 7, total: 2, number: 2 }],
    ['twice, the last counts', '0a0003070202080400080301', { reference: 8, total: 3, number: 1 }],
    ['part beyond the total', '0500030a0203', null],
    ['part 0', '0500030a0200', null],
    ['a total of one', '0500030a0101', null],
    ['an element of the wrong length', '0400020a02', null],
    ['an element beyond the header, after a good one', '0700030a02010009', null],
    ['half an element', '0600030a020124', null],
    ['nothing in it', '00', null],
  ])('%s', (_, header, part) => {
    const length = Buffer.from(header, 'hex').length - 1
    const octets = Buffer.concat([Buffer.of(length), Buffer.from(header, 'hex').subarray(1), Buffer.from('hi')])
    expect(decodeShortMessage(octets, 0, 0x40)).toEqual({ text: 'hi', part, flash: false })
  })

  test('a header longer than the message is read as text', () => {
    expect(decodeShortMessage(Buffer.from('hello'), 1, 0x40)).toEqual({ text: 'hello', part: null, flash: false })
    expect(readHeader(Buffer.alloc(0))).toBeNull()
  })

  test('a place that cannot be does not undo one that can', () => {
    expect(readHeader(Buffer.from('0a00030a020100030a0209', 'hex'))?.part).toEqual({
      reference: 10,
      total: 2,
      number: 1,
    })
  })
})

describe('where the text stands', () => {
  const text = Buffer.from('hi')
  test.each<[string, Pdu['fields'], string, unknown]>([
    ['short_message', { short_message: text }, 'hi', null],
    ['message_payload', { message_payload: text }, 'hi', null],
    ['both: short_message', { short_message: text, message_payload: Buffer.from('no') }, 'hi', null],
    ['neither', {}, '', null],
    [
      'a payload with a header',
      { esm_class: 0x40, message_payload: Buffer.from('0500030a02016869', 'hex') },
      'hi',
      { reference: 10, total: 2, number: 1 },
    ],
    [
      'a place in TLVs',
      { short_message: text, sar_msg_ref_num: 0x1234, sar_total_segments: 3, sar_segment_seqnum: 2 },
      'hi',
      { reference: 0x1234, total: 3, number: 2 },
    ],
    ['half a place in TLVs', { short_message: text, sar_msg_ref_num: 1, sar_total_segments: 3 }, 'hi', null],
    [
      'a place that cannot be',
      { short_message: text, sar_msg_ref_num: 1, sar_total_segments: 3, sar_segment_seqnum: 4 },
      'hi',
      null,
    ],
    [
      'a header and TLVs: the header',
      {
        ...{ esm_class: 0x40, short_message: Buffer.from('0500030a02016869', 'hex') },
        ...{ sar_msg_ref_num: 1, sar_total_segments: 3, sar_segment_seqnum: 2 },
      },
      'hi',
      { reference: 10, total: 2, number: 1 },
    ],
  ])('%s', (_, fields, expected, part) => {
    expect(decodeMessage(carry(fields))).toEqual({ text: expected, part, flash: false })
  })
})
