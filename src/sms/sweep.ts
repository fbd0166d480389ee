import type { SmsPriority } from '../aggregators/sms-link.ts'
import type { Queryable } from '../database/database.ts'
import type { SmsBell } from './queue.ts'

/** Rows rung in one sweep. */
const BATCH = 1_000
/** A row that was rung is rung again after that long, in case the queue lost it. */
const RING_AGAIN_SECONDS = 30

/**
 * Rings for every row whose time has come: postponed ones, and those whose job was lost with Redis or never added. The version is
 * raised because the queue ignores a job id that it has seen. Returns how many.
 */
export async function sweepSms(database: Queryable, bell: SmsBell): Promise<number> {
  const { rows } = await database.query<{ id: string; version: number; priority: SmsPriority }>({
    name: 'sms-sweep',
    text: `UPDATE sms_outbox SET version = version + 1, ring_at = now() + make_interval(secs => $2)
      WHERE id IN (SELECT id FROM sms_outbox WHERE ring_at <= now() ORDER BY ring_at LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING id, version, priority`,
    values: [BATCH, RING_AGAIN_SECONDS],
  })
  for (const row of rows) bell.ring(row)
  return rows.length
}
