import type { DeliveryReport } from '../aggregators/aggregator.ts'
import type { Queryable } from '../database/database.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import { possibleKeys, providerKey } from './provider-ids.ts'

export type RecordServices = { readonly database: Queryable; readonly sealer: Sealer }

/** `stray`: about no message that we know of (yet); it is kept. `repeated`: nothing new. */
export type RecordOutcome = { readonly kind: 'recorded' | 'repeated' | 'stray' }

type Report = {
  readonly link: string
  readonly providerId: string
  readonly state: DeliveryReport['state']
  readonly reason: string | null
}
type Part = { outbox_id: string; attempt: number; number: number }

/** A report about an unknown outcome is believed for so long after the attempt. */
const UNKNOWN_FOR = '2 days'
const MAX_ID = 128
const MAX_REASON = 100

/**
 * Takes in a delivery report. It may come before the answer to the submit, twice, over another link, with the id written in another
 * way, or be the only sign that a message of unknown outcome was sent.
 */
export async function recordDelivery(
  { database, sealer }: RecordServices,
  report: DeliveryReport,
): Promise<RecordOutcome> {
  const cut: Report = {
    ...report,
    providerId: report.providerId.slice(0, MAX_ID),
    reason: report.reason?.slice(0, MAX_REASON) ?? null,
  }
  const recipient = report.to === undefined ? null : numberIndex(sealer, report.to)
  const part = await findPart(database, cut, recipient)
  if (part !== null) return apply(database, part, cut)
  const stray = await keepStray(database, cut, recipient)
  if (stray === null) return { kind: 'repeated' }
  // The answer to the submit may have committed since we looked; it looks for strays after its own commit, so one of us sees the other.
  return (await matchStray(database, stray, cut, recipient)) ? { kind: 'recorded' } : { kind: 'stray' }
}

/** Gives reports that came before the answer to the submit, or about an outcome that is unknown, to their message. */
export async function claimStrays(
  database: Queryable,
  recipient: Buffer,
  providerIds: readonly string[],
): Promise<void> {
  const { rows } = await database.query<{
    id: bigint
    link: string
    provider_id: string
    state: Report['state']
    reason: string | null
  }>({
    name: 'sms-strays',
    text: `SELECT id, link, provider_id, state, reason FROM sms_stray_report
      WHERE claimed_by IS NULL AND received_at > now() - $3::interval
        AND (recipient_index = $1 OR (recipient_index IS NULL AND provider_key = ANY ($2::text[])))
      ORDER BY id LIMIT 100`,
    values: [recipient, providerIds.map(providerKey), UNKNOWN_FOR],
  })
  for (const row of rows) {
    await matchStray(
      database,
      row.id,
      { link: row.link, providerId: row.provider_id, state: row.state, reason: row.reason },
      recipient,
    )
  }
}

/** The part that a report is about: by its id in any writing, and by the phone where the report names it; the newest of several. */
async function findPart(database: Queryable, report: Report, recipient: Buffer | null): Promise<Part | null> {
  const { rows } = await database.query<Part>({
    name: 'sms-find-part',
    text: `SELECT outbox_id, attempt, number FROM sms_part
      WHERE provider_key = ANY ($1::text[]) AND ($2::bytea IS NULL OR recipient_index = $2) AND ($2::bytea IS NOT NULL OR link = $3)
      ORDER BY array_position($1::text[], provider_key), link = $3 DESC, created_at DESC LIMIT 1`,
    values: [
      recipient === null ? [providerKey(report.providerId)] : possibleKeys(report.providerId),
      recipient,
      report.link,
    ],
  })
  return rows[0] ?? null
}

async function apply(database: Queryable, part: Part, report: Report): Promise<RecordOutcome> {
  const { rowCount } = await database.query({
    name: 'sms-report',
    text: `WITH part AS (
        UPDATE sms_part SET state = $4, reason = $5
        WHERE outbox_id = $1 AND attempt = $2 AND number = $3 AND state <> 'delivered' AND state <> $4 AND $4 <> 'pending'
        RETURNING number
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, attempt, part, link, reason)
        SELECT $1, $4, $2, $3, $6, $5
        WHERE EXISTS (SELECT FROM part) OR ($4 = 'pending' AND NOT EXISTS (
          SELECT FROM sms_event WHERE outbox_id = $1 AND attempt = $2 AND part = $3
        ))
        RETURNING id
      )
      SELECT FROM event`,
    values: [part.outbox_id, part.attempt, part.number, report.state, report.reason, report.link],
  })
  await summarise(database, part)
  return { kind: rowCount === 1 ? 'recorded' : 'repeated' }
}

