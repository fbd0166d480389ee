import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { deriveKey, makeKey, parseKey } from '../../src/security/keys.ts'

test('a key is exactly 32 bytes of base64', () => {
  const bytes = randomBytes(32)
  expect(parseKey(`${bytes.toString('base64')}\n`)?.bytes).toEqual(bytes)
  for (const text of [
    '',
    'secret',
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
    bytes.toString('hex'),
  ]) {
    expect(parseKey(text)).toBe(null)
  }
  expect(parseKey(`${'A'.repeat(42)}B=`)).toBe(null)
  expect(() => makeKey(randomBytes(16))).toThrow('32 bytes')
})

test('the id tells keys apart and is the same for the same key', () => {
  const bytes = randomBytes(32)
  expect(makeKey(bytes).id).toMatch(/^[0-9a-f]{8}$/)
  expect(makeKey(Buffer.from(bytes)).id).toBe(makeKey(bytes).id)
  expect(makeKey(randomBytes(32)).id).not.toBe(makeKey(bytes).id)
  expect(makeKey(Buffer.alloc(32)).id).toBe('6b3176dd')
})

test('printing or serialising a key does not show it', () => {
  const key = makeKey(Buffer.alloc(32, 7))
  expect(JSON.stringify({ key })).toBe(JSON.stringify({ key: { id: key.id } }))
  expect(inspect(key, { depth: 5 })).not.toContain('07 07')
})

test('each purpose has a key of its own', () => {
  const key = makeKey(Buffer.alloc(32, 7))
  expect(deriveKey(key, 'a')).toHaveLength(32)
  expect(deriveKey(key, 'a')).toEqual(deriveKey(key, 'a'))
  expect(deriveKey(key, 'a')).not.toEqual(deriveKey(key, 'b'))
  expect(deriveKey(key, 'a')).not.toEqual(deriveKey(makeKey(Buffer.alloc(32, 8)), 'a'))
})
