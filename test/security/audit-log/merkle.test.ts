import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EMPTY_ROOT, HASH_LENGTH, leafHash, nodeHash, splitOf } from '../../../src/security/audit-log/merkle.ts'
import {
  checkConsistency,
  checkInclusion,
  proveConsistency,
  proveInclusion,
  type ReadTile,
  readRoot,
} from '../../../src/security/audit-log/proofs.ts'
import {
  edgeOf,
  growTree,
  parseTilePath,
  type Tile,
  type TilePath,
  tilePath,
  tileWidth,
} from '../../../src/security/audit-log/tiles.ts'

/** The leaves of Certificate Transparency's reference tests, and the roots of the trees of 0 to 8 of them. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** RFC 6962 §2.1, word for word. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leaves[0] as Buffer
  const k = splitOf(leaves.length)
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}

const hashes = (count: number): Buffer[] => Array.from({ length: count }, (_, n) => leafHash(Buffer.from(`leaf ${n}`)))

/** A tree grown in steps, and its tiles as they would be stored. */
function grown(leaves: readonly Buffer[], steps: readonly number[] = []) {
  const tiles = new Map<string, Tile>()
  let tree = growTree(0, [])
  leaves.forEach((leaf, n) => {
    tree.append(leaf)
    if (!steps.includes(n + 1)) return
    for (const tile of tree.changed()) tiles.set(`${tile.level}/${tile.index}`, tile)
    // As another process would go on.
    tree = growTree(
      n + 1,
      edgeOf(n + 1).map((tile) => (tile === null ? null : (tiles.get(`${tile.level}/${tile.index}`)?.hashes ?? null))),
    )
  })
  for (const tile of tree.changed()) tiles.set(`${tile.level}/${tile.index}`, tile)
  const read: ReadTile = async (level, index, width) => {
    const found = tiles.get(`${level}/${index}`)?.hashes
    if (found === undefined || found.length < width * HASH_LENGTH) throw new Error(`no tile ${level}/${index}`)
    return found.subarray(0, width * HASH_LENGTH)
  }
  return { root: tree.root(), read, tiles }
}

describe('the tree', () => {
  test.each(ROOTS.map((root, size) => ({ size, root })))(
    'of $size of the reference leaves has the known root',
    async ({ size, root }) => {
      const leaves = LEAVES.slice(0, size).map((hex) => leafHash(Buffer.from(hex, 'hex')))
      const tree = grown(leaves)
      expect(tree.root.toString('hex')).toBe(root)
      if (size > 0) expect((await readRoot(tree.read, size)).toString('hex')).toBe(root)
    },
  )

  test('grown in steps has the root of the specification, also where tiles fill up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 1, max: 1_200 }), fc.constantFrom(255, 256, 257, 511, 512, 513)),
        fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 4 }),
        async (size, steps) => {
          const leaves = hashes(size)
          const { root, read } = grown(leaves, steps)
          expect(root.equals(treeHash(leaves))).toBe(true)
          expect((await readRoot(read, size)).equals(root)).toBe(true)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('goes up a second level of tiles', async () => {
    const leaves = hashes(65_536 + 300)
    const { root, read, tiles } = grown(leaves, [65_535, 65_536])
    expect(root.equals(treeHash(leaves))).toBe(true)
    expect((await readRoot(read, 65_536)).equals(treeHash(leaves.slice(0, 65_536)))).toBe(true)
    expect([...tiles.keys()].filter((name) => !name.startsWith('0/')).sort()).toEqual(['1/0', '1/1', '2/0'])
  })

  test('does not go on from tiles of another size', () => {
    expect(() => growTree(3, [Buffer.alloc(64)])).toThrow(/does not belong to a tree of 3/)
    expect(() => growTree(256, [Buffer.alloc(32)])).toThrow(/level 0/)
  })
})

