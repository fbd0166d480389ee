import type { Database, Queryable } from '../../database/database.ts'
import { type LogSigner, openCheckpoint } from './checkpoint.ts'
import { hashRow, type SealLeaf, versionOf } from './leaf.ts'
import { type LookedAt, lookAtAll, readUnsequenced, SOURCES, type Unsequenced } from './rows.ts'
import { readNewestNote, tilesOf } from './stored.ts'
import { edgeOf, type GrowingTree, growTree, tileWidth } from './tiles.ts'

export type SequenceServices = {
  readonly database: Database
  readonly signer: LogSigner
  readonly sealLeaf: SealLeaf
}

export type Sequenced =
  /** Another process puts rows in order just now. */
  | { readonly kind: 'elsewhere' }
  /**
   * `leaves`: how many were added, and signed with what they come after, in one commit. `more`: there are others. `fullLookDue`: it is a day
   * since every row was looked at.
   */
  | { readonly kind: 'done'; readonly leaves: number; readonly more: boolean; readonly fullLookDue: boolean }

/** Any number, the same in every process that sequences: the name of the advisory lock. */
const ADVISORY_LOCK = 384_021_119
/** Rows of each source in one commit. */
const BATCH = 5_000
/** Rows of each source that a step of a full look goes over. */
const STRIDE = 20_000

type Progress = { floor: bigint; isRestored: boolean; horizon: bigint; fullLookDue: boolean }

/**
 * Makes leaves of the rows that have none: of all that transactions from the floor on have written, however late they commit. The floor
 * rises to the oldest transaction that still runs. Throws, and adds nothing, where what is stored is not what was signed.
 */
export function sequenceNew(services: SequenceServices, batch: number = BATCH): Promise<Sequenced> {
  return alone(services, async (tx) => {
    const { floor, isRestored, horizon, fullLookDue } = await readProgress(tx)
    const found: Unsequenced[][] = []
    for (const source of SOURCES) found.push(await readUnsequenced(tx, source, floor, batch))
    const rows = found.flat().sort(byTransaction)
    const full = found.filter((of) => of.length === batch)
    if (rows.length > 0 || isRestored) {
      await addLeaves(tx, services, rows)
      // Rows of a source that has more are sure to be there only up to the last one read.
      const safe = full.map((of) => of.at(-1)?.xid ?? horizon)
      const next = [horizon, ...safe].reduce((a, b) => (b < a ? b : a))
      await tx.query(
        'UPDATE audit_progress SET floor_xid = $1, full_look_at = CASE WHEN $2 THEN NULL ELSE full_look_at END',
        [next, isRestored],
      )
    }
    return { kind: 'done', leaves: rows.length, more: full.length > 0, fullLookDue: fullLookDue || isRestored }
  })
}

/** Where a full look has come to, for each source. */
export type FullLook = readonly (LookedAt | null)[]

/**
 * One step of a look at every row there is, from the first on: finds what no floor guards, such as rows of a database that was restored
 * elsewhere. `next` null: it has come to the end.
 */
export async function sequenceAll(
  services: SequenceServices,
  look: FullLook | null,
  stride: number = STRIDE,
): Promise<Sequenced & { readonly next?: FullLook | null }> {
  return alone(services, async (tx) => {
    const steps = []
    for (const [n, source] of SOURCES.entries()) {
      const after = look === null ? null : look[n]
      if (look === null || after !== null) steps.push(await lookAtAll(tx, source, after ?? null, stride))
      else steps.push({ rows: [], next: null })
    }
    const rows = steps.flatMap((step) => step.rows)
    await addLeaves(tx, services, rows)
    const next = steps.map((step) => step.next)
    const over = next.every((at) => at === null)
    if (over) await tx.query('UPDATE audit_progress SET full_look_at = now()')
    return { kind: 'done', leaves: rows.length, more: !over, fullLookDue: !over, next: over ? null : next }
  })
}