/** The message is delivered when all its parts are, and failed when one is. Runs after each part's commit, so the last sees them all. */
async function summarise(database: Queryable, part: Part): Promise<void> {
  await database.query({
    name: 'sms-summarise',
    text: `WITH parts AS (
        SELECT attempt.reports, count(*) AS known,
          count(*) FILTER (WHERE part.state = 'delivered') AS delivered, count(*) FILTER (WHERE part.state = 'failed') AS failed
        FROM sms_attempt AS attempt JOIN sms_part AS part ON part.outbox_id = attempt.outbox_id AND part.attempt = attempt.number
        WHERE attempt.outbox_id = $1 AND attempt.number = $2
        GROUP BY attempt.reports
      ), settled AS (
        UPDATE sms_attempt SET state = 'accepted' FROM parts
        WHERE outbox_id = $1 AND number = $2 AND state = 'unknown' AND known >= parts.reports
      )
      UPDATE sms_outbox AS message
      SET state = CASE WHEN delivered >= reports THEN 'delivered' WHEN failed > 0 THEN 'failed' ELSE 'sent' END, settled_at = now()
      FROM parts
      WHERE id = $1 AND attempts = $2 AND known >= reports AND state IN ('sent', 'unknown', 'failed')
        AND state <> CASE WHEN delivered >= reports THEN 'delivered' WHEN failed > 0 THEN 'failed' ELSE 'sent' END`,
    values: [part.outbox_id, part.attempt],
  })
}

/** Null: the same report is kept already. */
async function keepStray(database: Queryable, report: Report, recipient: Buffer | null): Promise<bigint | null> {
  const { rows } = await database.query<{ id: bigint }>({
    name: 'sms-keep-stray',
    text: `INSERT INTO sms_stray_report (link, provider_id, provider_key, recipient_index, state, reason)
      SELECT $1, $2, $3, $4::bytea, $5, $6
      WHERE NOT EXISTS (
        SELECT FROM sms_stray_report
        WHERE provider_key = $3 AND claimed_by IS NULL AND link = $1 AND state = $5 AND recipient_index IS NOT DISTINCT FROM $4::bytea
          AND received_at > now() - interval '1 day'
      )
      RETURNING id`,
    values: [report.link, report.providerId, providerKey(report.providerId), recipient, report.state, report.reason],
  })
  return rows[0]?.id ?? null
}

async function matchStray(
  database: Queryable,
  stray: bigint,
  report: Report,
  recipient: Buffer | null,
): Promise<boolean> {
  const part = (await findPart(database, report, recipient)) ?? (await adopt(database, report, recipient))
  if (part === null) return false
  const { rowCount } = await database.query({
    name: 'sms-claim-stray',
    text: 'UPDATE sms_stray_report SET claimed_by = $2 WHERE id = $1 AND claimed_by IS NULL',
    values: [stray, part.outbox_id],
  })
  if (rowCount === 1) await apply(database, part, report)
  return rowCount === 1
}

/**
 * An id that nobody gave us, for a phone that exactly one message of unknown outcome went to over this link: the answer that was lost
 * would have told us this id. With more than one candidate nothing is guessed.
 */
async function adopt(database: Queryable, report: Report, recipient: Buffer | null): Promise<Part | null> {
  if (recipient === null) return null
  const { rows } = await database.query<Part>({
    name: 'sms-adopt',
    text: `WITH candidate AS (
        SELECT outbox_id, number, state, reports FROM sms_attempt
        WHERE recipient_index = $1 AND link = $2 AND state IN ('started', 'unknown') AND started_at > now() - $5::interval
      ), chosen AS (
        SELECT outbox_id, number, (
          SELECT count(*) FROM sms_part WHERE sms_part.outbox_id = candidate.outbox_id AND attempt = candidate.number
        ) AS known, reports
        FROM candidate WHERE state = 'unknown' AND (SELECT count(*) FROM candidate) = 1
      )
      INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index)
      SELECT outbox_id, number, known + 1, $2, $3, $4, $1 FROM chosen WHERE known < reports
      ON CONFLICT DO NOTHING
      RETURNING outbox_id, attempt, number`,
    values: [recipient, report.link, report.providerId, providerKey(report.providerId), UNKNOWN_FOR],
  })
  return rows[0] ?? null
}
