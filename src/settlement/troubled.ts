import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import type { TransferState } from '../ledger/transfer.ts'

/** A transfer without an end that somebody should look at. */
export type TroubledTransfer = {
  readonly id: TransferId
  readonly reference: string
  readonly kind: string
  readonly state: TransferState
  readonly biller: string | null
  readonly reason: string | null
  readonly ageMs: number
  /** Calls to the partner so far. */
  readonly attempts: number
  readonly nextAttemptAt: Date | null
}

/** Transfers in doubt or waiting for people, and those that take longer than two minutes; the oldest first. */
export async function listTroubled(db: Queryable, limit: number): Promise<readonly TroubledTransfer[]> {
  const { rows } = await db.query<TroubledTransfer>(
    `SELECT t.id, t.reference, t.kind, t.state, t.biller, t.reason, (extract(epoch FROM now() - t.created_at) * 1000)::float8 AS "ageMs",
            (SELECT count(*)::integer FROM partner_attempt a WHERE a.transfer_id = t.id) AS attempts, t.next_attempt_at AS "nextAttemptAt"
       FROM transfer t
      WHERE t.state IN ('IN_DOUBT', 'REVIEW')
         OR (t.state IN ('HELD', 'SUBMITTED', 'PENDING') AND t.created_at < now() - interval '2 minutes')
      ORDER BY t.created_at LIMIT $1`,
    [limit],
  )
  return rows
}
