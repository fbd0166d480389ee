import { createHash, randomUUID } from 'node:crypto'

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
  const time = atMs.toString(16).padStart(12, '0')
  // The random bits come from a version 4 UUID, of which Node makes many in advance.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** A UUID version 8 (RFC 9562 §5.8) made from a name: the same name has the same one, ever. */
export function uuidOf(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** In the one form that PostgreSQL writes: small hexadecimal digits. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
