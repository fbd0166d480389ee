import type { DeliveryReport } from '../aggregators/aggregator.ts'
import type { Queryable } from '../database/database.ts'
import { isUsableId, possibleKeys, providerKey } from './provider-ids.ts'
import { MATCHED_FOR } from './strays.ts'

/** A delivery report as it is stored. */
export type Report = {
  readonly link: string
  /** Empty where the network named none. */
  readonly providerId: string
  readonly reference: number | null
  readonly state: DeliveryReport['state']
  readonly reason: string | null
  /** The phone it is about, as an index; null where it names none. */
  readonly recipient: Buffer | null
  /** As PostgreSQL writes it, since a Date would lose microseconds; null: now. */
  readonly receivedAt: string | null
}

export type Part = { readonly outbox_id: string; readonly attempt: number; readonly number: number }

/** The part that a report is about, by its id in any writing, and by the phone where the report names it. */
export async function findById(database: Queryable, report: Report): Promise<Part | null> {
  if (!isUsableId(report.providerId)) return null
  const { rows } = await database.query<Part>({
    name: 'sms-find-part',
    text: 'SELECT outbox_id, attempt, number FROM sms_find_parts($1, $2, $3, $4, $5, $6)',
    values: writtenKeys([report]),
  })
  return rows[0] ?? null
}

/**
 * What `sms_find_parts` asks for. An id that comes without its phone is taken as it is written, since ids of two networks that write
 * them in different bases may look the same.
 */
export function writtenKeys(reports: readonly Report[]): unknown[] {
  const keys = reports.map(({ providerId, recipient }) =>
    recipient === null ? [providerKey(providerId)] : possibleKeys(providerId),
  )
  return [
    ...[0, 1, 2].map((place) => keys.map((each) => each[place] ?? null)),
    reports.map(({ recipient }) => recipient),
    reports.map(({ link }) => link),
    reports.map(({ reference }) => reference),
  ]
}

/** The part whose submit carried the reference that came back, over any link; null where two to that phone did. */
export async function findByReference(database: Queryable, report: Report): Promise<Part | null> {
  if (report.recipient === null || report.reference === null) return null
  const { rows } = await database.query<Part>({
    name: 'sms-part-by-reference',
    text: `WITH candidate AS (
        SELECT outbox_id, number, state, link, (($2::integer - reference + 65536) % 65536) + 1 AS part
        FROM sms_attempt
        WHERE recipient_index = $1 AND started_at BETWEEN now() - interval '${MATCHED_FOR}' AND coalesce($3::timestamptz, now())
          AND (($2::integer - reference + 65536) % 65536) < greatest(segments, reports)
      )
      INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index)
      SELECT outbox_id, number, part, link, $4, $5, $1 FROM candidate
      WHERE state <> 'started' AND (SELECT count(*) FROM candidate) = 1
      ON CONFLICT (outbox_id, attempt, number) DO UPDATE SET state = sms_part.state
      RETURNING outbox_id, attempt, number`,
    values: [report.recipient, report.reference, report.receivedAt, ...stored(report)],
  })
  return rows[0] ?? null
}

/**
 * The only message to that phone over this link that may still be without its id: the answer that was lost, or that named none, would have
 * told us this one. A report without an id settles a message in one piece only, since its parts' reports cannot be told apart.
 * With more than one candidate nothing is guessed.
 */
export async function findByPhone(database: Queryable, report: Report): Promise<Part | null> {
  if (report.recipient === null) return null
  const { rows } = await database.query<Part>({
    name: 'sms-part-by-phone',
    text: `WITH candidate AS (
        SELECT outbox_id, number, state, reports, (
          SELECT min(place) FROM generate_series(1, reports) AS place LEFT JOIN sms_part AS part
            ON part.outbox_id = sms_attempt.outbox_id AND part.attempt = sms_attempt.number AND part.number = place
          WHERE part.number IS NULL OR ($6::boolean AND part.state = 'sent')
        ) AS part
        FROM sms_attempt
        WHERE recipient_index = $1 AND link = $2 AND state <> 'refused'
          AND started_at BETWEEN now() - interval '${MATCHED_FOR}' AND coalesce($3::timestamptz, now())
      ), open AS (
        SELECT * FROM candidate WHERE part IS NOT NULL
      )
      INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index)
      SELECT outbox_id, number, part, $2, $4, $5, $1 FROM open
      WHERE state <> 'started' AND (reports = 1 OR NOT $6::boolean) AND (SELECT count(*) FROM open) = 1
      ON CONFLICT (outbox_id, attempt, number) DO UPDATE SET state = sms_part.state
      RETURNING outbox_id, attempt, number`,
    values: [report.recipient, report.link, report.receivedAt, ...stored(report), !isUsableId(report.providerId)],
  })
  return rows[0] ?? null
}

function stored({ providerId }: Report): [string, string] {
  return isUsableId(providerId) ? [providerId, providerKey(providerId)] : ['', '']
}
