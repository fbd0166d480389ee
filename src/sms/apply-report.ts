import type { Queryable } from '../database/database.ts'
import { gatherByDatabase } from '../database/gather.ts'
import type { Part, Report } from './match-report.ts'

/** Reports of one statement, and statements of a kind under way. */
const MOST = 100
const AT_ONCE = 2

type Applied = { readonly part: Part; readonly report: Report }

/** Writes what became of a part, and then what that means for its message. False: nothing new. Reports of one moment share statements. */
export async function applyReport(database: Queryable, part: Part, report: Report): Promise<boolean> {
  const isNew = await applyToPart(database, { part, report })
  await summarise(database, part)
  return isNew
}

const applyToPart: (database: Queryable, applied: Applied) => Promise<boolean> = gatherByDatabase(
  applyAll,
  MOST,
  AT_ONCE,
)

/** Of several reports on one part the first is written first, and the others meet what it wrote. */
async function applyAll(database: Queryable, all: readonly Applied[]): Promise<boolean[]> {
  const first = new Map<string, number>()
  const later: number[] = []
  for (const [index, { part }] of all.entries()) {
    const name = nameOf(part)
    if (first.has(name)) later.push(index)
    else first.set(name, index)
  }
  const isNew: boolean[] = all.map(() => false)
  const told = await applyOnce(
    database,
    [...first.values()].flatMap((index) => all[index] ?? []),
  )
  for (const [name, index] of first) isNew[index] = told.has(name)
  if (later.length === 0) return isNew
  const answers = await applyAll(
    database,
    later.flatMap((index) => all[index] ?? []),
  )
  for (const [place, index] of later.entries()) isNew[index] = answers[place] ?? false
  return isNew
}

/** The parts of which the report was new; each is there once. Locked in order, so that two of these never wait for each other. */
async function applyOnce(database: Queryable, all: readonly Applied[]): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<Part>({
    name: 'sms-report',
    text: `WITH asked AS (
        SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[])
          AS asked (outbox_id, attempt, number, state, reason, link)
      ), locked AS (
        SELECT part.outbox_id, part.attempt, part.number
        FROM asked JOIN sms_part AS part USING (outbox_id, attempt, number)
        ORDER BY part.outbox_id, part.attempt, part.number FOR NO KEY UPDATE OF part
      ), part AS (
        UPDATE sms_part AS part SET state = asked.state, reason = asked.reason
        FROM asked JOIN locked USING (outbox_id, attempt, number)
        WHERE part.outbox_id = asked.outbox_id AND part.attempt = asked.attempt AND part.number = asked.number
          AND part.state <> 'delivered' AND part.state <> asked.state AND asked.state <> 'pending'
        RETURNING part.outbox_id, part.attempt, part.number
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, attempt, part, link, reason)
        SELECT outbox_id, asked.state, attempt, number, asked.link, asked.reason
        FROM asked LEFT JOIN part USING (outbox_id, attempt, number)
        WHERE part.outbox_id IS NOT NULL OR (asked.state = 'pending' AND (
          SELECT true FROM sms_event AS event
          WHERE event.outbox_id = asked.outbox_id AND event.attempt = asked.attempt AND event.part = asked.number
          LIMIT 1
        ) IS NULL)
        RETURNING outbox_id, attempt, part
      )
      SELECT outbox_id, attempt, part AS number FROM event`,
    values: [
      all.map(({ part }) => part.outbox_id),
      all.map(({ part }) => part.attempt),
      all.map(({ part }) => part.number),
      all.map(({ report }) => report.state),
      all.map(({ report }) => report.reason),
      all.map(({ report }) => report.link),
    ],
  })
  return new Set(rows.map(nameOf))
}

/** The message is delivered when all its parts are, and failed when one is. Runs after each part's commit, so the last sees them all. */
const summarise: (database: Queryable, part: Part) => Promise<undefined> = gatherByDatabase(summariseAll, MOST, AT_ONCE)

async function summariseAll(database: Queryable, parts: readonly Part[]): Promise<undefined[]> {
  await database.query({
    name: 'sms-summarise',
    text: `WITH asked AS (
        SELECT DISTINCT id, number FROM unnest($1::uuid[], $2::smallint[]) AS asked (id, number)
      ), locked AS (
        SELECT id FROM sms_outbox WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
      ), parts AS (
        SELECT attempt.outbox_id, attempt.number, attempt.reports, count(*) AS known,
          count(*) FILTER (WHERE part.state = 'delivered') AS delivered, count(*) FILTER (WHERE part.state = 'failed') AS failed
        FROM asked JOIN sms_attempt AS attempt ON attempt.outbox_id = asked.id AND attempt.number = asked.number
          JOIN sms_part AS part ON part.outbox_id = attempt.outbox_id AND part.attempt = attempt.number
        GROUP BY attempt.outbox_id, attempt.number, attempt.reports
      ), settled AS (
        UPDATE sms_attempt AS attempt SET state = 'accepted' FROM parts JOIN locked ON locked.id = parts.outbox_id
        WHERE attempt.outbox_id = parts.outbox_id AND attempt.number = parts.number
          AND attempt.state = 'unknown' AND known >= parts.reports
      )
      UPDATE sms_outbox AS message
      SET state = CASE WHEN delivered >= reports THEN 'delivered' WHEN failed > 0 THEN 'failed' ELSE 'sent' END, settled_at = now()
      FROM parts JOIN locked ON locked.id = parts.outbox_id
      WHERE message.id = parts.outbox_id AND message.attempts = parts.number AND known >= reports
        AND message.state IN ('sent', 'unknown', 'failed')
        AND message.state <> CASE WHEN delivered >= reports THEN 'delivered' WHEN failed > 0 THEN 'failed' ELSE 'sent' END`,
    values: [parts.map(({ outbox_id }) => outbox_id), parts.map(({ attempt }) => attempt)],
  })
  return parts.map(() => undefined)
}

function nameOf({ outbox_id, attempt, number }: Part): string {
  return `${outbox_id}:${attempt}:${number}`
}
