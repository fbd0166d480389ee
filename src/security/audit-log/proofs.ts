import { HASH_LENGTH, nodeHash, perfectRoot, splitOf } from './merkle.ts'
import { splitHashes, TILE_WIDTH, tileWidth } from './tiles.ts'

/** Hashes of a tile, `width` of them; throws where they cannot be had. */
export type ReadTile = (level: number, index: number, width: number) => Promise<Buffer>

/** Merkle audit path of leaf `index` in the tree of `size` leaves, sibling of the leaf first (RFC 6962 §2.1.1). */
export async function proveInclusion(read: ReadTile, index: number, size: number): Promise<Buffer[]> {
  if (index < 0 || index >= size) throw new Error(`a tree of ${size} leaves has no leaf ${index}`)
  const hash = hashesOf(read, size)
  const path: Promise<Buffer>[] = []
  let [lo, hi] = [0, size]
  while (hi - lo > 1) {
    const middle = lo + splitOf(hi - lo)
    path.unshift(index < middle ? hash(middle, hi) : hash(lo, middle))
    if (index < middle) hi = middle
    else lo = middle
  }
  return Promise.all(path)
}

/** That the tree of `size` leaves begins with the tree of `old` leaves (RFC 6962 §2.1.2); empty for equal sizes and for `old` 0. */
export async function proveConsistency(read: ReadTile, old: number, size: number): Promise<Buffer[]> {
  if (old < 0 || old > size) throw new Error(`a tree of ${size} leaves has no beginning of ${old}`)
  if (old === 0 || old === size) return []
  const hash = hashesOf(read, size)
  const proof: Promise<Buffer>[] = []
  let [lo, hi] = [0, size]
  while (old !== hi) {
    const middle = lo + splitOf(hi - lo)
    proof.unshift(old <= middle ? hash(middle, hi) : hash(lo, middle))
    if (old <= middle) hi = middle
    else lo = middle
  }
  // Where the old tree is a subtree from the left end, its root is known to whoever checks.
  if (lo !== 0) proof.unshift(hash(lo, hi))
  return Promise.all(proof)
}

/** Root of the tree of `size` leaves. */
export function readRoot(read: ReadTile, size: number): Promise<Buffer> {
  return hashesOf(read, size)(0, size)
}

/** Whether the path proves that a leaf with this hash is number `index` under `root` (RFC 9162 §2.1.3.2). */
export function checkInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
  root: Buffer,
): boolean {
  if (index < 0 || index >= size || path.some((hash) => hash.length !== HASH_LENGTH)) return false
  let [node, last, hash] = [index, size - 1, leaf]
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else hash = nodeHash(hash, sibling)
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 && hash.equals(root)
}

/** A tree head: how many leaves, and the root over them. */
export type TreeHead = { readonly size: number; readonly root: Buffer }

/** Whether the proof shows that the newer tree begins with the older one (RFC 9162 §2.1.4.2). Anything begins with the empty tree. */
export function checkConsistency(older: TreeHead, newer: TreeHead, proof: readonly Buffer[]): boolean {
  if (older.size > newer.size || proof.some((hash) => hash.length !== HASH_LENGTH)) return false
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root)
  if (older.size === 0) return proof.length === 0
  const path = isPowerOfTwo(older.size) ? [older.root, ...proof] : [...proof]
  let [first, last] = [older.size - 1, newer.size - 1]
  while (first % 2 === 1) [first, last] = [(first - 1) / 2, Math.floor(last / 2)]
  const start = path.shift()
  if (start === undefined) return false
  let [before, after] = [start, start]
  for (const hash of path) {
    if (last === 0) return false
    if (first % 2 === 1 || first === last) {
      before = nodeHash(hash, before)
      after = nodeHash(hash, after)
      while (first % 2 === 0 && first !== 0) [first, last] = [first / 2, Math.floor(last / 2)]
    } else after = nodeHash(after, hash)
    ;[first, last] = [Math.floor(first / 2), Math.floor(last / 2)]
  }
  return last === 0 && before.equals(older.root) && after.equals(newer.root)
}

/** Hash over leaves `lo` to `hi`, a subtree as RFC 6962 splits it; each tile is read once. */
function hashesOf(read: ReadTile, size: number): (lo: number, hi: number) => Promise<Buffer> {
  const tiles = new Map<string, Promise<Buffer[]>>()
  function tile(level: number, index: number): Promise<Buffer[]> {
    const name = `${level}/${index}`
    const known = tiles.get(name) ?? read(level, index, tileWidth(level, index, size)).then(splitHashes)
    tiles.set(name, known)
    return known
  }
  async function full(lo: number, width: number): Promise<Buffer> {
    let [level, count, from] = [0, width, lo]
    while (count >= TILE_WIDTH) [level, count, from] = [level + 1, count / TILE_WIDTH, from / TILE_WIDTH]
    const offset = from % TILE_WIDTH
    return perfectRoot((await tile(level, Math.floor(from / TILE_WIDTH))).slice(offset, offset + count))
  }
  return async function hash(lo: number, hi: number): Promise<Buffer> {
    if (isPowerOfTwo(hi - lo)) return full(lo, hi - lo)
    const middle = lo + splitOf(hi - lo)
    const [left, right] = await Promise.all([hash(lo, middle), hash(middle, hi)])
    return nodeHash(left, right)
  }
}

function isPowerOfTwo(n: number): boolean {
  return n > 0 && Number.isInteger(Math.log2(n))
}
