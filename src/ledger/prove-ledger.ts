import type { Database, Queryable } from '../database/database.ts'
import type { IsoDate } from '../domain/dates.ts'
import { type Figures, readFigures } from './figures.ts'
import type { Check, Finding } from './proofs/proof.ts'
import { checks } from './proofs/registry.ts'

export type ProofOptions = {
  /** Only what came since the last closed day; everything where no day is closed. What was proven then is believed. */
  readonly sinceLastClose: boolean
  /** Money that is kept back, or in doubt, or in suspense for longer is told of. */
  readonly oldAfterMs: number
}

/** What one check found; `total` counts all of it, `findings` has the first of it. */
export type CheckResult = Pick<Check, 'name' | 'proves' | 'grade'> & {
  readonly total: number
  readonly findings: readonly Finding[]
}

/** `skipped`: checks that only a proof of everything does. */
export type Proof = {
  readonly sinceDay: IsoDate | null
  readonly found: readonly CheckResult[]
  readonly skipped: readonly string[]
  readonly checked: number
  readonly figures: Figures
}

/** Money that is kept back for longer than a day has become a case for people; settlement gives up after the same time. */
export const OLD_AFTER_MS: number = 86_400_000

/** Of one check; the total is told, and the rest is found when these are repaired. */
const MOST_FINDINGS = 20

/** Sorts of many entries stay in memory, within reason. */
const SORT_MEMORY = '64MB'

/**
 * Proves the ledger online, on one snapshot of it, so that nothing posted meanwhile is half seen. Give it a database without a short
 * statement timeout: the time it takes grows with what there is.
 */
export function proveLedger(database: Database, options: ProofOptions): Promise<Proof> {
  return database.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
    return proveSnapshot(tx, options)
  })
}

/** The same in the caller's transaction, which has one snapshot (REPEATABLE READ). */
export async function proveSnapshot(tx: Queryable, { sinceLastClose, oldAfterMs }: ProofOptions): Promise<Proof> {
  await tx.query(`SET LOCAL work_mem = '${SORT_MEMORY}'`)
  const since = sinceLastClose ? await lastClose(tx) : null
  const doable = checks.filter((check) => since === null || check.findSince !== null)
  const found: CheckResult[] = []
  for (const check of doable) {
    const result = await run(tx, check, since, oldAfterMs)
    if (result.total > 0) found.push(result)
  }
  return {
    sinceDay: since?.day ?? null,
    found,
    skipped: checks.filter((check) => !doable.includes(check)).map(({ name }) => name),
    checked: doable.length,
    figures: await readFigures(tx),
  }
}

/** Whether the books contradict themselves; without that there may still be something to look at. */
export function isWrong({ found }: Proof): boolean {
  return found.some(({ grade }) => grade === 'wrong')
}

type Since = { readonly day: IsoDate; readonly at: string }

/** What began before the close may have ended after it, so the look goes back further than the close. */
async function lastClose(tx: Queryable): Promise<Since | null> {
  const { rows } = await tx.query<Since>(
    `SELECT business_day::text AS day, (closed_at - interval '1 hour')::text AS at FROM day_close ORDER BY business_day DESC LIMIT 1`,
  )
  return rows[0] ?? null
}

async function run(tx: Queryable, check: Check, since: Since | null, oldAfterMs: number): Promise<CheckResult> {
  const { name, proves, grade, find, findSince } = check
  const { rows } = await tx.query<Finding & { total: bigint }>(
    `WITH given AS (SELECT $1::timestamptz AS since, $2::date AS since_day, $3::float8 * interval '1 millisecond' AS old_after),
      found AS (${since === null ? find : (findSince ?? find)})
     SELECT account, reference, entry, says, count(*) OVER () AS total
       FROM found, given ORDER BY account, reference, entry, says LIMIT ${MOST_FINDINGS}`,
    [since?.at ?? '-infinity', since?.day ?? '-infinity', oldAfterMs],
  )
  const findings = rows.map(({ account, reference, entry, says }) => ({ account, reference, entry, says }))
  return { name, proves, grade, total: Number(rows[0]?.total ?? 0), findings }
}
