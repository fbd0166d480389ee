import type { SmsPriority } from '../aggregators/sms-link.ts'
import type { Queryable } from '../database/database.ts'
import type { QueuedSms } from './outbox.ts'

/** Keeps a message that was just written from being sent for so long; in the transaction that writes it. */
export async function holdSms(tx: Queryable, id: string, seconds: number): Promise<void> {
  await tx.query({
    name: 'sms-hold',
    text: `UPDATE sms_outbox SET not_before = now() + make_interval(secs => $2), ring_at = now() + make_interval(secs => $2)
      WHERE id = $1 AND state = 'queued'`,
    values: [id, seconds],
  })
}

/** Keeps a message that is still held for so long from now. */
export async function holdLonger(database: Queryable, id: string, seconds: number): Promise<void> {
  await database.query({
    name: 'sms-hold-longer',
    text: `UPDATE sms_outbox SET not_before = now() + make_interval(secs => $2), ring_at = now() + make_interval(secs => $2)
      WHERE id = $1 AND state = 'queued' AND attempts = 0 AND not_before > now()`,
    values: [id, seconds],
  })
}

/** Lets a held message go now; null where it is held no longer. Ring the bell with the result. */
export async function releaseSms(database: Queryable, id: string): Promise<QueuedSms | null> {
  const { rows } = await database.query<{ version: number; priority: SmsPriority }>({
    name: 'sms-release',
    text: `UPDATE sms_outbox SET version = version + 1, not_before = now(), ring_at = now() + interval '10 seconds'
      WHERE id = $1 AND state = 'queued' AND attempts = 0 AND not_before > now()
      RETURNING version, priority`,
    values: [id],
  })
  return rows[0] === undefined ? null : { id, ...rows[0] }
}

/** Takes back a held message that is not needed any more; its history says why. */
export async function dropSms(database: Queryable, id: string, reason: string): Promise<void> {
  await database.query({
    name: 'sms-drop',
    text: `WITH message AS (
        UPDATE sms_outbox SET state = 'expired', ring_at = NULL, settled_at = now()
        WHERE id = $1 AND state = 'queued' AND attempts = 0
        RETURNING id
      )
      INSERT INTO sms_event (outbox_id, kind, reason) SELECT id, 'expired', $2 FROM message`,
    values: [id, reason],
  })
}
