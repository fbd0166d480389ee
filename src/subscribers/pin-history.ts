import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Secret } from '../domain/secret.ts'
import type { Place } from './hasher.ts'

/** Earlier PINs that cannot be chosen again, beside the current one; each costs a hash when a PIN is chosen. */
const EARLIER_PINS = 4

/**
 * Whether this is the subscriber's PIN or one of the four before it. Those whose key is no longer there cannot be compared and are
 * passed over.
 */
export async function wasUsed(db: Queryable, place: Place, subscriberId: SubscriberId, pin: Secret): Promise<boolean> {
  const { rows } = await db.query<{ pin_hash: string }>(
    `SELECT pin_hash FROM credential WHERE subscriber_id = $1
      UNION ALL SELECT pin_hash FROM pin_history WHERE subscriber_id = $1`,
    [subscriberId],
  )
  for (const { pin_hash: hash } of rows) {
    if (place.keyOf(hash) !== 'unknown' && (await place.verify(hash, pin, subscriberId))) return true
  }
  return false
}

/** Puts the PIN that is about to be replaced among the earlier ones and forgets the oldest; call it in the transaction that replaces it. */
export async function keepOldPin(tx: Queryable, subscriberId: SubscriberId): Promise<void> {
  await tx.query(
    `INSERT INTO pin_history (subscriber_id, pin_hash)
      SELECT subscriber_id, pin_hash FROM credential WHERE subscriber_id = $1 ON CONFLICT DO NOTHING`,
    [subscriberId],
  )
  await tx.query(
    `DELETE FROM pin_history WHERE subscriber_id = $1 AND pin_hash NOT IN (
      SELECT pin_hash FROM pin_history WHERE subscriber_id = $1 ORDER BY replaced_at DESC, pin_hash LIMIT ${EARLIER_PINS})`,
    [subscriberId],
  )
}

/**
 * Puts the same PIN under the current key, unless it was changed meanwhile. Earlier PINs under the other key cannot follow and are
 * forgotten: that key is to go, and whoever took it should find nothing that it opens.
 */
export async function renewPin(tx: Queryable, subscriberId: SubscriberId, from: string, to: string): Promise<void> {
  await tx.query('UPDATE credential SET pin_hash = $3 WHERE subscriber_id = $1 AND pin_hash = $2', [
    ...[subscriberId, from, to],
  ])
  await tx.query(`DELETE FROM pin_history WHERE subscriber_id = $1 AND left(pin_hash::text, 8) <> left($2, 8)`, [
    subscriberId,
    to,
  ])
}
