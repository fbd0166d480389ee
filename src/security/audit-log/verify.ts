import type { Database, Queryable } from '../../database/database.ts'
import type { Audit, StoredAuditEvent } from '../audit.ts'
import { openCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { hashRow, type LeafRow, type SealLeaf } from './leaf.ts'
import { HASH_LENGTH } from './merkle.ts'
import { judgeNote, type NoteKey } from './note.ts'
import { readLeaves, type StoredLeaf } from './rows.ts'
import { readStrays } from './strays.ts'
import { growTree, TILE_WIDTH, type Tile } from './tiles.ts'

export type VerifyServices = {
  readonly database: Database
  /** The log's public key. */
  readonly key: NoteKey
  readonly sealLeaf: SealLeaf
  readonly audit: Pick<Audit, 'verify'>
  /** Whose cosignatures count. */
  readonly witnesses: readonly NoteKey[]
  /** Checkpoints that somebody has kept elsewhere: where from, and their text. */
  readonly kept: readonly { readonly from: string; readonly text: string }[]
}

/**
 * `edited`, `removed`, `moved`, `inserted`: of a row; `tile`: only hashes are wrong; `checkpoint`: what was signed is another tree; `cut`: the
 * log was longer; `fork`: somebody was shown another log; `cosignature`: a witness' line does not verify.
 */
export type Finding = {
  readonly kind: 'edited' | 'removed' | 'moved' | 'inserted' | 'tile' | 'checkpoint' | 'cut' | 'fork' | 'cosignature'
  /** In the log, from 0; null where it has none. */
  readonly position: number | null
  /** The last one, where it is about several. */
  readonly to?: number
  /** Of the row; null where it is not about one row. */
  readonly id: string | null
  /** A sentence: what differs, and from what. */
  readonly what: string
}

export type Verified = {
  readonly leaves: number
  /** Rows that wait for the sequencer. */
  readonly waiting: number
  /** Witnesses that have cosigned the newest checkpoint they know, and its size. */
  readonly cosigned: readonly { readonly name: string; readonly size: number; readonly atMs: number }[]
  /** The first ones; `more` others were found. */
  readonly findings: readonly Finding[]
  readonly more: number
}

/** Leaves read at once: 40 tiles. */
const STRIDE = 40 * TILE_WIDTH
const MOST_FINDINGS = 100

/** Where a root is known from: one that was signed at that size. */
type Mark = { readonly size: number; readonly root: Buffer; readonly from: string | null }

/**
 * Recomputes the whole log from the rows, at one moment, and names what differs from what was sealed, stored and signed. Whoever may edit
 * every table but has not AUDIT_KEY is found by the seals and by the signatures; whoever has that key too, by `kept` and by witnesses.
 */
export function verifyLog(services: VerifyServices): Promise<Verified> {
  return services.database.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const findings: Finding[] = []
    const { size, marks, cosigned } = await readMarks(tx, services, findings)
    await compareLeaves(tx, services, size, marks, findings)
    const strays = await readStrays(tx, size, services.audit)
    findings.push(...strays.findings)
    return {
      ...{ leaves: size, waiting: strays.waiting, cosigned },
      findings: findings.slice(0, MOST_FINDINGS),
      more: Math.max(0, findings.length - MOST_FINDINGS),
    }
  })
}

async function readMarks(
  tx: Queryable,
  { key, witnesses, kept }: VerifyServices,
  findings: Finding[],
): Promise<{ size: number; marks: Mark[]; cosigned: Verified['cosigned'] }> {
  const { rows } = await tx.query<{ size: bigint; note: string; lines: string }>(
    `SELECT c.size, c.note, coalesce((SELECT string_agg(s.line, '') FROM audit_cosignature s WHERE s.size = c.size), '') AS lines
       FROM audit_checkpoint c ORDER BY c.size`,
  )
  const marks: Mark[] = []
  const cosigned = new Map<string, Verified['cosigned'][number]>()
  for (const { size: at, note, lines } of rows) {
    const size = Number(at)
    const checkpoint = openCheckpoint(note, key)
    if (checkpoint?.size === size) marks.push({ size, root: checkpoint.root, from: null })
    else
      findings.push(about('checkpoint', `The checkpoint of ${size} leaves is not signed by ${key.name} with this key.`))
    const whole = parseCheckpoint(note + lines)
    for (const witness of witnesses) {
      const verdict = whole === null ? { kind: 'wrong' as const } : judgeNote(whole.note, witness)
      if (verdict.kind === 'signed') cosigned.set(witness.name, { name: witness.name, size, atMs: verdict.atMs ?? 0 })
      if (verdict.kind === 'wrong')
        findings.push(
          about(
            'cosignature',
            `${witness.name} has not cosigned the checkpoint of ${size} leaves that is stored: the line does not verify.`,
          ),
        )
    }
  }
  const size = Number(rows.at(-1)?.size ?? 0)
  for (const { from, text } of kept) {
    const checkpoint = openCheckpoint(text, key)
    if (checkpoint === null)
      findings.push(about('fork', `${from} keeps no checkpoint that ${key.name} signed with this key.`))
    else if (checkpoint.size > size)
      findings.push(
        about(
          'cut',
          `${from} keeps a checkpoint of ${checkpoint.size} leaves, signed by this log, which has ${size} now: its end was cut off.`,
        ),
      )
    else marks.push({ size: checkpoint.size, root: checkpoint.root, from })
  }
  marks.sort((a, b) => a.size - b.size)
  return { size, marks, cosigned: [...cosigned.values()] }
}

