import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import type { TransferKind } from '../ledger/tariff.ts'
import type { TransferState } from '../ledger/transfer.ts'

/**
 * A transfer that somebody should look at. Nothing of it names a person. `why`, the first that applies: people must decide
 * (`review`), the partner may or may not have been paid (`in_doubt`), its partner rests, it was asked about or rung for too often, it waits
 * too long.
 */
export type TroubledTransfer = {
  readonly id: TransferId
  readonly reference: string
  readonly kind: TransferKind
  readonly state: TransferState
  /** Null on the own ledger. */
  readonly biller: string | null
  readonly why: Trouble
  /** What was put on record last: a partner's word, a time-out. */
  readonly reason: string | null
  readonly ageMs: number
  /** Payments and questions sent to the partner. */
  readonly attempts: number
  /** When the partner is asked again; null where people decide. */
  readonly nextAttemptAt: Date | null
}

export type Trouble = 'review' | 'in_doubt' | 'partner_rests' | 'retried_often' | 'waits_long'

/** How many transfers are in trouble, and for how long the oldest of them. */
export type TroubleCount = { readonly why: Trouble; readonly count: number; readonly oldestS: number }

/** What tells a subscriber that it takes longer should tell the operator too. */
const WAITS_LONG = `interval '2 minutes'`
/** One ring and one attempt is the ordinary way; the sweeper's rings double their distance, so these are over a minute. */
const RINGS_OFTEN = 4
const ATTEMPTS_OFTEN = 5

const TROUBLED = `
  SELECT t.id, t.reference, t.kind, t.state, t.biller, t.reason, t.created_at, t.next_attempt_at, tried.attempts,
         CASE WHEN t.state = 'REVIEW' THEN 'review'
              WHEN t.state = 'IN_DOUBT' THEN 'in_doubt'
              WHEN t.state = 'HELD' AND rests.until > now() THEN 'partner_rests'
              WHEN t.rings >= ${RINGS_OFTEN} OR tried.attempts >= ${ATTEMPTS_OFTEN} THEN 'retried_often'
              WHEN t.created_at < now() - ${WAITS_LONG} THEN 'waits_long'
         END AS why
    FROM transfer t
    LEFT JOIN partner_breaker rests ON rests.partner = t.biller
   CROSS JOIN LATERAL (SELECT count(*)::integer AS attempts FROM partner_attempt a WHERE a.transfer_id = t.id) tried
   WHERE t.state NOT IN ('SETTLED', 'REJECTED', 'REVERSED')
     -- Its payee has days to answer.
     AND (t.kind <> 'reversal' OR t.state <> 'HELD')`

/** At most so many, what people must decide first, then the oldest first; read-only. */
export async function listTroubled(db: Queryable, limit: number): Promise<readonly TroubledTransfer[]> {
  const { rows } = await db.query<TroubledTransfer>(
    `SELECT id, reference, kind, state, biller, why, reason, (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs", attempts,
            next_attempt_at AS "nextAttemptAt"
       FROM (${TROUBLED}) troubled WHERE why IS NOT NULL
      ORDER BY why <> 'review', created_at, id LIMIT $1`,
    [limit],
  )
  return rows
}

export async function countTroubled(db: Queryable): Promise<readonly TroubleCount[]> {
  const { rows } = await db.query<TroubleCount>(
    `SELECT why, count(*)::integer AS count, extract(epoch FROM now() - min(created_at))::float8 AS "oldestS"
       FROM (${TROUBLED}) troubled WHERE why IS NOT NULL GROUP BY why ORDER BY why`,
  )
  return rows
}
