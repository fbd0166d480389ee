import type { DeliveryReport } from '../aggregators/aggregator.ts'
import type { Queryable } from '../database/database.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import { findById, findByPhone, findByReference, type Part, type Report } from './match-report.ts'
import { isUsableId, providerKey } from './provider-ids.ts'
import { MATCHED_FOR } from './strays.ts'

export type RecordServices = { readonly database: Queryable; readonly sealer: Sealer }

/** `stray`: about no message that we know of (yet); it is kept. `repeated`: nothing new. */
export type RecordOutcome = { readonly kind: 'recorded' | 'repeated' | 'stray' }

const MAX_ID = 128
const MAX_REASON = 100

/**
 * Takes in a delivery report. It may come before the answer to the submit, twice, over another link, with the id written in another
 * way or none, or be the only sign that a message of unknown outcome was sent.
 */
export async function recordDelivery(
  { database, sealer }: RecordServices,
  delivered: DeliveryReport,
): Promise<RecordOutcome> {
  const report: Report = {
    ...{ link: delivered.link, state: delivered.state, receivedAt: null },
    providerId: delivered.providerId.slice(0, MAX_ID),
    reference: delivered.reference ?? null,
    reason: delivered.reason?.slice(0, MAX_REASON) ?? null,
    recipient: delivered.to === undefined ? null : numberIndex(sealer, delivered.to),
  }
  const part = (await findById(database, report)) ?? (await findByReference(database, report))
  if (part !== null) return apply(database, part, report)
  const stray = await keepStray(database, report)
  if (stray === null) return { kind: 'repeated' }
  // The answer to the submit may have committed since we looked; it looks for strays after its own commit, so one of us sees the other.
  return (await matchStray(database, stray, report)) ?? { kind: 'stray' }
}

/** Gives reports that came before the answer to the submit, or about an outcome that is unknown, to their message. */
export async function claimStrays(
  database: Queryable,
  recipient: Buffer,
  providerIds: readonly string[],
): Promise<void> {
  const { rows } = await database.query<Report & { readonly id: bigint }>({
    name: 'sms-strays',
    text: `SELECT id, link, provider_id AS "providerId", reference, state, reason, received_at::text AS "receivedAt", $1::bytea AS recipient
      FROM sms_stray_report
      WHERE claimed_by IS NULL AND expired_at IS NULL AND received_at > now() - interval '${MATCHED_FOR}'
        AND (recipient_index = $1 OR (recipient_index IS NULL AND provider_key = ANY ($2::text[])))
      ORDER BY id LIMIT 100`,
    values: [recipient, providerIds.filter(isUsableId).map(providerKey)],
  })
  for (const { id, ...report } of rows) await matchStray(database, id, report)
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

/** Null: the same report is kept already. Of those that name nothing but the phone, none is known to be the same. */
async function keepStray(database: Queryable, report: Report): Promise<bigint | null> {
  const key = providerKey(report.providerId)
  const { rows } = await database.query<{ id: bigint }>({
    name: 'sms-keep-stray',
    text: `INSERT INTO sms_stray_report (link, provider_id, provider_key, recipient_index, state, reason, reference)
      SELECT $1, $2, $3, $4::bytea, $5, $6, $7::integer
      WHERE $8 OR NOT EXISTS (
        SELECT FROM sms_stray_report
        WHERE provider_key = $3 AND claimed_by IS NULL AND expired_at IS NULL AND link = $1 AND state = $5
          AND recipient_index IS NOT DISTINCT FROM $4::bytea AND reference IS NOT DISTINCT FROM $7::integer
          AND received_at > now() - interval '1 day'
      )
      RETURNING id`,
    values: [
      ...[report.link, report.providerId, key, report.recipient, report.state, report.reason, report.reference],
      !isUsableId(report.providerId) && report.reference === null,
    ],
  })
  return rows[0]?.id ?? null
}

/** Null: there is no message for it, or somebody else has found it. */
async function matchStray(database: Queryable, stray: bigint, report: Report): Promise<RecordOutcome | null> {
  const part =
    (await findById(database, report)) ??
    (await findByReference(database, report)) ??
    (await findByPhone(database, report))
  if (part === null) return null
  const { rowCount } = await database.query({
    name: 'sms-claim-stray',
    text: 'UPDATE sms_stray_report SET claimed_by = $2 WHERE id = $1 AND claimed_by IS NULL',
    values: [stray, part.outbox_id],
  })
  return rowCount === 1 ? apply(database, part, report) : null
}
