import type { Queryable } from '../database/database.ts'
import { gatherByDatabase } from '../database/gather.ts'
import { type Part, type Report, writtenKeys } from './match-report.ts'
import { isUsableId } from './provider-ids.ts'

/** Reports of one statement, and statements of a kind under way. */
const MOST = 100
const AT_ONCE = 2

type Applied = { readonly part: Part; readonly report: Report }

/** Writes what became of a part, and what that means for its message, in one commit. False: nothing new. Reports of one moment share statements. */
export function applyReport(database: Queryable, part: Part, report: Report): Promise<boolean> {
  return applyToPart(database, { part, report })
}

/** The same for the part that has the report's id. Null: none has, and nothing was written. */
export function applyReportById(database: Queryable, report: Report): Promise<boolean | null> {
  return isUsableId(report.providerId) ? applyById(database, report) : Promise.resolve(null)
}

const applyToPart: (database: Queryable, applied: Applied) => Promise<boolean> = gatherByDatabase(
  applyAll,
  MOST,
  AT_ONCE,
)

const applyById: (database: Queryable, report: Report) => Promise<boolean | null> = gatherByDatabase(
  applyAllById,
  MOST,
  AT_ONCE,
)

async function applyAll(database: Queryable, all: readonly Applied[]): Promise<boolean[]> {
  const { rows } = await database.query<{ at: number }>({
    name: 'sms-report',
    text: 'SELECT sms_apply_reports($1, $2, $3, $4, $5, $6) AS at',
    values: [
      all.map(({ part }) => part.outbox_id),
      all.map(({ part }) => part.attempt),
      all.map(({ part }) => part.number),
      all.map(({ report }) => report.state),
      all.map(({ report }) => report.reason),
      all.map(({ report }) => report.link),
    ],
  })
  const told = new Set(rows.map(({ at }) => at))
  return all.map((_, index) => told.has(index + 1))
}

async function applyAllById(database: Queryable, reports: readonly Report[]): Promise<(boolean | null)[]> {
  const { rows } = await database.query<{ at: number; is_new: boolean }>({
    name: 'sms-report-by-id',
    text: 'SELECT at, is_new FROM sms_report_by_id($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [...writtenKeys(reports), reports.map(({ state }) => state), reports.map(({ reason }) => reason)],
  })
  const answers = new Map(rows.map(({ at, is_new: isNew }) => [at, isNew]))
  return reports.map((_, index) => answers.get(index + 1) ?? null)
}
