import type { Queryable } from '../../database/database.ts'
import type { SubscriberId } from '../../domain/ids.ts'
import type { Market, NumberingPlan } from '../../domain/market.ts'
import { type Msisdn, parseMsisdn } from '../../domain/msisdn.ts'
import { numberIndexes } from '../../security/contexts.ts'
import type { Sealer } from '../../security/sealing.ts'
import { findById } from '../../subscribers/find.ts'
import { type ListRow, personalValues, type Segment } from './draft.ts'

/** A person of a list, ready to be written to. */
export type Listed = {
  readonly line: number
  readonly number: Msisdn
  readonly language: string
  readonly fields: Readonly<Record<string, string>>
}

export type ReadList = {
  readonly listed: readonly Listed[]
  /** Rows of a number that stands further up. */
  readonly repeated: number
  /** A sentence for each row that is wrong. */
  readonly problems: readonly string[]
}

/** Numbers looked up in one query. */
const BATCH = 1_000

/** Reads numbers and finds each person's language: the row's own, the one on file, or `otherwise`. */
export async function readList(
  db: Queryable,
  sealer: Sealer,
  plan: NumberingPlan,
  rows: readonly ListRow[],
  otherwise: string | null,
): Promise<ReadList> {
  const problems: string[] = []
  const people = new Map<Msisdn, ListRow>()
  let repeated = 0
  for (const row of rows) {
    const number = parseMsisdn(row.number, plan)
    if (number === null) problems.push(`Line ${row.line}: that is no mobile number of this country.`)
    else if (people.has(number)) repeated += 1
    else people.set(number, row)
  }
  const unsaid = [...people].filter(([, { language }]) => language === null).map(([number]) => number)
  const onFile = await languagesOnFile(db, sealer, unsaid)
  const listed = [...people].flatMap(([number, { line, language, fields }]): Listed[] => {
    const spoken = language ?? onFile.get(number) ?? otherwise
    if (spoken !== null) return [{ line, number, language: spoken, fields }]
    problems.push(`Line ${line} names no language, and nobody on file has that number. Add a column language.`)
    return []
  })
  return { listed, repeated, problems }
}

async function languagesOnFile(
  db: Queryable,
  sealer: Sealer,
  numbers: readonly Msisdn[],
): Promise<ReadonlyMap<Msisdn, string>> {
  const found = new Map<Msisdn, string>()
  for (let from = 0; from < numbers.length; from += BATCH) {
    const batch = new Map(
      numbers
        .slice(from, from + BATCH)
        .flatMap((number) => numberIndexes(sealer, number).map((index) => [index.toString('hex'), number] as const)),
    )
    const { rows } = await db.query<{ key: string; language: string }>(
      `SELECT encode(number_index, 'hex') AS key, language FROM subscriber
        WHERE number_index = ANY (SELECT decode(key, 'hex') FROM unnest($1::text[]) AS key) AND status <> 'closed'`,
      [[...batch.keys()]],
    )
    for (const { key, language } of rows) {
      const number = batch.get(key)
      if (number !== undefined) found.set(number, language)
    }
  }
  return found
}

/** The conditions of a segment, on a row of `subscriber`; `segmentValues` are its parameters, from $1 on. */
export const SEGMENT = `status <> 'closed'
  AND (cardinality($1::text[]) = 0 OR language = ANY ($1)) AND (cardinality($2::text[]) = 0 OR tier = ANY ($2))
  AND (cardinality($3::text[]) = 0 OR status = ANY ($3))
  AND ($4::text IS NULL OR enrolled_at >= $4::timestamp AT TIME ZONE $6)
  AND ($5::text IS NULL OR enrolled_at < $5::timestamp AT TIME ZONE $6)`

export function segmentValues(segment: Segment, { timeZone }: Market): unknown[] {
  const { languages, tiers, statuses, enrolledFrom, enrolledBefore } = segment
  return [languages, tiers, statuses, enrolledFrom, enrolledBefore, timeZone]
}

/** How many of a segment speak a language, and the fields of one of them. */
export type Speakers = {
  readonly language: string
  readonly people: number
  readonly example: Readonly<Record<string, string>>
}

/** The languages of a segment, the commonest first. */
export async function readSpeakers(
  db: Queryable,
  sealer: Sealer,
  segment: Segment,
  market: Market,
): Promise<readonly Speakers[]> {
  const { rows } = await db.query<{ language: string; people: number; one: SubscriberId }>(
    `SELECT language, count(*)::int AS people, (array_agg(id ORDER BY id))[1] AS one
      FROM subscriber WHERE ${SEGMENT} GROUP BY language ORDER BY people DESC, language`,
    segmentValues(segment, market),
  )
  return Promise.all(
    rows.map(async ({ language, people, one }) => {
      const person = await findById(db, sealer, one)
      return { language, people, example: personalValues(person?.name ?? '') }
    }),
  )
}
