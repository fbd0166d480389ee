import type { Queryable } from '../../database/database.ts'
import { encodeLeaf } from './leaf.ts'
import { HASH_LENGTH } from './merkle.ts'
import type { ReadTile } from './proofs.ts'
import { NEXT_XID, readLeaves } from './rows.ts'
import { TILE_WIDTH, type TilePath, tileWidth } from './tiles.ts'

/** The newest checkpoint without those who cosigned it; null before the first one. */
export async function readNewestNote(db: Queryable): Promise<{ readonly size: number; readonly note: string } | null> {
  const { rows } = await db.query<{ size: bigint; note: string }>({
    name: 'audit-newest-checkpoint',
    text: 'SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1',
  })
  const [newest] = rows
  return newest === undefined ? null : { size: Number(newest.size), note: newest.note }
}

/** A checkpoint with the lines of those who cosigned it, and the next one after it; null where there is none of that size. */
export async function readCheckpoint(db: Queryable, size: number): Promise<string | null> {
  const { rows } = await db.query<{ note: string }>(
    `SELECT c.note || coalesce((SELECT string_agg(s.line, '' ORDER BY s.at, s.name) FROM audit_cosignature s WHERE s.size = c.size), '') AS note
       FROM audit_checkpoint c WHERE c.size = $1`,
    [size],
  )
  return rows[0]?.note ?? null
}

/** Reads tiles as they are stored; throws where one is missing or too short. */
export function tilesOf(db: Queryable): ReadTile {
  return async (level, index, width) => {
    const { rows } = await db.query<{ hashes: Buffer }>({
      name: 'audit-tile',
      text: 'SELECT hashes FROM audit_tile WHERE level = $1 AND index = $2',
      values: [level, index],
    })
    const hashes = rows[0]?.hashes
    if (hashes === undefined || hashes.length < width * HASH_LENGTH)
      throw new Error(`tile ${index} of level ${level} has no ${width} hashes`)
    return hashes.subarray(0, width * HASH_LENGTH)
  }
}

/**
 * A resource of C2SP tlog-tiles as it is served; null where a tree of `size` leaves has no such tile. Entries are made from the rows: what
 * has been changed in these no longer has the hashes of the tiles.
 */
export async function readResource(db: Queryable, path: TilePath, size: number): Promise<Buffer | null> {
  const { level, index, width } = path
  const there = tileWidth(level ?? 0, index, size)
  if (width > there) return null
  if (level !== null) return tilesOf(db)(level, index, width)
  const leaves = await readLeaves(db, index * TILE_WIDTH, index * TILE_WIDTH + width)
  if (leaves.length !== width) return null
  const parts = leaves.map(({ row }) => (row === null ? null : bundled(encodeLeaf(row))))
  return parts.every((part) => part !== null) ? Buffer.concat(parts) : null
}

function bundled(entry: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(entry.length)
  return Buffer.concat([length, entry])
}

/** How far the log is behind what has happened. */
export type AuditLag = {
  readonly leaves: number
  /** Rows that have no leaf yet. */
  readonly waiting: number
  /** Of the oldest of them, in seconds; 0 where none waits. */
  readonly oldestS: number
}

export async function readAuditLag(db: Queryable): Promise<AuditLag> {
  const { rows } = await db.query<{ leaves: bigint | null; waiting: bigint; oldestS: number }>({
    name: 'audit-lag',
    text: `WITH floor AS (SELECT coalesce(floor_xid, 0) AS xid FROM audit_progress), waiting AS (
        SELECT r.at FROM audit_event r, floor WHERE r.xid >= floor.xid AND r.xid < ${NEXT_XID}
           AND (SELECT true FROM audit_leaf l WHERE l.event_id = r.id AND l.version = 0) IS NULL
        UNION ALL
        SELECT r.at FROM transfer_event r, floor WHERE r.xid >= floor.xid AND r.xid < ${NEXT_XID}
           AND (SELECT true FROM audit_leaf l WHERE l.event_id = r.transfer_id AND l.version = r.version) IS NULL
        UNION ALL
        SELECT r.at FROM operator_event r, floor WHERE r.xid >= floor.xid AND r.xid < ${NEXT_XID}
           AND (SELECT true FROM audit_leaf l WHERE l.event_id = r.id AND l.version = -1) IS NULL)
      SELECT (SELECT max(size) FROM audit_checkpoint) AS leaves, count(*) AS waiting,
             coalesce(greatest(extract(epoch FROM now() - min(at)), 0), 0)::float8 AS "oldestS" FROM waiting`,
  })
  const found = rows[0]
  return { leaves: Number(found?.leaves ?? 0), waiting: Number(found?.waiting ?? 0), oldestS: found?.oldestS ?? 0 }
}
