import type { Database, Queryable } from '../database/database.ts'
import { NUMBER_PURPOSE } from './contexts.ts'
import type { Key } from './keys.ts'
import { followingIndexes, type RowKey, type SealedTable, sealedTables } from './sealed-columns.ts'
import { makeSealer, type Sealer } from './sealing.ts'

/** Few enough that a row is locked for milliseconds only. */
const BATCH = 200
/** Tries of one batch that meets the service's own writes in another order. */
const TRIES = 5

export type RotateOptions = {
  /** Of the tables: the application may not change what is sealed. */
  readonly owner: Database
  readonly dataKey: Key
  /** Told after each batch. */
  readonly onProgress: (progress: { readonly table: string; readonly moved: number }) => void
}

export type Rotated = {
  /** Rows that were moved to the current key, by table. */
  readonly moved: Readonly<Record<string, number>>
  /** Rows that do not open under any of the keys, by table; they stay as they are. */
  readonly unreadable: Readonly<Record<string, number>>
}

/**
 * Seals every value anew that is not under the current DATA_KEY, and its index with it, table by table in batches of one transaction
 * each, while the service runs. May be stopped and begun again at any time: what is done is passed over.
 */
export async function rotateDataKey({ owner, dataKey, onProgress }: RotateOptions): Promise<Rotated> {
  const sealer = makeSealer(dataKey)
  const rotated = { moved: {} as Record<string, number>, unreadable: {} as Record<string, number> }
  for (const table of sealedTables) {
    let after: readonly string[] | null = null
    do {
      const batch = await retried(() => owner.transaction((tx) => moveBatch(tx, sealer, dataKey, table, after)))
      rotated.moved[table.table] = (rotated.moved[table.table] ?? 0) + batch.moved
      rotated.unreadable[table.table] = (rotated.unreadable[table.table] ?? 0) + batch.unreadable
      if (batch.moved > 0) onProgress({ table: table.table, moved: rotated.moved[table.table] ?? 0 })
      after = batch.last
    } while (after !== null)
  }
  return rotated
}

type Batch = { readonly moved: number; readonly unreadable: number; readonly last: readonly string[] | null }

async function moveBatch(
  tx: Queryable,
  sealer: Sealer,
  dataKey: Key,
  table: SealedTable,
  after: readonly string[] | null,
): Promise<Batch> {
  const rows = await lockRows(tx, dataKey, table, after)
  const changes: Change[] = []
  let unreadable = 0
  for (const row of rows) {
    const change = changeOf(sealer, table, row)
    if (change === null) unreadable += 1
    else changes.push(change)
  }
  await writeRows(tx, table, changes)
  await followNumbers(tx, changes)
  const last = rows.at(-1)
  const isLast = last === undefined || rows.length < BATCH
  return { moved: changes.length, unreadable, last: isLast ? null : table.key.map(([column]) => String(last[column])) }
}

type Row = Readonly<Record<string, string | Buffer | null>>

/** The next rows, in the order of their key, of which something is not under the current key. */
async function lockRows(
  tx: Queryable,
  dataKey: Key,
  { table, key, columns }: SealedTable,
  after: readonly string[] | null,
): Promise<Row[]> {
  const names = key.map(([column]) => column)
  const stale = columns.flatMap(({ column, index }) => [
    `substring(${column} FROM 2 FOR 4) <> $1`,
    ...(index === undefined ? [] : [`substring(${index} FOR 4) <> $1`]),
  ])
  const from = key.map(([, type], at) => `$${at + 2}::${type}`)
  const { rows } = await tx.query<Record<string, string | Buffer | null>>(
    `SELECT ${names.map((name) => `${name}::text`).join(', ')}, ${columns.map(({ column }) => column).join(', ')}
        ${columns.map(({ index }) => (index === undefined ? '' : `, ${index}`)).join('')}
      FROM ${table}
      WHERE (${stale.join(' OR ')}) ${after === null ? '' : `AND (${names.join(', ')}) > (${from.join(', ')})`}
      ORDER BY ${names.map((name) => `${table}.${name}`).join(', ')} LIMIT ${BATCH} FOR NO KEY UPDATE`,
    [Buffer.from(dataKey.id, 'hex'), ...(after ?? [])],
  )
  return rows
}

