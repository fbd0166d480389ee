import type { Database, Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { NumberingPlan } from '../domain/market.ts'
import type { Secret } from '../domain/secret.ts'
import type { Audit } from '../security/audit.ts'
import type { Sealer } from '../security/sealing.ts'
import { findById } from './find.ts'
import type { Hasher } from './hasher.ts'
import { countWrong, forgive, type Reservation, reserveAttempt, startAfresh } from './pin-guard.ts'
import { keepOldPin, renewPin, wasUsed } from './pin-history.ts'
import { pinWeakness, typedDigits } from './pin-rules.ts'
import { countPinFailure } from './pin-spray.ts'

/** What checking and setting PINs and answers needs; built once. */
export type PinServices = {
  readonly database: Database
  readonly sealer: Sealer
  readonly hasher: Hasher
  readonly audit: Audit
  /** Length of a new PIN, from four to six. */
  readonly pinDigits: number
  readonly numbering: NumberingPlan
}

/** `left`: tries before the lock; `byThis`: this very PIN was wrong and brought the lock. `busy`: nothing is known about the PIN and nothing was decided by it; try again. */
export type PinCheck =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong'; readonly left: number }
  | { readonly kind: 'locked'; readonly until: Date; readonly byThis: boolean }
  | { readonly kind: 'busy' }

/**
 * Whether this is the subscriber's PIN. A place at the hasher is taken first, then an attempt is reserved, then the PIN is evaluated, and
 * the verdict is told only once it is on file. Someone unknown, without a PIN or closed costs the same work and is never right.
 */
export async function checkPin(services: PinServices, subscriberId: SubscriberId, pin: Secret): Promise<PinCheck> {
  const { database, hasher } = services
  const result = await hasher.withPlace<PinCheck>(async (place) => {
    const reserved = await reserveAttempt(database, subscriberId)
    if (reserved.kind === 'locked') return { ...reserved, byThis: false }
    if (reserved.kind === 'contended') return { kind: 'busy' }
    // Read after the reservation is committed: a PIN changed later ends the round, and with it this verdict.
    const stored = await storedPin(database, subscriberId)
    const right = await place.verify(stored, typedDigits(pin), subscriberId)
    if (reserved.kind === 'unknown') return { kind: 'wrong', left: 2 }
    const isOlder = right && stored !== null && place.keyOf(stored) === 'older'
    const renewal = isOlder ? { from: stored, to: await place.hash(typedDigits(pin), subscriberId) } : null
    return await database.transaction((tx) => settle(services, tx, reserved.reservation, right, renewal))
  })
  return result === 'busy' ? { kind: 'busy' } : result
}

async function storedPin(db: Queryable, subscriberId: SubscriberId): Promise<string | null> {
  const { rows } = await db.query<{ pin_hash: string }>({
    name: 'pin-stored',
    text: `SELECT c.pin_hash FROM credential c JOIN subscriber s ON s.id = c.subscriber_id
      WHERE c.subscriber_id = $1 AND s.status = 'active'`,
    values: [subscriberId],
  })
  return rows[0]?.pin_hash ?? null
}

async function settle(
  { audit, sealer }: PinServices,
  tx: Queryable,
  attempt: Reservation,
  right: boolean,
  renewal: { readonly from: string; readonly to: string } | null,
): Promise<PinCheck> {
  const event = { actor: { kind: 'subscriber', id: attempt.subscriberId }, subject: attempt.subscriberId } as const
  if (right) {
    if (!(await forgive(tx, attempt))) return { kind: 'busy' }
    if (renewal !== null) await renewPin(tx, attempt.subscriberId, renewal.from, renewal.to)
    await audit.record(tx, { ...event, action: 'pin.right', payload: {} })
    return { kind: 'right' }
  }
  const outcome = await countWrong(tx, attempt)
  const subscriber = outcome.kind === 'over' ? null : await findById(tx, sealer, attempt.subscriberId)
  if (subscriber !== null) await countPinFailure(tx, subscriber.id, subscriber.number)
  switch (outcome.kind) {
    case 'over':
      return { kind: 'busy' }
    case 'locked':
      await audit.record(tx, { ...event, action: 'pin.locked', payload: { until: outcome.until.toISOString() } })
      return { ...outcome, byThis: true }
    case 'counted':
      await audit.record(tx, { ...event, action: 'pin.wrong', payload: { left: String(outcome.left) } })
      return { kind: 'wrong', left: outcome.left }
  }
}

export type ChangeReason = 'pin' | 'activation' | 'reset'

/** Entries of a first PIN in one authorisation; more is somebody exploring. */
const MAX_PROPOSALS = 10

/**
 * Allows this session to set a new PIN for ten minutes, in the caller's transaction; a newer authorisation takes the place of an
 * older one. False when the subscriber is not in the state for it: `activation` wants one without a PIN, the others an active one.
 */
export async function authorisePinChange(
  tx: Queryable,
  subscriberId: SubscriberId,
  sessionId: string,
  by: ChangeReason,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO pin_change (subscriber_id, session_id, authorised_by, expires_at)
      SELECT id, $2, $3, now() + interval '10 minutes' FROM subscriber
      WHERE id = $1 AND status = CASE WHEN $3 = 'activation' THEN 'enrolled' ELSE 'active' END
      ON CONFLICT (subscriber_id) DO UPDATE SET session_id = excluded.session_id, authorised_by = excluded.authorised_by,
        expires_at = excluded.expires_at, proposals = 0, proposed_hash = NULL`,
    [subscriberId, sessionId, by],
  )
  return rowCount === 1
}

/** Takes the first entry of a new PIN and keeps its hash for the second; 'weak' when it breaks a rule or is the current PIN or one of the last. */
export async function proposePin(
  services: PinServices,
  subscriberId: SubscriberId,
  sessionId: string,
  typed: Secret,
): Promise<'proposed' | 'weak' | 'not_authorised' | 'busy'> {
  const { database, sealer, hasher, pinDigits, numbering } = services
  const pin = typedDigits(typed)
  return await hasher.withPlace(async (place) => {
    const { rowCount } = await database.query(
      `UPDATE pin_change SET proposals = proposals + 1, proposed_hash = NULL
        WHERE subscriber_id = $1 AND session_id = $2 AND expires_at > now() AND proposals < ${MAX_PROPOSALS}`,
      [subscriberId, sessionId],
    )
    const subscriber = await findById(database, sealer, subscriberId)
    if (rowCount === 0 || subscriber === null) return 'not_authorised'
    if (pinWeakness(pin, pinDigits, subscriber.number, numbering) !== null) return 'weak'
    if (await wasUsed(database, place, subscriberId, pin)) return 'weak'
    const proposed = await database.query(
      `UPDATE pin_change SET proposed_hash = $3 WHERE subscriber_id = $1 AND session_id = $2 AND expires_at > now()`,
      [subscriberId, sessionId, await place.hash(pin, subscriberId)],
    )
    return proposed.rowCount === 1 ? 'proposed' : 'not_authorised'
  })
}

/**
 * Takes the second entry. 'set' when it is the proposed PIN: the authorisation is used up, the lock is lifted, `activation` makes the subscriber
 * active (terms must be agreed to by then), `reset` brings lower limits for 48 hours. 'different' drops the proposal. `alongside` commits
 * with the new PIN or not at all.
 */
export async function setPin(
  services: PinServices,
  subscriberId: SubscriberId,
  sessionId: string,
  typed: Secret,
  alongside: (tx: Queryable, by: ChangeReason) => Promise<void> = async () => undefined,
): Promise<'set' | 'different' | 'not_authorised' | 'busy'> {
  const { database, hasher } = services
  return await hasher.withPlace(async (place) => {
    const { rows } = await database.query<{ proposed_hash: string | null }>(
      'SELECT proposed_hash FROM pin_change WHERE subscriber_id = $1 AND session_id = $2 AND expires_at > now()',
      [subscriberId, sessionId],
    )
    const proposed = rows[0]?.proposed_hash ?? null
    if (proposed === null) return 'not_authorised'
    if (!(await place.verify(proposed, typedDigits(typed), subscriberId))) {
      await database.query(
        'UPDATE pin_change SET proposed_hash = NULL WHERE subscriber_id = $1 AND session_id = $2 AND proposed_hash = $3',
        [subscriberId, sessionId, proposed],
      )
      return 'different'
    }
    return await database.transaction(async (tx) => {
      const by = await replacePin(services, tx, subscriberId, sessionId, proposed)
      if (by === null) return 'not_authorised'
      await alongside(tx, by)
      return 'set'
    })
  })
}

const actionOf = { pin: 'pin.changed', activation: 'subscriber.activated', reset: 'pin.reset' } as const

async function replacePin(
  { audit }: PinServices,
  tx: Queryable,
  subscriberId: SubscriberId,
  sessionId: string,
  proposed: string,
): Promise<ChangeReason | null> {
  const { rows } = await tx.query<{ authorised_by: ChangeReason }>(
    `DELETE FROM pin_change c USING subscriber s
      WHERE c.subscriber_id = $1 AND c.session_id = $2 AND c.proposed_hash = $3 AND c.expires_at > now() AND s.id = c.subscriber_id
        AND CASE WHEN c.authorised_by = 'activation' THEN s.status = 'enrolled' AND s.terms_version IS NOT NULL ELSE s.status = 'active' END
      RETURNING c.authorised_by`,
    [subscriberId, sessionId, proposed],
  )
  const by = rows[0]?.authorised_by
  if (by === undefined) return null
  await keepOldPin(tx, subscriberId)
  await tx.query(
    `INSERT INTO credential (subscriber_id, pin_hash) VALUES ($1, $2)
      ON CONFLICT (subscriber_id) DO UPDATE SET pin_hash = excluded.pin_hash, set_at = now()`,
    [subscriberId, proposed],
  )
  if (by === 'activation') {
    await tx.query(`UPDATE subscriber SET status = 'active', activated_at = now() WHERE id = $1`, [subscriberId])
  }
  if (by === 'reset') {
    await tx.query(`UPDATE subscriber SET restricted_until = now() + interval '48 hours' WHERE id = $1`, [subscriberId])
  }
  await startAfresh(tx, subscriberId)
  await audit.record(tx, {
    actor: { kind: 'subscriber', id: subscriberId },
    action: actionOf[by],
    subject: subscriberId,
    payload: { authorised_by: by },
  })
  return by
}
