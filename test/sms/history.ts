import type { Queryable } from '../../src/database/database.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import type { Sealer } from '../../src/security/sealing.ts'
import { findMessagesTo, type HistoryEvent, type MessageHistory, readMessageHistory } from '../../src/sms/history.ts'

/** Everything that happened to a message of the outbox, oldest first. */
export async function readSmsHistory(database: Queryable, id: string): Promise<readonly HistoryEvent[]> {
  return (await readMessageHistory(database, id))?.events ?? []
}

/** The latest messages to a phone, newest first. */
export async function findSmsTo(
  database: Queryable,
  sealer: Sealer,
  number: Msisdn,
  limit: number,
): Promise<MessageHistory[]> {
  const found = await Promise.all(
    (await findMessagesTo(database, sealer, number, limit)).map((id) => readMessageHistory(database, id)),
  )
  return found.filter((message) => message !== null)
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