describe('a proof', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat())

  test('of inclusion verifies, and no other leaf, place, size or path does', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ([size, a, b]) => {
        const leaves = hashes(size)
        const { root, read } = grown(leaves)
        const index = a % size
        const leaf = leaves[index] as Buffer
        const path = await proveInclusion(read, index, size)
        expect(checkInclusion(leaf, index, size, path, root)).toBe(true)
        expect(checkInclusion(flipped(leaf, b), index, size, path, root)).toBe(false)
        expect(checkInclusion(leaf, index, size, path, flipped(root, b))).toBe(false)
        expect(checkInclusion(leaf, index, size, [...path, root], root)).toBe(false)
        expect(checkInclusion(leaf, size, size, path, root)).toBe(false)
        if (size > 1) {
          expect(checkInclusion(leaf, (index + 1) % size, size, path, root)).toBe(false)
          expect(checkInclusion(leaf, index, size, path.slice(1), root)).toBe(false)
          expect(
            checkInclusion(
              leaf,
              index,
              size,
              withOne(path, b, (hash) => flipped(hash, b)),
              root,
            ),
          ).toBe(false)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of consistency verifies, and no other size, root or path does', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ([size, a, b]) => {
        const leaves = hashes(size)
        const { root, read } = grown(leaves)
        const old = 1 + (a % size)
        const older = { size: old, root: treeHash(leaves.slice(0, old)) }
        const newer = { size, root }
        const proof = await proveConsistency(read, old, size)
        expect(checkConsistency(older, newer, proof)).toBe(true)
        expect(checkConsistency({ ...older, root: flipped(older.root, b) }, newer, proof)).toBe(false)
        expect(checkConsistency(older, { ...newer, root: flipped(root, b) }, proof)).toBe(false)
        expect(checkConsistency(older, newer, [...proof, root])).toBe(false)
        if (old < size) {
          expect(checkConsistency(newer, older, proof)).toBe(false)
          expect(checkConsistency(older, newer, [])).toBe(false)
          expect(
            checkConsistency(
              older,
              newer,
              withOne(proof, b, (hash) => flipped(hash, b)),
            ),
          ).toBe(false)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of a fork does not exist', async () => {
    const [ours, theirs] = [hashes(40), hashes(40)]
    theirs[7] = leafHash(Buffer.from('another'))
    const [tree, other] = [grown(ours), grown(theirs)]
    const proof = await proveConsistency(other.read, 20, 40)
    expect(
      checkConsistency({ size: 20, root: treeHash(theirs.slice(0, 20)) }, { size: 40, root: other.root }, proof),
    ).toBe(true)
    expect(
      checkConsistency({ size: 20, root: treeHash(ours.slice(0, 20)) }, { size: 40, root: other.root }, proof),
    ).toBe(false)
    expect(checkConsistency({ size: 40, root: tree.root }, { size: 40, root: other.root }, [])).toBe(false)
  })
})

describe('the path of a tile', () => {
  test.each<[TilePath, string]>([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, index: 1_234_067, width: 256 }, 'tile/1/x001/x234/067'],
    [{ level: null, index: 273, width: 112 }, 'tile/entries/273.p/112'],
    [{ level: 2, index: 1_000, width: 1 }, 'tile/2/x001/000.p/1'],
  ])('of %j is as C2SP tlog-tiles writes it', (tile, path) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  test.each([
    'tile/0/0',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/00/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/007',
    'tile/entries/../checkpoint',
    'tile/9/000/',
  ])('%s is none', (path) => {
    expect(parseTilePath(path)).toBeNull()
  })

  test('follows the example of the specification: a tree of 70,000 leaves', () => {
    expect(tileWidth(0, 272, 70_000)).toBe(256)
    expect(tileWidth(0, 273, 70_000)).toBe(112)
    expect(tileWidth(1, 0, 70_000)).toBe(256)
    expect(tileWidth(1, 1, 70_000)).toBe(17)
    expect(tileWidth(2, 0, 70_000)).toBe(1)
    expect(tileWidth(3, 0, 70_000)).toBe(0)
    expect(tileWidth(1, 0, 256)).toBe(1)
  })
})

function flipped(hash: Buffer, n: number): Buffer {
  const copy = Buffer.from(hash)
  copy[n % HASH_LENGTH] = (copy[n % HASH_LENGTH] ?? 0) ^ 1
  return copy
}

function withOne(path: readonly Buffer[], n: number, change: (hash: Buffer) => Buffer): Buffer[] {
  return path.map((hash, at) => (at === n % path.length ? change(hash) : hash))
}
