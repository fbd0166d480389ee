import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'

const ATTEMPTS = 3

/** So long after a lock that ran its course a right PIN makes the next one short again; sooner, a guesser only waits for the owner's next call. */
const CALM = '7 days'

/** The right to have one PIN evaluated. */
export type Reservation = { readonly subscriberId: SubscriberId; readonly round: bigint; readonly wrongBefore: bigint }

export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly reservation: Reservation }
  | { readonly kind: 'locked'; readonly until: Date }
  /** A lock was lifted while this was asking; nothing was counted. */
  | { readonly kind: 'contended' }
  /** No such person; nothing is counted. */
  | { readonly kind: 'unknown' }

/**
 * Reserves one of three attempts before anything is computed, in one statement on one row: however many arrive over whatever
 * connections, PostgreSQL lets them through one after another. The third locks at once, four times as long as the lock before it;
 * if it turns out to be right, `forgive` lifts the lock. An attempt whose process died counts as a wrong one after a minute.
 */
export async function reserveAttempt(db: Queryable, subscriberId: SubscriberId): Promise<ReserveOutcome> {
  const { rows } = await db.query<{ round: bigint; wrong: bigint }>({
    name: 'pin-reserve',
    // The WHERE admits rows without a lock or with one that has run out, so here a lock on file is over: it starts a new round.
    text: `UPDATE pin_guard SET
        round = round + (locked_until IS NOT NULL OR reserved_at < now() - interval '1 minute')::int,
        counting = CASE WHEN locked_until IS NULL THEN counting + 1 ELSE 1 END,
        wrong = CASE WHEN locked_until IS NULL AND reserved_at < now() - interval '1 minute' THEN forgiven + counting ELSE wrong END,
        forgiven = CASE WHEN locked_until IS NULL THEN forgiven ELSE wrong END,
        reserved_at = now(),
        last_lock_ended = CASE WHEN locked_until IS NULL THEN last_lock_ended ELSE locked_until END,
        locks = locks + (locked_until IS NULL AND counting = ${ATTEMPTS - 1})::int,
        locked_until = CASE WHEN locked_until IS NULL AND counting = ${ATTEMPTS - 1}
          THEN now() + least(interval '15 minutes' * power(4, least(locks, 10)), interval '30 days') END
      WHERE subscriber_id = $1 AND (locked_until IS NULL OR locked_until <= now())
      RETURNING round, wrong`,
    values: [subscriberId],
  })
  const row = rows[0]
  if (row === undefined) return await refusal(db, subscriberId)
  return { kind: 'reserved', reservation: { subscriberId, round: row.round, wrongBefore: row.wrong } }
}

async function refusal(db: Queryable, subscriberId: SubscriberId): Promise<ReserveOutcome> {
  const { rows } = await db.query<{ until: Date | null }>(
    'SELECT CASE WHEN locked_until > now() THEN locked_until END AS until FROM pin_guard WHERE subscriber_id = $1',
    [subscriberId],
  )
  const row = rows[0]
  if (row === undefined) return { kind: 'unknown' }
  return row.until === null ? { kind: 'contended' } : { kind: 'locked', until: row.until }
}

/** What a wrong answer leaves. `over`: the attempt's round has ended meanwhile, so its verdict must not be told. */
export type WrongOutcome =
  | { readonly kind: 'counted'; readonly left: number }
  | { readonly kind: 'locked'; readonly until: Date }
  | { readonly kind: 'over' }

/** The attempt was wrong: it goes on counting until a right one forgives it. */
export async function countWrong(tx: Queryable, { subscriberId, round }: Reservation): Promise<WrongOutcome> {
  const { rows } = await tx.query<{ counting: number; until: Date | null }>({
    name: 'pin-wrong',
    text: `UPDATE pin_guard SET wrong = wrong + 1 WHERE subscriber_id = $1 AND round = $2
      RETURNING counting, locked_until AS until`,
    values: [subscriberId, round],
  })
  const row = rows[0]
  if (row === undefined) return { kind: 'over' }
  return row.until === null ? { kind: 'counted', left: ATTEMPTS - row.counting } : { kind: 'locked', until: row.until }
}

/**
 * The attempt was right: it stops counting, the wrong ones told before it was reserved are forgiven, and a lock is lifted and does not
 * count. Locks that ran their course within seven days count on. Attempts that ran beside it keep counting, or a burst of guesses around one right PIN would be evaluated without end. False when its round is over.
 */
export async function forgive(tx: Queryable, { subscriberId, round, wrongBefore }: Reservation): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'pin-right',
    text: `UPDATE pin_guard SET
        counting = counting - 1 - greatest(0, $3 - forgiven),
        forgiven = greatest(forgiven, $3),
        locks = CASE WHEN last_lock_ended > now() - interval '${CALM}' THEN greatest(0, locks - (locked_until IS NOT NULL)::int) ELSE 0 END,
        locked_until = NULL
      WHERE subscriber_id = $1 AND round = $2`,
    values: [subscriberId, round, wrongBefore],
  })
  return rowCount === 1
}

/** A new PIN begins with a clean record; verdicts on the old one are void. */
export async function startAfresh(tx: Queryable, subscriberId: SubscriberId): Promise<void> {
  await tx.query(
    `UPDATE pin_guard SET round = round + 1, counting = 0, forgiven = wrong, locks = 0, locked_until = NULL
      WHERE subscriber_id = $1`,
    [subscriberId],
  )
}
