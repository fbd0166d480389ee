import type { DeliveryReport } from '../aggregators/aggregator.ts'
import type { Queryable } from '../database/database.ts'
import { numberIndexes } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import { acceptSettled } from './accepts-under-way.ts'
import { applyReport, applyReportById } from './apply-report.ts'
import { findById, findByPhone, findByReference, type Part, type Report } from './match-report.ts'
import { isUsableId, providerKey } from './provider-ids.ts'
import { MATCHED_FOR, mayHaveStrays } from './strays.ts'

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
  const base: Omit<Report, 'recipient'> = {
    ...{ link: delivered.link, state: delivered.state, receivedAt: null },
    providerId: delivered.providerId.slice(0, MAX_ID),
    reference: delivered.reference ?? null,
    reason: delivered.reason?.slice(0, MAX_REASON) ?? null,
  }
  const [recipient, ...older] = delivered.to === undefined ? [null] : numberIndexes(sealer, delivered.to)
  const report: Report = { ...base, recipient }
  await acceptSettled(database, report.providerId)
  for (const one of [report, ...older.map((index) => ({ ...base, recipient: index }))]) {
    const isNew = await applyReportById(database, one)
    if (isNew !== null) return { kind: isNew ? 'recorded' : 'repeated' }
    const part = await findByReference(database, one)
    if (part !== null) return apply(database, part, one)
  }
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
  if (!(await mayHaveStrays(database, { recipient, keys: providerIds.filter(isUsableId).map(providerKey) }))) return
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
  return { kind: (await applyReport(database, part, report)) ? 'recorded' : 'repeated' }
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