type Change = {
  readonly key: RowKey
  readonly values: Readonly<Record<string, Buffer | null>>
  /** Of a number: what it was looked up by, and what it is now. */
  readonly index: { readonly from: Buffer; readonly to: Buffer } | null
}

/** Null where one of its values does not open. */
function changeOf(sealer: Sealer, { key, columns }: SealedTable, row: Row): Change | null {
  const ofRow = Object.fromEntries(key.map(([column]) => [column, String(row[column])]))
  const values: Record<string, Buffer | null> = {}
  let index: Change['index'] = null
  try {
    for (const { column, context, index: place } of columns) {
      const sealed = row[column]
      const plain = Buffer.isBuffer(sealed) ? sealer.open(sealed, context(ofRow)) : null
      values[column] = plain === null ? null : sealer.seal(plain, context(ofRow))
      const before = place === undefined ? null : row[place]
      if (place === undefined || plain === null || !Buffer.isBuffer(before)) continue
      const now = sealer.index(plain, NUMBER_PURPOSE)
      values[place] = now
      index = { from: before, to: now }
    }
  } catch {
    return null
  }
  return { key: ofRow, values, index }
}

async function writeRows(tx: Queryable, { table, key, columns, copies }: SealedTable, changes: readonly Change[]) {
  if (changes.length === 0) return
  const places = columns.flatMap(({ column, index }) => (index === undefined ? [column] : [column, index]))
  const parameters = [
    ...key.map(([, type], at) => `$${at + 1}::${type}[]`),
    ...places.map((_, at) => `$${key.length + at + 1}::bytea[]`),
  ]
  const names = [...key.map(([column]) => column), ...places]
  await tx.query(
    `UPDATE ${table} AS t SET ${places.map((place) => `${place} = coalesce(n.${place}, t.${place})`).join(', ')}
      FROM unnest(${parameters.join(', ')}) AS n (${names.join(', ')})
      WHERE ${key.map(([column]) => `t.${column} = n.${column}`).join(' AND ')}`,
    [
      ...key.map(([column]) => changes.map((change) => change.key[column])),
      ...places.map((place) => changes.map(({ values }) => values[place] ?? null)),
    ],
  )
  const [id] = key.map(([column]) => column)
  for (const copy of copies ?? []) {
    await tx.query(
      `UPDATE ${copy.table} AS t SET ${copy.column} = n.index FROM unnest($1::uuid[], $2::bytea[]) AS n (id, index)
        WHERE t.${copy.of} = n.id AND t.${copy.column} <> n.index`,
      [changes.map((change) => change.key[id ?? '']), changes.map(({ index }) => index?.to ?? null)],
    )
  }
}

/** What is on file under a number's index alone goes with it, in the same commit: a STOP that did not would be overlooked by reports. */
async function followNumbers(tx: Queryable, changes: readonly Change[]): Promise<void> {
  const moves = changes.flatMap(({ index }) => (index === null || index.from.equals(index.to) ? [] : [index]))
  if (moves.length === 0) return
  for (const { table, column } of followingIndexes) {
    await tx.query(
      `UPDATE ${table} AS t SET ${column} = n.after FROM
        (SELECT DISTINCT * FROM unnest($1::bytea[], $2::bytea[]) AS m (before, after)) AS n WHERE t.${column} = n.before`,
      [moves.map(({ from }) => from), moves.map(({ to }) => to)],
    )
  }
}

/** Deadlocks and the like (SQLSTATE class 40) are tried again: nothing of the batch was done. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const isConflict = String((error as { code?: unknown }).code).startsWith('40')
      if (!isConflict || attempt === TRIES) throw error
    }
  }
}
