import { randomBytes } from 'node:crypto'

declare const brand: unique symbol

/** A subscriber's UUID: the only name for a person outside sealed columns. */
export type SubscriberId = string & { readonly [brand]: 'SubscriberId' }
/** The UUIDv7 of a quote and of the transfer that confirms it; also the reference given to outside partners. */
export type TransferId = string & { readonly [brand]: 'TransferId' }
/** A ledger account's UUID. */
export type AccountId = string & { readonly [brand]: 'AccountId' }

/**
 * A UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random bits, so that keys made one after another lie
 * next to each other in an index.
 */
export function uuidv7(atMs: number = Date.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(atMs, 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** In the one form that PostgreSQL writes: small hexadecimal digits. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
