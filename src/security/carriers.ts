import type { Queryable } from '../database/database.ts'
import { fixedColumns, sealedTables } from './sealed-columns.ts'

/** How many rows of a table carry a key, by the id of the key. `stays`: rows that no rotation moves. */
export type Carrier = {
  readonly kind: 'data' | 'pin'
  readonly keyId: string
  readonly table: string
  readonly rows: number
  readonly stays: boolean
}

/** Rows by the key that they were made with; reads whole tables, so it is for tools, and for a start that misses a key. */
export async function countCarriers(db: Queryable): Promise<Carrier[]> {
  const data = sealedTables.flatMap(({ table, columns }) =>
    columns.flatMap(({ column, index }) => [
      keysIn(table, `encode(substring(${column} FROM 2 FOR 4), 'hex')`),
      ...(index === undefined ? [] : [keysIn(table, `encode(substring(${index} FOR 4), 'hex')`)]),
    ]),
  )
  // The other indexes are of use for days only; what somebody said about messages holds for ever.
  const consent = keysIn('sms_consent', `encode(substring(number_index FOR 4), 'hex')`)
  const history = Object.entries(fixedColumns).flatMap(([place, why]) => {
    const [table = '', column = ''] = place.split('.')
    return why === 'history' ? [keysIn(table, `encode(substring(${column} FROM 2 FOR 4), 'hex')`)] : []
  })
  const pins = [
    keysIn('credential', 'left(pin_hash::text, 8)'),
    keysIn('pin_history', 'left(pin_hash::text, 8)'),
    keysIn('identity_question', 'left(answer_hash::text, 8)'),
  ]
  const rows = [
    ...(await count(db, [...data, consent])).map((row) => ({ ...row, kind: 'data', stays: false }) as const),
    ...(await count(db, history)).map((row) => ({ ...row, kind: 'data', stays: true }) as const),
    ...(await count(db, pins)).map((row) => ({ ...row, kind: 'pin', stays: false }) as const),
  ]
  return rows.sort((a, b) => `${a.kind} ${a.keyId} ${a.table}`.localeCompare(`${b.kind} ${b.keyId} ${b.table}`))
}

function keysIn(table: string, key: string): string {
  return `SELECT '${table}' AS "table", ${key} AS "keyId", count(*)::int AS rows FROM ${table} GROUP BY 2`
}

/** A row that carries a key in several columns counts once where they agree: the largest count of its table's columns. */
async function count(db: Queryable, parts: readonly string[]) {
  const { rows } = await db.query<Pick<Carrier, 'table' | 'keyId' | 'rows'>>(
    `SELECT "table", "keyId", max(rows)::int AS rows FROM (${parts.join(' UNION ALL ')}) AS counted
      WHERE "keyId" IS NOT NULL GROUP BY 1, 2`,
  )
  return rows
}
