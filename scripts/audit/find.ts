import type { Queryable } from '../../src/database/database.ts'
import type { ShowFilter } from './request.ts'

export type ShownEvent = {
  readonly id: string
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly subject: string | null
  /** Null while it waits for the sequencer. */
  readonly position: number | null
}

/** What was done, newest last; `limit` newest. Values are not shown. */
export async function listEvents(
  db: Queryable,
  { subject, actor, action, since, until, limit }: ShowFilter,
): Promise<ShownEvent[]> {
  const { rows } = await db.query<Omit<ShownEvent, 'at' | 'position'> & { at: Date; position: bigint | null }>(
    `SELECT x.id, x.at, x.actor, x.action, x.subject, l.position FROM (
       SELECT id, 0 AS version, at, actor_kind || ' ' || actor_id AS actor, actor_id, action, subject FROM audit_event
       UNION ALL
       SELECT id, -1, at, actor, actor, action, subject FROM operator_event
       UNION ALL
       SELECT transfer_id, version, at, 'system', 'system', 'transfer.' || lower(to_state), transfer_id::text FROM transfer_event) x
       LEFT JOIN audit_leaf l ON l.event_id = x.id AND l.version = x.version
      WHERE ($1::text IS NULL OR x.subject = $1) AND ($2::text IS NULL OR x.actor_id = $2) AND ($3::text IS NULL OR x.action = $3)
        AND ($4::timestamptz IS NULL OR x.at >= $4) AND ($5::timestamptz IS NULL OR x.at < $5)
      ORDER BY x.at DESC, l.position DESC NULLS FIRST LIMIT $6`,
    [subject, actor, action, since, until, limit],
  )
  return rows
    .map((row) => ({ ...row, at: row.at.toISOString(), position: row.position === null ? null : Number(row.position) }))
    .reverse()
}

/** Where in the log an event stands, or what became of a transfer: by id, or by the transfer's reference. */
export async function findLeaves(db: Queryable, what: string): Promise<number[]> {
  const { rows } = await db.query<{ position: bigint }>(
    `SELECT position FROM audit_leaf
      WHERE event_id IN (SELECT id FROM transfer WHERE reference = upper($1) UNION SELECT CASE WHEN $1 ~ '^[0-9a-fA-F-]{36}$' THEN $1::uuid END)
      ORDER BY position`,
    [what],
  )
  return rows.map(({ position }) => Number(position))
}