async function readProgress(tx: Queryable): Promise<Progress> {
  const { rows } = await tx.query<{ floor: bigint; next: bigint; horizon: bigint; fullLookDue: boolean }>({
    name: 'audit-progress',
    text: `SELECT coalesce(floor_xid, 0) AS floor, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon,
                  pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next,
                  coalesce(full_look_at < now() - interval '1 day', true) AS "fullLookDue" FROM audit_progress`,
  })
  const found = rows[0]
  if (found === undefined) throw new Error('audit_progress is empty; restore its row')
  // A floor ahead of every transaction is one of another server: the database was restored.
  const isRestored = found.floor > found.next
  return { ...found, isRestored, floor: isRestored ? found.horizon : found.floor }
}

async function addLeaves(
  tx: Queryable,
  { signer, sealLeaf }: SequenceServices,
  rows: readonly Unsequenced[],
): Promise<void> {
  if (rows.length === 0) return
  const tree = await openTree(tx, signer)
  const first = tree.size()
  const seals = rows.map(({ row }) => {
    const hash = hashRow(row)
    const seal = sealLeaf(tree.size(), hash)
    tree.append(hash)
    return seal
  })
  await tx.query({
    name: 'audit-add-leaves',
    text: `INSERT INTO audit_leaf (position, event_id, version, seal)
           SELECT $1::bigint + u.n - 1, u.id, u.version, u.seal
             FROM unnest($2::uuid[], $3::integer[], $4::bytea[]) WITH ORDINALITY AS u (id, version, seal, n) ORDER BY u.n`,
    values: [first, rows.map(({ row }) => row.id), rows.map(({ row }) => versionOf(row)), seals],
  })
  const tiles = tree.changed()
  await tx.query({
    name: 'audit-write-tiles',
    text: `INSERT INTO audit_tile (level, index, hashes) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
           ON CONFLICT (level, index) DO UPDATE SET hashes = EXCLUDED.hashes`,
    values: [tiles.map(({ level }) => level), tiles.map(({ index }) => index), tiles.map(({ hashes }) => hashes)],
  })
  const note = signer.sign({ size: tree.size(), root: tree.root() })
  await tx.query('INSERT INTO audit_checkpoint (size, note) VALUES ($1, $2)', [tree.size(), note])
}

/** The tree as it was signed last. A log must never sign what does not go on from there. */
async function openTree(tx: Queryable, { key }: LogSigner): Promise<GrowingTree> {
  const newest = await readNewestNote(tx)
  if (newest === null) return growTree(0, [])
  const checkpoint = openCheckpoint(newest.note, key)
  if (checkpoint === null || checkpoint.size !== newest.size)
    throw new Error(
      'the last checkpoint of the audit log is not signed with this AUDIT_KEY under this AUDIT_ORIGIN; npm run audit -- verify says more',
    )
  const read = tilesOf(tx)
  const { size } = checkpoint
  const edge: (Buffer | null)[] = []
  for (const tile of edgeOf(size))
    edge.push(tile === null ? null : await read(tile.level, tile.index, tileWidth(tile.level, tile.index, size)))
  const tree = growTree(size, edge)
  if (!tree.root().equals(checkpoint.root))
    throw new Error(
      'the tiles of the audit log do not have the root that was signed last; npm run audit -- verify says more',
    )
  return tree
}

function byTransaction(a: Unsequenced, b: Unsequenced): number {
  if (a.xid !== b.xid) return a.xid < b.xid ? -1 : 1
  return a.row.at < b.row.at ? -1 : a.row.at > b.row.at ? 1 : 0
}

/** One process at a time; the others do not wait. */
function alone<T extends object>(
  { database }: SequenceServices,
  work: (tx: Queryable) => Promise<Extract<Sequenced, { kind: 'done' }> & T>,
): Promise<Sequenced & Partial<T>> {
  return database.transaction(async (tx): Promise<Sequenced & Partial<T>> => {
    const { rows } = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [ADVISORY_LOCK])
    return rows[0]?.mine === true ? work(tx) : ({ kind: 'elsewhere' } as Sequenced & Partial<T>)
  })
}
