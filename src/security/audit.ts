import { createHmac, hash, randomFillSync, timingSafeEqual } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import { uuidv7 } from '../domain/ids.ts'
import { deriveKey, type Key, ringOf } from './keys.ts'
import type { Sealer } from './sealing.ts'

/** Something somebody did. Values go into `payload` only: they are the part that can be erased later. */
export type AuditEvent = {
  readonly actor: { readonly kind: 'subscriber' | 'staff' | 'system'; readonly id: string }
  /** Noun and past participle, `pin.changed`. */
  readonly action: string
  /** Id of what was acted on. */
  readonly subject: string | null
  readonly payload: Readonly<Record<string, string>>
}

export type Audit = {
  /** Writes the event in the caller's transaction, so that it commits with its effect or not at all. */
  record(tx: Queryable, event: AuditEvent): Promise<void>
  /** The same for many, in one statement. */
  recordAll(tx: Queryable, events: readonly AuditEvent[]): Promise<void>
  /** Whether a stored event still is what was written (all but its time), under the key of today or an older one. */
  verify(row: StoredAuditEvent): boolean
}

/** A row of `audit_event`. */
export type StoredAuditEvent = {
  readonly id: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly action: string
  readonly subject: string | null
  /** Field name to commitment. */
  readonly payload: Readonly<Record<string, string>>
  readonly seal: Buffer
}

const SALT_LENGTH = 32

/**
 * The record of what was done. A payload value is stored as a salted commitment in the event, and with its salt, sealed, in a table
 * of its own: deleting it there erases the value for good and leaves the event verifiable.
 */
export function makeAudit(key: Key, sealer: Sealer): Audit {
  const [sealKey, ...olderKeys] = ringOf(key).map((one) => deriveKey(one, 'audit event')) as [Buffer, ...Buffer[]]
  function sealed(event: AuditEvent, nextSalt: () => Buffer) {
    const id = uuidv7()
    const values = Object.entries(event.payload).map(([name, value]) => {
      const salt = nextSalt()
      const sealed = sealer.seal(value, auditValueContext(id, name))
      return { id, name, salt, sealed, commitment: commit(salt, name, value) }
    })
    const payload = Object.fromEntries(values.map(({ name, commitment }) => [name, commitment]))
    const { actor, action, subject } = event
    const row = { id, actor_kind: actor.kind, actor_id: actor.id, action, subject, payload }
    return { row, seal: sealOf(sealKey, row), values }
  }

  async function recordAll(tx: Queryable, events: readonly AuditEvent[]): Promise<void> {
    if (events.length === 0) return
    const nextSalt = makeSalts(events.reduce((sum, { payload }) => sum + Object.keys(payload).length, 0))
    const all = events.map((event) => sealed(event, nextSalt))
    const values = all.flatMap((one) => one.values)
    await tx.query({
      name: 'audit-record',
      text: `WITH event AS (
          INSERT INTO audit_event (id, actor_kind, actor_id, action, subject, payload, seal)
          SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bytea[])
        )
        INSERT INTO audit_value (event_id, name, salt, value_sealed)
        SELECT * FROM unnest($8::uuid[], $9::text[], $10::bytea[], $11::bytea[])`,
      values: [
        all.map(({ row }) => row.id),
        all.map(({ row }) => row.actor_kind),
        all.map(({ row }) => row.actor_id),
        all.map(({ row }) => row.action),
        all.map(({ row }) => row.subject),
        all.map(({ row }) => JSON.stringify(row.payload)),
        all.map(({ seal }) => seal),
        values.map(({ id }) => id),
        values.map(({ name }) => name),
        values.map(({ salt }) => salt),
        values.map(({ sealed }) => sealed),
      ],
    })
  }

  return {
    record: (tx, event) => recordAll(tx, [event]),
    recordAll,
    verify(row) {
      return [sealKey, ...olderKeys].some((one) => {
        const expected = sealOf(one, row)
        return row.seal.length === expected.length && timingSafeEqual(row.seal, expected)
      })
    },
  }
}

/** Hexadecimal SHA-256 over salt, field name, a zero byte and the value: anyone who is handed salt and value can check it. */
export function commit(salt: Buffer, name: string, value: string): string {
  return hash('sha256', Buffer.concat([salt, Buffer.from(`${name}\0${value}`)]), 'hex')
}

/** Random bytes are fetched for all of a statement's values: a call for 32 costs as much as one for thousands. */
function makeSalts(count: number): () => Buffer {
  const pool = randomFillSync(Buffer.allocUnsafe(count * SALT_LENGTH))
  let used = 0
  return () => {
    const salt = pool.subarray(used, used + SALT_LENGTH)
    used += SALT_LENGTH
    if (salt.length < SALT_LENGTH) throw new Error('fewer salts were made than there are values')
    return salt
  }
}

/** What a row of `audit_value` is sealed to. */
export function auditValueContext(eventId: string, name: string): string {
  return `audit_value.${name}:${eventId}`
}

/** jsonb does not keep the order of fields, so they are sorted before the row is sealed. */
function sealOf(sealKey: Buffer, row: Omit<StoredAuditEvent, 'seal'>): Buffer {
  const fields = Object.entries(row.payload).sort(([a], [b]) => (a < b ? -1 : 1))
  const canonical = JSON.stringify([row.id, row.actor_kind, row.actor_id, row.action, row.subject, fields])
  return createHmac('sha256', sealKey).update(canonical).digest()
}
