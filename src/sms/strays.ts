import type { Queryable } from '../database/database.ts'
import { gatherByDatabase } from '../database/gather.ts'

/**
 * A delivery report is compared with messages for so long after either came: networks try to reach a phone for a day or two, and
 * an id nobody knows that comes later is more likely another message's.
 */
export const MATCHED_FOR = '2 days'
/** Then it is only kept to be looked at. */
const KEPT_FOR = '90 days'
const BATCH = 5_000
/** Questions of one statement, and statements under way. */
const MOST = 100
const AT_ONCE = 2

type Wanted = { readonly recipient: Buffer; readonly keys: readonly string[] }

/** Whether any report waits that may be about a message to that phone, or about one of these ids; almost always none does. */
export const mayHaveStrays: (database: Queryable, wanted: Wanted) => Promise<boolean> = gatherByDatabase(
  findAll,
  MOST,
  AT_ONCE,
)

async function findAll(database: Queryable, all: readonly Wanted[]): Promise<boolean[]> {
  const { rows } = await database.query<{ recipient: string | null; key: string }>({
    name: 'sms-any-strays',
    text: `SELECT DISTINCT encode(recipient_index, 'hex') AS recipient, provider_key AS key
      FROM sms_stray_report
      WHERE claimed_by IS NULL AND expired_at IS NULL AND received_at > now() - interval '${MATCHED_FOR}'
        AND (recipient_index = ANY ($1::bytea[]) OR (recipient_index IS NULL AND provider_key = ANY ($2::text[])))`,
    values: [all.map(({ recipient }) => recipient), all.flatMap(({ keys }) => keys)],
  })
  const recipients = new Set(rows.map(({ recipient }) => recipient))
  const nameless = new Set(rows.filter(({ recipient }) => recipient === null).map(({ key }) => key))
  return all.map(
    ({ recipient, keys }) => recipients.has(recipient.toString('hex')) || keys.some((key) => nameless.has(key)),
  )
}

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
