import { createHash, hkdfSync } from 'node:crypto'

/** A secret key and the name it goes by in stored values. The bytes are left out when a key is printed or serialised. */
export type Key = {
  /** First eight hexadecimal digits of SHA-256 over a label and the key: tells keys apart and says nothing about them. */
  readonly id: string
  /** 32 bytes. */
  readonly bytes: Buffer
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
export function makeKey(bytes: Buffer): Key {
  if (bytes.length !== KEY_LENGTH) throw new Error(`A key has ${KEY_LENGTH} bytes, not ${bytes.length}.`)
  const id = createHash('sha256').update('nyota key id\0').update(bytes).digest('hex').slice(0, 8)
  return Object.defineProperty({ id }, 'bytes', { value: bytes, enumerable: false }) as Key
}

/** Reads a key from base64 as settings carry it; null unless it is exactly 32 bytes. */
export function parseKey(base64: string): Key | null {
  const text = base64.trim()
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? makeKey(bytes) : null
}

/** A key of its own for one purpose: HKDF-SHA256 (RFC 5869) without salt, the purpose as info; 32 bytes. */
export function deriveKey(key: Key, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.bytes, Buffer.alloc(0), `nyota ${purpose}`, KEY_LENGTH))
}
