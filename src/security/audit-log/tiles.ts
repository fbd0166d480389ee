import { EMPTY_ROOT, HASH_LENGTH, nodeHash, perfectRoot, splitOf } from './merkle.ts'

/** Hashes of one tile, C2SP tlog-tiles: concatenated, from its left end, 256 at most. */
export type Tile = { readonly level: number; readonly index: number; readonly hashes: Buffer }

export const TILE_WIDTH = 256
/** A tree of 2^53 leaves has no tile above; the format allows 63. */
const MOST_LEVELS = 7

/** How many hashes the tile has in a tree of `size` leaves; 0: it is not part of that tree. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

/** The tiles on the right edge of a tree of `size` leaves which have room left, by level; null where the level's is empty. */
export function edgeOf(size: number): readonly ({ readonly level: number; readonly index: number } | null)[] {
  const edge = []
  for (let level = 0; level <= MOST_LEVELS && size >= TILE_WIDTH ** level; level += 1) {
    const hashes = Math.floor(size / TILE_WIDTH ** level)
    edge.push(hashes % TILE_WIDTH === 0 ? null : { level, index: Math.floor(hashes / TILE_WIDTH) })
  }
  return edge
}

/** A tree that leaves are appended to; it holds its right edge only. */
export type GrowingTree = {
  size(): number
  /** Takes the hash of the next leaf. */
  append(leaf: Buffer): void
  root(): Buffer
  /** The tiles that have changed since the last call, as they are now. */
  changed(): Tile[]
}

/** Goes on where a tree of `size` leaves ended. `edge`: hashes of the tiles of `edgeOf(size)`, by level; throws where they do not fit. */
export function growTree(size: number, edge: readonly (Buffer | null)[]): GrowingTree {
  const levels = edgeOf(size).map((tile, level) => {
    const hashes = edge[level] ?? null
    const width = tile === null ? 0 : tileWidth(level, tile.index, size)
    if ((hashes?.length ?? 0) !== width * HASH_LENGTH)
      throw new Error(`the tile at the right edge of level ${level} does not belong to a tree of ${size} leaves`)
    return splitHashes(hashes ?? Buffer.alloc(0))
  })
  const fresh = new Map<string, Tile>()
  let leaves = size

  function put(level: number, hash: Buffer): void {
    levels[level] ??= []
    const row = levels[level] as Buffer[]
    row.push(hash)
    if (row.length < TILE_WIDTH) return
    remember(level, row, Math.floor(leaves / TILE_WIDTH ** (level + 1)) - 1)
    levels[level] = []
    put(level + 1, perfectRoot(row))
  }

  function remember(level: number, row: readonly Buffer[], index: number): void {
    fresh.set(`${level}/${index}`, { level, index, hashes: Buffer.concat(row) })
  }

  return {
    size: () => leaves,
    append(leaf) {
      leaves += 1
      put(0, leaf)
    },
    root() {
      const peaks = levels.toReversed().flatMap((row) => peaksOf(row))
      return (
        peaks.reduceRight<Buffer | null>((right, left) => (right === null ? left : nodeHash(left, right)), null) ??
        EMPTY_ROOT
      )
    },
    changed() {
      levels.forEach((row, level) => {
        const index = Math.floor(leaves / TILE_WIDTH ** (level + 1))
        if (row.length > 0) remember(level, row, index)
      })
      const tiles = [...fresh.values()]
      fresh.clear()
      return tiles
    },
  }
}

/** The roots of the full subtrees that a row of hashes is made of, largest first. */
function peaksOf(row: readonly Buffer[]): Buffer[] {
  const peaks: Buffer[] = []
  for (let from = 0; from < row.length; ) {
    const rest = row.length - from
    const width = rest === 1 ? 1 : splitOf(rest + 1)
    peaks.push(perfectRoot(row.slice(from, from + width)))
    from += width
  }
  return peaks
}

export function splitHashes(hashes: Buffer): Buffer[] {
  return Array.from({ length: hashes.length / HASH_LENGTH }, (_, n) =>
    Buffer.from(hashes.subarray(n * HASH_LENGTH, (n + 1) * HASH_LENGTH)),
  )
}

/** A resource of C2SP tlog-tiles; `level` null: a bundle of entries. `width` below 256: a partial one. */
export type TilePath = { readonly level: number | null; readonly index: number; readonly width: number }

/** `tile/0/x001/234.p/5`, `tile/entries/000`. */
export function tilePath({ level, index, width }: TilePath): string {
  const parts = [String(index % 1000).padStart(3, '0')]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    parts.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  const partial = width === TILE_WIDTH ? '' : `.p/${width}`
  return `tile/${level ?? 'entries'}/${parts.join('/')}${partial}`
}

/** Null for what is no such path, also where it is not written as the specification has it. */
export function parseTilePath(path: string): TilePath | null {
  const match = /^tile\/(\d|entries)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (match === null) return null
  const [, level, digits = '', width] = match
  const found: TilePath = {
    level: level === 'entries' ? null : Number(level),
    index: Number(digits.replace(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  }
  return tilePath(found) === path && found.width >= 1 ? found : null
}
