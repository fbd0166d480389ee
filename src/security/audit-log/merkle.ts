import { createHash } from 'node:crypto'

/** Bytes of a SHA-256. */
export const HASH_LENGTH = 32
const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

/** Root of the tree without a leaf (RFC 6962 §2.1). */
export const EMPTY_ROOT: Buffer = createHash('sha256').digest()

/** Hash of a leaf's content (RFC 6962 §2.1). */
export function leafHash(entry: Buffer): Buffer {
  return createHash('sha256').update(LEAF).update(entry).digest()
}

/** Hash of an inner node (RFC 6962 §2.1). */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest()
}

/** Root over hashes of equal subtrees whose number is a power of two. */
export function perfectRoot(hashes: readonly Buffer[]): Buffer {
  let row = hashes
  while (row.length > 1) {
    const above: Buffer[] = []
    for (let n = 0; n < row.length; n += 2) above.push(nodeHash(row[n] as Buffer, row[n + 1] as Buffer))
    row = above
  }
  return row[0] as Buffer
}

/** The largest power of two below `n`, which is 2 or more: where RFC 6962 splits a tree. */
export function splitOf(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
