import type { Queryable } from '../../database/database.ts'
import type { LeafRow } from './leaf.ts'

/** A table whose rows become leaves. */
type Source = {
  readonly kind: LeafRow['kind']
  readonly table: string
  /** Columns of its key, which with `version` name a leaf. */
  readonly id: string
  readonly version: string
  /** The other columns of a `LeafRow`. */
  readonly columns: string
}

const AT = `to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`

export const SOURCES: readonly Source[] = [
  {
    ...{ kind: 'event', table: 'audit_event', id: 'r.id', version: '0' },
    columns: `${AT}, r.actor_kind AS "actorKind", r.actor_id AS "actorId", r.action, r.subject, r.payload`,
  },
  {
    ...{ kind: 'move', table: 'transfer_event', id: 'r.transfer_id', version: 'r.version' },
    columns: `${AT}, r.from_state AS "from", r.to_state AS "to", r.reason`,
  },
  {
    ...{ kind: 'row', table: 'operator_event', id: 'r.id', version: '-1' },
    columns: `${AT}, r.actor, r.action, r.subject, r.content`,
  },
]

/** A row without a leaf, and the transaction that wrote it. */
export type Unsequenced = { readonly row: LeafRow; readonly xid: bigint }

/**
 * Every row that this server wrote and that can be seen is of a transaction before this one. Beyond are rows of another server, where the
 * database was restored: whoever asked for these too would look at all of them each time.
 */
export const NEXT_XID: string =
  'greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_current_xact_id_if_assigned()::text::bigint + 1)'

/** Rows of a source that transactions from `floor` on have written and that have no leaf, in the order of these, `limit` at most. */
export async function readUnsequenced(
  tx: Queryable,
  source: Source,
  floor: bigint,
  limit: number,
): Promise<Unsequenced[]> {
  // In a subquery of its own, so that however many leaves there are each row costs one look into their index.
  const { rows } = await tx.query<{ xid: bigint; id: string; version: number }>({
    name: `audit-unsequenced-${source.kind}`,
    text: `SELECT r.xid, ${source.id} AS id, ${source.version} AS version, ${source.columns} FROM ${source.table} r
            WHERE r.xid >= $1 AND r.xid < ${NEXT_XID} AND ${hasNoLeaf(source)} ORDER BY r.xid, 2, 3 LIMIT $2`,
    values: [floor, limit],
  })
  return rows.map((found) => ({ row: rowOf(source.kind, found), xid: found.xid }))
}

/** Where a full look at a source has come to. */
export type LookedAt = { readonly id: string; readonly version: number }

const BEGINNING: LookedAt = { id: '00000000-0000-0000-0000-000000000000', version: -2 }

/** Looks at the next `count` rows of a source, whoever wrote them; those that have no leaf. `next` null: that was the last of them. */
export async function lookAtAll(
  tx: Queryable,
  source: Source,
  after: LookedAt | null,
  count: number,
): Promise<{ readonly rows: readonly Unsequenced[]; readonly next: LookedAt | null }> {
  const { id, version } = after ?? BEGINNING
  const key =
    source.version === 'r.version'
      ? `(${source.id}, r.version) > ($1, $2::integer)`
      : `${source.id} > $1 AND $2::integer IS NOT NULL`
  const seen = await tx.query<LookedAt & { missing: boolean }>(
    `SELECT ${source.id} AS id, ${source.version} AS version, ${hasNoLeaf(source)} AS missing FROM ${source.table} r
      WHERE ${key} ORDER BY 1, 2 LIMIT $3`,
    [id, version, count],
  )
  const last = seen.rows.at(-1)
  const missing = seen.rows.filter((row) => row.missing)
  const found = await readRows(tx, source, missing)
  return {
    rows: found.map((row) => ({ row, xid: 0n })),
    next: last === undefined || seen.rows.length < count ? null : { id: last.id, version: last.version },
  }
}

async function readRows(tx: Queryable, source: Source, keys: readonly LookedAt[]): Promise<LeafRow[]> {
  if (keys.length === 0) return []
  const { rows } = await tx.query<{ id: string; version: number }>(
    `SELECT ${source.id} AS id, ${source.version} AS version, ${source.columns}
       FROM unnest($1::uuid[], $2::integer[]) AS k (id, version) JOIN ${source.table} r ON ${source.id} = k.id AND ${source.version} = k.version
      ORDER BY r.at, 1, 2`,
    [keys.map(({ id }) => id), keys.map(({ version }) => version)],
  )
  return rows.map((found) => rowOf(source.kind, found))
}

/** A leaf as it stands in the database; `row` null: what it names is not there. `seal`: of an event, what `Audit.verify` wants. */
export type StoredLeaf = {
  readonly position: number
  readonly id: string
  readonly version: number
  readonly seal: Buffer
  readonly row: LeafRow | null
  readonly eventSeal: Buffer | null
}

/** The leaves from position `from` to before `to`, in order; those that are missing are left out. */
export async function readLeaves(db: Queryable, from: number, to: number): Promise<StoredLeaf[]> {
  const leaves = await db.query<{ position: bigint; id: string; version: number; seal: Buffer }>(
    'SELECT position, event_id AS id, version, seal FROM audit_leaf WHERE position >= $1 AND position < $2 ORDER BY position',
    [from, to],
  )
  const rows = new Map<string, { row: LeafRow; eventSeal: Buffer | null }>()
  for (const source of SOURCES) {
    const found = await db.query<{ id: string; version: number; eventSeal: Buffer | null }>(
      `SELECT l.event_id AS id, l.version, ${source.kind === 'event' ? 'r.seal' : 'NULL::bytea'} AS "eventSeal", ${source.columns}
         FROM audit_leaf l JOIN ${source.table} r ON ${source.id} = l.event_id AND ${source.version} = l.version
        WHERE l.position >= $1 AND l.position < $2`,
      [from, to],
    )
    for (const one of found.rows)
      rows.set(`${one.id} ${one.version}`, { row: rowOf(source.kind, one), eventSeal: one.eventSeal })
  }
  return leaves.rows.map(({ position, id, version, seal }) => {
    const found = rows.get(`${id} ${version}`)
    return {
      position: Number(position),
      id,
      version,
      seal,
      row: found?.row ?? null,
      eventSeal: found?.eventSeal ?? null,
    }
  })
}

function hasNoLeaf({ id, version }: Source): string {
  return `(SELECT true FROM audit_leaf l WHERE l.event_id = ${id} AND l.version = ${version}) IS NULL`
}

function rowOf(kind: LeafRow['kind'], found: object): LeafRow {
  return { kind, ...found } as LeafRow
}
