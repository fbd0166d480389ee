import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'

/** Whether this person's PIN is locked now, after wrong tries. */
export async function isPinLocked(db: Queryable, id: SubscriberId): Promise<boolean> {
  const { rows } = await db.query(`SELECT FROM pin_guard WHERE subscriber_id = $1 AND locked_until > now()`, [id])
  return rows.length > 0
}
