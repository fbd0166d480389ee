import type { Queryable } from '../database/database.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'

/** SQL for a request `r` that waits: not declined, not run out, and no transfer has its id. */
export const isOpen: string = `r.declined_at IS NULL AND r.expires_at > now() AND NOT EXISTS (SELECT FROM transfer t WHERE t.id = r.id)`

/** Something that waits for a person's answer; the amount in minor units. `reversal`: the id is that of the transfer that gives it back. */
export type Asked = {
  readonly kind: 'money' | 'reversal'
  readonly id: TransferId
  readonly byId: SubscriberId
  readonly amount: bigint
  /** Of a reversal: when the money was sent. */
  readonly at: Date
}

/** What waits for this person's answer, oldest first. */
export async function listAsked(db: Queryable, personId: SubscriberId, limit: number): Promise<Asked[]> {
  const { rows } = await db.query<Asked>(
    `SELECT 'money' AS kind, r.id, r.requester_id AS "byId", r.amount, r.asked_at AS at
       FROM money_request r WHERE r.payer_id = $1 AND ${isOpen}
     UNION ALL
     SELECT 'reversal', t.id, t.payee_id, t.amount, o.created_at
       FROM reversal v JOIN transfer t ON t.id = v.transfer_id JOIN transfer o ON o.id = v.original_id
      WHERE t.state = 'HELD' AND t.payer_id = $1 AND v.expires_at > now()
      ORDER BY at LIMIT $2`,
    [personId, limit],
  )
  return rows
}

/**
 * SQL for whether something waits for the answer of a subscriber `s`. `asked_until` spares almost everybody the look; what it says may
 * be over, since paying a request writes nothing but the transfer.
 */
export const isAsked: string = `CASE WHEN s.asked_until > now()
    THEN EXISTS (SELECT FROM money_request r WHERE r.payer_id = s.id AND ${isOpen})
      OR EXISTS (SELECT FROM reversal v JOIN transfer t ON t.id = v.transfer_id
                  WHERE t.state = 'HELD' AND t.payer_id = s.id AND v.expires_at > now())
    ELSE false END`

/** Keeps with the person until when something may wait for them; call it in the transaction that asks or answers. */
export async function noteAsked(tx: Queryable, personId: SubscriberId): Promise<void> {
  await tx.query(
    `UPDATE subscriber s SET asked_until = (
        SELECT max(until) FROM (
          SELECT r.expires_at AS until FROM money_request r WHERE r.payer_id = s.id AND ${isOpen}
          UNION ALL
          SELECT v.expires_at FROM reversal v JOIN transfer t ON t.id = v.transfer_id WHERE t.state = 'HELD' AND t.payer_id = s.id
        ) AS waiting)
      WHERE s.id = $1`,
    [personId],
  )
}
