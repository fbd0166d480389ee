import type { Queryable } from '../database/database.ts'

/**
 * A delivery report is compared with messages for so long after either came: networks try to reach a phone for a day or two, and
 * an id nobody knows that comes later is more likely another message's.
 */
export const MATCHED_FOR = '2 days'
/** Then it is only kept to be looked at. */
const KEPT_FOR = '90 days'
const BATCH = 5_000

/** Marks reports that are compared with messages no longer, and deletes those that are of no use to anybody. */
export async function expireStrays(database: Queryable): Promise<void> {
  await database.query(
    `UPDATE sms_stray_report SET expired_at = now() WHERE id IN (
      SELECT id FROM sms_stray_report
      WHERE claimed_by IS NULL AND expired_at IS NULL AND received_at < now() - interval '${MATCHED_FOR}' LIMIT ${BATCH})`,
  )
  await database.query(
    `DELETE FROM sms_stray_report WHERE id IN (
      SELECT id FROM sms_stray_report WHERE received_at < now() - interval '${KEPT_FOR}' LIMIT ${BATCH})`,
  )
}
