import { createHash } from 'node:crypto'
import { deriveKey, type Key } from '../keys.ts'
import { makeMac } from '../mac.ts'
import { leafHash } from './merkle.ts'

/** A row that becomes a leaf. `at`: UTC with microseconds, `2026-11-23T14:05:00.123456Z`. */
export type LeafRow =
  | {
      readonly kind: 'event'
      readonly id: string
      readonly at: string
      readonly actorKind: string
      readonly actorId: string
      readonly action: string
      readonly subject: string | null
      /** Field name to commitment. */
      readonly payload: Readonly<Record<string, string>>
    }
  /** A transfer came from one state into the next. */
  | {
      readonly kind: 'move'
      readonly id: string
      readonly version: number
      readonly at: string
      readonly from: string | null
      readonly to: string
      readonly reason: string | null
    }
  /** A row of operators, which the database put on record by itself. */
  | {
      readonly kind: 'row'
      readonly id: string
      readonly at: string
      readonly actor: string
      readonly action: string
      readonly subject: string | null
      readonly content: string
    }

/** An entry's length is written in two bytes (C2SP tlog-tiles). */
const LONGEST = 65_535

/**
 * The bytes of a leaf: JSON without spaces, an array whose first item names its kind; docs/audit.md has them. Values that can be erased
 * are in it as commitments only. A row too long for an entry is there as its digest, so that no row can hold up those behind it.
 */
export function encodeLeaf(row: LeafRow): Buffer {
  const entry = Buffer.from(JSON.stringify(itemsOf(row)))
  return entry.length <= LONGEST ? entry : Buffer.from(JSON.stringify(['digest', sha256(entry)]))
}

function itemsOf(row: LeafRow): readonly unknown[] {
  switch (row.kind) {
    case 'event': {
      // jsonb does not keep the order of fields.
      const fields = Object.entries(row.payload).sort(([a], [b]) => (a < b ? -1 : 1))
      return ['event', row.id, row.at, row.actorKind, row.actorId, row.action, row.subject, fields]
    }
    case 'move':
      return ['move', row.id, row.version, row.at, row.from, row.to, row.reason]
    case 'row':
      return ['row', row.id, row.at, row.actor, row.action, row.subject, sha256(Buffer.from(row.content))]
  }
}

/** Seals a leaf to its place: 16 bytes that nobody without the audit key can make. */
export type SealLeaf = (position: number, hash: Buffer) => Buffer

const SEAL_LENGTH = 16

export function makeSealLeaf(audit: Key): SealLeaf {
  const mac = makeMac(deriveKey(audit, 'audit leaf'))
  return (position, hash) =>
    Buffer.from(mac(`${position} ${hash.toString('base64')}`), 'base64url').subarray(0, SEAL_LENGTH)
}

/** What `audit_leaf.version` says of a row: a move's own version, or which table it is of. */
export function versionOf(row: LeafRow): number {
  if (row.kind === 'move') return row.version
  return row.kind === 'event' ? 0 : -1
}

export function hashRow(row: LeafRow): Buffer {
  return leafHash(encodeLeaf(row))
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