/** A leaf that is not at the place, or not the row, that its seal is for. */
type Suspect = { readonly leaf: StoredLeaf; readonly row: LeafRow; readonly hash: Buffer; readonly tileAgrees: boolean }

async function compareLeaves(
  tx: Queryable,
  services: VerifyServices,
  size: number,
  marks: readonly Mark[],
  findings: Finding[],
): Promise<void> {
  const tree = growTree(0, [])
  const suspects: Suspect[] = []
  const judge = judgeMarks(marks, findings)
  judge(tree)
  for (let from = 0; from < size; from += STRIDE) {
    const to = Math.min(from + STRIDE, size)
    const leaves = new Map((await readLeaves(tx, from, to)).map((leaf) => [leaf.position, leaf]))
    const tiles = await readTiles(tx, from, to)
    for (let position = from; position < to; position += 1) {
      const inTile = hashIn(tiles.get(`0/${Math.floor(position / TILE_WIDTH)}`), position % TILE_WIDTH)
      tree.append(compareLeaf(services, position, leaves.get(position), inTile, suspects, findings))
      judge(tree)
    }
    findings.push(...wrongTiles(tree.changed(), tiles))
  }
  findings.push(...explain(suspects, services.sealLeaf))
}

/** The hash that the tree goes on with: the one that was sealed, while that is to be had. */
function compareLeaf(
  { sealLeaf, audit }: VerifyServices,
  position: number,
  leaf: StoredLeaf | undefined,
  inTile: Buffer | null,
  suspects: Suspect[],
  findings: Finding[],
): Buffer {
  const none = Buffer.alloc(HASH_LENGTH)
  if (leaf === undefined) {
    findings.push({ kind: 'removed', position, id: null, what: `No row is named as leaf ${position} any more.` })
    return inTile ?? none
  }
  const { id, row } = leaf
  if (row === null) {
    findings.push({ kind: 'removed', position, id, what: `Row ${id}, leaf ${position}, is gone.` })
    return inTile ?? none
  }
  const hash = hashRow(row)
  const inPlace = sealLeaf(position, hash).equals(leaf.seal)
  const tileAgrees = inTile?.equals(hash) ?? false
  const tileIsOriginal = inTile !== null && sealLeaf(position, inTile).equals(leaf.seal)
  if (!inPlace) suspects.push({ leaf, row, hash, tileAgrees })
  else if (row.kind === 'event' && !isSealed(audit, row, leaf.eventSeal))
    findings.push({
      kind: 'inserted',
      position,
      id,
      what: `Row ${id}, leaf ${position}, was not written by the service: its seal is wrong.`,
    })
  else if (!tileAgrees) addTile(findings, position)
  return tileIsOriginal ? inTile : hash
}

/** Wrong hashes of neighbours are told as one. */
function addTile(findings: Finding[], position: number): void {
  const at = findings.findLastIndex(({ kind, to }) => kind === 'tile' && to === position - 1)
  const from = findings[at]?.position ?? position
  const what =
    from === position
      ? `The row of leaf ${position} is what was sealed, but its hash in the tile is another.`
      : `The rows of leaves ${from} to ${position} are what was sealed, but their hashes in the tiles are others.`
  findings.splice(at === -1 ? findings.length : at, 1, { kind: 'tile', position: from, to: position, id: null, what })
}

