import { createHash, hkdfSync } from 'node:crypto'

/** A secret key, the name it goes by in stored values, and the keys it took over from. The bytes are left out when a key is printed or serialised. */
export type Key = {
  /** First eight hexadecimal digits of SHA-256 over a label and the key: tells keys apart and says nothing about them. */
  readonly id: string
  /** 32 bytes. */
  readonly bytes: Buffer
  /** Nothing new is made with these, but what was made with them is still read. They have none themselves. */
  readonly older: readonly Key[]
}

export type Keys = {
  readonly pin: Key
  readonly otp: Key
  readonly session: Key
  readonly data: Key
  readonly audit: Key
}

const KEY_LENGTH = 32

/** Makes a key from its 32 bytes; throws on any other length. */
export function makeKey(bytes: Buffer, older: readonly Key[] = []): Key {
  if (bytes.length !== KEY_LENGTH) throw new Error(`A key has ${KEY_LENGTH} bytes, not ${bytes.length}.`)
  const id = createHash('sha256').update('nyota key id\0').update(bytes).digest('hex').slice(0, 8)
  const hidden = { bytes: { value: bytes, enumerable: false }, older: { value: older, enumerable: false } }
  return Object.defineProperties({ id }, hidden) as Key
}

/**
 * Reads a key from base64 as settings carry it, with spaces between it and the older ones behind it; null unless each is exactly 32 bytes
 * and they all differ.
 */
export function parseKey(text: string): Key | null {
  const keys = text.trim().split(/\s+/).map(parseBytes)
  const [current, ...older] = keys.filter((bytes) => bytes !== null)
  if (current === undefined || older.length + 1 < keys.length) return null
  const key = makeKey(
    current,
    older.map((bytes) => makeKey(bytes)),
  )
  return new Set(ringOf(key).map(({ id }) => id)).size === keys.length ? key : null
}

function parseBytes(base64: string): Buffer | null {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(base64)) return null
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : null
}

/** The key and its older ones, in their order. */
export function ringOf(key: Key): readonly [Key, ...Key[]] {
  return [key, ...key.older]
}

/** The key itself or the older one with this id. */
export function keyById(key: Key, id: string): Key | undefined {
  return ringOf(key).find((one) => one.id === id)
}

/** `deriveKey` as a key with older ones, each derived from its own. */
export function deriveRing(key: Key, purpose: string): Key {
  return makeKey(
    deriveKey(key, purpose),
    key.older.map((one) => makeKey(deriveKey(one, purpose))),
  )
}

/** A key of its own for one purpose: HKDF-SHA256 (RFC 5869) without salt, the purpose as info; 32 bytes. */
export function deriveKey(key: Key, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.bytes, Buffer.alloc(0), `nyota ${purpose}`, KEY_LENGTH))
}
