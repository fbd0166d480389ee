import type { Queryable } from '../../src/database/database.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { numberIndex } from '../../src/security/contexts.ts'
import type { Sealer } from '../../src/security/sealing.ts'

/** One thing that happened to a message. */
export type SmsEvent = {
  readonly at: Date
  readonly kind: string
  readonly attempt: number | null
  readonly part: number | null
  readonly link: string | null
  readonly reason: string | null
}

/** Everything that happened to a message of the outbox, oldest first. */
export async function readSmsHistory(database: Queryable, id: string): Promise<SmsEvent[]> {
  const { rows } = await database.query<SmsEvent>(
    'SELECT at, kind, attempt, part, link, reason FROM sms_event WHERE outbox_id = $1 ORDER BY id',
    [id],
  )
  return rows
}

/** A message to a phone, without its text. */
export type SentSms = {
  readonly id: string
  readonly factKey: string
  readonly state: string
  readonly createdAt: Date
}

/** The latest messages to a phone, newest first. */
export async function findSmsTo(
  database: Queryable,
  sealer: Sealer,
  number: Msisdn,
  limit: number,
): Promise<SentSms[]> {
  const { rows } = await database.query<SentSms>(
    `SELECT id, fact_key AS "factKey", state, created_at AS "createdAt" FROM sms_outbox
      WHERE recipient_index = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
    [numberIndex(sealer, number), limit],
  )
  return rows
}

/** For the status page: messages that wait, those of unknown outcome, and delivery reports that nobody expected, of one day. */
export async function countSms(database: Queryable): Promise<{ waiting: number; unknown: number; strays: number }> {
  const { rows } = await database.query<{ waiting: number; unknown: number; strays: number }>(
    `SELECT (SELECT count(*)::int FROM sms_outbox WHERE ring_at IS NOT NULL) AS waiting,
      (SELECT count(*)::int FROM sms_outbox WHERE state = 'unknown' AND created_at > now() - interval '1 day') AS unknown,
      (SELECT count(*)::int FROM sms_stray_report WHERE claimed_by IS NULL AND received_at > now() - interval '1 day') AS strays`,
  )
  return rows[0] ?? { waiting: 0, unknown: 0, strays: 0 }
}
