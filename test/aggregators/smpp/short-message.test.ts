import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePdu, encodePdu, HEADER_LENGTH } from '../../../src/aggregators/smpp/codec.ts'
import { decodeShortMessage, decodeText, encodeShortMessages } from '../../../src/aggregators/smpp/short-message.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('a', '€', 'é', '[', ' '), maxLength: 600 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
)

test('any text survives encoding, the wire and decoding, in parts of at most 140 octets', () => {
  fc.assert(
    fc.property(anyText, fc.nat(255), (text, reference) => {
      const parts = encodeShortMessages(text, reference) ?? []
      const received = parts.map((part, index) => {
        const fields = { esm_class: part.esmClass, data_coding: part.dataCoding, short_message: part.octets }
        const octets = encodePdu({ command: 'submit_sm', status: 0, sequence: index + 1, fields })
        expect(octets.readUInt32BE(0)).toBe(octets.length)
        const decoded = decodePdu(octets)
        if (decoded.kind !== 'pdu') throw new Error(decoded.kind)
        const { esm_class: esmClass, data_coding: dataCoding, short_message: message } = decoded.pdu.fields
        if (typeof esmClass !== 'number' || typeof dataCoding !== 'number' || !Buffer.isBuffer(message))
          throw new Error('lost fields')
        // Unpacked GSM-7 is packed by the network, seven octets for eight septets.
        const header = esmClass === 0 ? 0 : 6
        const onAir =
          dataCoding === 8
            ? message.length
            : header + Math.ceil(((message.length - header) * 7) / 8 + (header === 0 ? 0 : 1 / 8))
        expect(onAir).toBeLessThanOrEqual(140)
        return decodeShortMessage(message, dataCoding, esmClass)
      })
      expect(received.map((part) => part.text).join('')).toBe(text)
      if (parts.length > 1) {
        expect(received.map((part) => part.part)).toEqual(
          parts.map((_, index) => ({ reference, total: parts.length, number: index + 1 })),
        )
      }
    }),
    { numRuns: 500 },
  )
})

test('any octets under any coding and class decode to some text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(255), fc.nat(255), (octets, dataCoding, esmClass) => {
      const { text, part } = decodeShortMessage(Buffer.from(octets), dataCoding, esmClass)
      expect(typeof text).toBe('string')
      if (part !== null) expect(part.number <= part.total && part.number >= 1).toBe(true)
    }),
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
        expect(['pdu', 'unusable']).toContain(decodePdu(octets).kind)
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
    [0x03, Buffer.of(0xe9), 'é'],
    [0x08, ucs2, 'Ał'],
    [0x18, ucs2, 'Ał'],
    [0x48, ucs2, 'Ał'],
    [0x10, Buffer.of(0x00), '@'],
    [0xf0, Buffer.of(0x00), '@'],
    [0xf4, Buffer.of(0x41), 'A'],
    [0xe0, ucs2, 'Ał'],
  ])('0x%s', (dataCoding, octets, text) => {
    expect(decodeText(octets, dataCoding)).toBe(text)
  })

  test('an odd last octet of UCS-2 is dropped, the rest read', () => {
    expect(decodeText(Buffer.from('0041014200', 'hex'), 8)).toBe('Ał')
  })
})

describe('user data headers', () => {
  test.each([
    ['8-bit reference', '0500030a0201', { reference: 10, total: 2, number: 1 }],
    ['16-bit reference', '06080401020302', { reference: 0x102, total: 3, number: 2 }],
    ['another element first', '0a0504158200000003070202', { reference: 7, total: 2, number: 2 }],
    ['part beyond the total', '0500030a0203', null],
    ['a total of one', '0500030a0101', null],
  ])('%s', (_, header, part) => {
    const length = Buffer.from(header, 'hex').length - 1
    const octets = Buffer.concat([Buffer.of(length), Buffer.from(header, 'hex').subarray(1), Buffer.from('hi')])
    expect(decodeShortMessage(octets, 0, 0x40)).toEqual({ text: 'hi', part })
  })

  test('a header longer than the message is read as text', () => {
    expect(decodeShortMessage(Buffer.from('hello'), 1, 0x40)).toEqual({ text: 'hello', part: null })
  })
})
