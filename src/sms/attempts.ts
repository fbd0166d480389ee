import type { Queryable } from '../database/database.ts'
import { gatherByDatabase } from '../database/gather.ts'
import { ATTEMPT_LEASE_SECONDS } from './outbox-row.ts'
import { providerKey } from './provider-ids.ts'

/** Attempts of one statement, and statements of a kind under way. */
const MOST = 100
const AT_ONCE = 2

/** An attempt that is about to be made. */
export type Claim = {
  readonly id: string
  /** Attempts before this one, and the state that the row must still have. */
  readonly attempts: number
  readonly expected: 'queued' | 'sending'
  readonly link: string
  readonly segments: number
  readonly reports: number
  /** Of a segment, in minor units; null: not known. */
  readonly price: bigint | null
  readonly reference: number
}

/** An attempt that the network took. */
export type Acceptance = {
  readonly id: string
  readonly attempt: number
  readonly link: string
  /** By part; empty for a part without an id. */
  readonly providerIds: readonly string[]
  readonly segments: number
  readonly price: bigint | null
}

/** Commits the attempt before its socket is used. False: somebody else has the row. Claims of one moment share a statement. */
export const claimAttempt: (database: Queryable, claim: Claim) => Promise<boolean> = gatherByDatabase(
  claimAll,
  MOST,
  AT_ONCE,
)

/** Commits what the network answered; answers of one moment share a statement. */
export const acceptAttempt: (database: Queryable, acceptance: Acceptance) => Promise<undefined> = gatherByDatabase(
  acceptAll,
  MOST,
  AT_ONCE,
)

/** Rows are locked in the order of their ids, so that two of these statements never wait for each other. */
async function claimAll(database: Queryable, claims: readonly Claim[]): Promise<boolean[]> {
  const { rows } = await database.query<{ at: number }>({
    name: 'sms-claim',
    text: `WITH asked AS (
        SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::bigint[], $8::integer[])
          WITH ORDINALITY AS asked (id, attempts, expected, link, segments, reports, price, reference, at)
      ), locked AS (
        SELECT id FROM sms_outbox WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
      ), claimed AS (
        UPDATE sms_outbox AS message
        SET state = 'sending', attempts = asked.attempts + 1, ring_at = now() + make_interval(secs => $9)
        FROM asked JOIN locked ON locked.id = asked.id
        WHERE message.id = asked.id AND message.attempts = asked.attempts AND message.state = asked.expected
        RETURNING message.id, message.attempts, message.recipient_index,
          asked.link, asked.segments, asked.reports, asked.price, asked.reference, asked.at
      ), attempt AS (
        INSERT INTO sms_attempt (outbox_id, number, link, segments, reports, recipient_index, cost, reference)
        SELECT id, attempts, link, segments, reports, recipient_index, segments * price, reference FROM claimed
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, attempt, link) SELECT id, 'attempted', attempts, link FROM claimed
      )
      SELECT at::integer FROM claimed`,
    values: [
      claims.map(({ id }) => id),
      claims.map(({ attempts }) => attempts),
      claims.map(({ expected }) => expected),
      claims.map(({ link }) => link),
      claims.map(({ segments }) => segments),
      claims.map(({ reports }) => reports),
      claims.map(({ price }) => price),
      claims.map(({ reference }) => reference),
      ATTEMPT_LEASE_SECONDS + 10,
    ],
  })
  const won = new Set(rows.map(({ at }) => at))
  return claims.map((_, index) => won.has(index + 1))
}

async function acceptAll(database: Queryable, accepted: readonly Acceptance[]): Promise<undefined[]> {
  const parts = accepted.flatMap(({ id, providerIds }) =>
    providerIds.map((providerId, index) => ({ id, number: index + 1, providerId })),
  )
  await database.query({
    name: 'sms-accept',
    text: `WITH asked AS (
        SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::smallint[], $5::smallint[], $6::bigint[])
          AS asked (id, attempt, link, ids, segments, price)
      ), locked AS (
        SELECT id FROM sms_outbox WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
      ), attempt AS (
        UPDATE sms_attempt AS attempt SET state = 'accepted', ended_at = now(),
          reports = coalesce(nullif(asked.ids, 0), attempt.reports), segments = asked.segments, cost = asked.segments * asked.price
        FROM asked JOIN locked ON locked.id = asked.id
        WHERE attempt.outbox_id = asked.id AND attempt.number = asked.attempt
        RETURNING attempt.outbox_id, attempt.number, asked.link, attempt.recipient_index
      ), part AS (
        INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index)
        SELECT attempt.outbox_id, attempt.number, ids.number, attempt.link, ids.id, ids.key, attempt.recipient_index
        FROM attempt JOIN unnest($7::uuid[], $8::smallint[], $9::text[], $10::text[]) AS ids (outbox_id, number, id, key)
          ON ids.outbox_id = attempt.outbox_id
        WHERE ids.id <> ''
        ON CONFLICT DO NOTHING
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, attempt, link) SELECT id, 'accepted', attempt, link FROM asked
      )
      UPDATE sms_outbox AS message SET state = 'sent', ring_at = NULL, settled_at = now()
      FROM asked JOIN locked ON locked.id = asked.id
      WHERE message.id = asked.id AND message.attempts = asked.attempt AND message.state IN ('sending', 'unknown')`,
    values: [
      accepted.map(({ id }) => id),
      accepted.map(({ attempt }) => attempt),
      accepted.map(({ link }) => link),
      accepted.map(({ providerIds }) => providerIds.length),
      accepted.map(({ segments }) => segments),
      accepted.map(({ price }) => price),
      parts.map(({ id }) => id),
      parts.map(({ number }) => number),
      parts.map(({ providerId }) => providerId),
      parts.map(({ providerId }) => providerKey(providerId)),
    ],
  })
  return accepted.map(() => undefined)
}
