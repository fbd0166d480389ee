import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeGsm7 } from '../../src/domain/gsm7.ts'
import { packSeptets, unpackSeptets } from '../../src/domain/septets.ts'

/**
 * Text, octets in front of it, and its packed octets: the standard's own padding rule (TS 23.038 §6.1.2.3.1), a modem's `*100#`, and
 * what Perl's `pack 'b*'` makes of the septets' bits, as Net::SMPP and Device::Gsm use it.
 */
const vectors: [string, number, string][] = [
  ['', 0, ''],
  ['A', 0, '41'],
  ['Hello', 0, 'c8329bfd06'],
  ['hellohello', 0, 'e8329bfd4697d9ec37'],
  ['How are you?', 0, 'c8f71d14969741f977fd07'],
  ['It is easy to send text messages.', 0, '493a283d0795c3f33c88fe06cdcb6e32885ec6d341edf27c1e3e97e72e'],
  ['*100#', 0, 'aa180c3602'],
  ['12345678', 0, '31d98c56b3dd70'],
  ['1234567', 0, '31d98c56b3dd1a'],
  ['Hello', 6, '906536fb0d'],
  ['Hello', 7, 'c8329bfd06'],
  ['{', 0, '1b14'],
]

describe('packed text', () => {
  test.each(vectors)('%j behind %i octets is %s', (text, headerLength, packed) => {
    const septets = encodeGsm7(text) ?? Buffer.alloc(0)
    expect(packSeptets(septets, headerLength)?.toString('hex')).toBe(packed)
    expect(unpackSeptets(Buffer.from(packed, 'hex'), headerLength)).toEqual(septets)
  })

  test('a long text behind a header', () => {
    const packed =
      '986f79b90d4ac3e7f53688fc66bfe5a0799a0e0ab7cb741668fc76cfcb637a995e9783c2e4343c3d4f8fd3ee33a8cc4ed359a079990c22bf41e5747dde7e9341f4721bfe9683d2ee719a9c26d7dd74509d0e6287c56f791954a683c86ff65b5e06b5c36777181466a7e3f5b0ab4a0795dde936284c06b5d3ee741b642fbbd3e1360b14afa7e7'
    const text =
      'Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.Ut enim ad minim veniam, quis'
    expect(unpackSeptets(Buffer.from(packed, 'hex'), 6).toString('latin1')).toBe(text)
    expect(packSeptets(Buffer.from(text), 6)?.toString('hex')).toBe(packed)
  })
})

const septets = fc.array(fc.oneof(fc.integer({ min: 0, max: 127 }), fc.constantFrom(0x0d, 0)), { maxLength: 200 })

test('any septets behind any header are unpacked as they were, or refused for their last carriage return', () => {
  fc.assert(
    fc.property(septets, fc.nat(20), (all, headerLength) => {
      const packed = packSeptets(Uint8Array.from(all), headerLength)
      if (packed === null) expect(all.at(-1)).toBe(0x0d)
      else {
        expect([...unpackSeptets(packed, headerLength)]).toEqual(all)
        expect(packed.length).toBeLessThanOrEqual(Math.ceil((7 * all.length + 6) / 8))
      }
    }),
    { numRuns: 1000 },
  )
  expect(packSeptets(Buffer.from('1234567\r'))).toBeNull()
  expect(packSeptets(Buffer.from('123456\r'))?.toString('hex')).toBe('31d98c56b3351a')
})

test('any octets are unpacked to septets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 160 }), fc.nat(20), (octets, headerLength) => {
      expect(unpackSeptets(octets, headerLength).every((septet) => septet < 0x80)).toBe(true)
    }),
  )
})