/** Compares the root with every one that was signed at this size; of each origin the first that differs is told. */
function judgeMarks(marks: readonly Mark[], findings: Finding[]): (tree: ReturnType<typeof growTree>) => void {
  const told = new Set<string | null>()
  const agreed = new Map<string | null, number>()
  let next = 0
  return (tree) => {
    for (let mark = marks[next]; mark !== undefined && mark.size <= tree.size(); mark = marks[++next]) {
      const { size, root, from } = mark
      if (tree.root().equals(root)) agreed.set(from, size)
      else if (!told.has(from)) {
        told.add(from)
        const since = `it differs from leaf ${agreed.get(from) ?? 0} to leaf ${size - 1} at the latest`
        const [kind, who] =
          from === null
            ? (['checkpoint', 'The signed checkpoint'] as const)
            : (['fork', `The checkpoint that ${from} keeps`] as const)
        findings.push(about(kind, `${who} of ${size} leaves has another root than the rows: ${since}.`))
      }
    }
  }
}

/** What became of rows whose seals are wrong: in another place, or not the same any more. */
function explain(suspects: readonly Suspect[], sealLeaf: SealLeaf): Finding[] {
  const near = suspects.slice(0, MOST_FINDINGS)
  return near.map(({ leaf, row, hash, tileAgrees }): Finding => {
    const { position, id } = leaf
    const isFrom = (place: number, seal: Buffer): boolean => sealLeaf(place, hash).equals(seal)
    const after = Array.from({ length: TILE_WIDTH }, (_, n) => position + 1 + n)
    const places = [...near.map((other) => other.leaf.position), ...after].filter((place) => place !== position)
    // Its seal came with it, or it came without, and then the seal is still where the row was.
    const from =
      places.find((place) => isFrom(place, leaf.seal)) ??
      near.find((other) => other.leaf !== leaf && isFrom(other.leaf.position, other.leaf.seal))?.leaf.position
    if (from !== undefined)
      return {
        kind: 'moved',
        position,
        id,
        what: `Row ${id} stands as leaf ${position} and was put on record as leaf ${from}: rows before it were removed, or it was moved.`,
      }
    const tile = tileAgrees
      ? 'the tile was recomputed to fit, and only what was sealed and signed says otherwise'
      : 'the tile still has the hash of what was there'
    return {
      kind: 'edited',
      position,
      id,
      what: `Row ${id} (${nameOf(row)}), leaf ${position}, is not what was put on record; ${tile}.`,
    }
  })
}

function nameOf(row: LeafRow): string {
  return row.kind === 'move' ? `move ${row.version} of a transfer to ${row.to}` : row.action
}

async function readTiles(tx: Queryable, from: number, to: number): Promise<Map<string, Buffer>> {
  const { rows } = await tx.query<{ level: number; index: bigint; hashes: Buffer }>(
    `SELECT t.level, t.index, t.hashes FROM generate_series(0, 7) AS l (level) JOIN audit_tile t ON t.level = l.level
        AND t.index BETWEEN floor($1::numeric / 256 ^ (l.level + 1)) AND floor($2::numeric / 256 ^ (l.level + 1))`,
    [from, to - 1],
  )
  return new Map(rows.map(({ level, index, hashes }) => [`${level}/${index}`, hashes]))
}

function wrongTiles(computed: readonly Tile[], stored: ReadonlyMap<string, Buffer>): Finding[] {
  return computed
    .filter(({ level }) => level > 0)
    .filter(
      ({ level, index, hashes }) => stored.get(`${level}/${index}`)?.subarray(0, hashes.length).equals(hashes) !== true,
    )
    .map(({ level, index }) => about('tile', `Tile ${index} of level ${level} does not follow from those below it.`))
}

function hashIn(tile: Buffer | undefined, offset: number): Buffer | null {
  const hash = tile?.subarray(offset * HASH_LENGTH, (offset + 1) * HASH_LENGTH)
  return hash?.length === HASH_LENGTH ? hash : null
}

function isSealed(
  audit: Pick<Audit, 'verify'>,
  row: Extract<LeafRow, { kind: 'event' }>,
  seal: Buffer | null,
): boolean {
  const stored: StoredAuditEvent = {
    ...{ id: row.id, actor_kind: row.actorKind, actor_id: row.actorId, action: row.action },
    ...{ subject: row.subject, payload: row.payload, seal: seal ?? Buffer.alloc(0) },
  }
  return audit.verify(stored)
}

function about(kind: Finding['kind'], what: string): Finding {
  return { kind, position: null, id: null, what }
}
