import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { CodePurpose } from './code.ts'

/** Whether the subscriber has just typed the right code for this purpose: what it authorises must follow within ten minutes. */
export async function codeWasUsed(db: Queryable, subscriberId: SubscriberId, purpose: CodePurpose): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT FROM code_challenge
     WHERE subscriber_id = $1 AND purpose = $2 AND used_at > now() - interval '10 minutes' LIMIT 1`,
    [subscriberId, purpose],
  )
  return rowCount === 1
}
