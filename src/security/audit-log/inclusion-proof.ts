import { openCheckpoint } from './checkpoint.ts'
import { HASH_LENGTH, leafHash } from './merkle.ts'
import { judgeNote, type NoteKey } from './note.ts'
import { checkInclusion } from './proofs.ts'

/** That an entry is in the log: what C2SP tlog-proof writes. `entry`: the leaf's bytes, in the line for extra data. */
export type InclusionProof = {
  readonly entry: Buffer
  readonly index: number
  readonly path: readonly Buffer[]
  readonly checkpoint: string
}

const HEAD = 'c2sp.org/tlog-proof@v1'

export function writeProof({ entry, index, path, checkpoint }: InclusionProof): string {
  const lines = [
    HEAD,
    `extra ${entry.toString('base64')}`,
    `index ${index}`,
    ...path.map((hash) => hash.toString('base64')),
  ]
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/** Null for what is no proof of this form, or has no entry with it. */
function parseProof(text: string): InclusionProof | null {
  const at = text.indexOf('\n\n')
  const [head, extra = '', number = '', ...hashes] = text.slice(0, Math.max(at, 0)).split('\n')
  const index = /^index (0|[1-9]\d{0,14})$/.exec(number)?.[1]
  const path = hashes.map((line) => Buffer.from(line, 'base64'))
  const sound = path.every((hash, n) => hash.length === HASH_LENGTH && hash.toString('base64') === hashes[n])
  if (head !== HEAD || !extra.startsWith('extra ') || index === undefined || !sound) return null
  return { entry: Buffer.from(extra.slice(6), 'base64'), index: Number(index), path, checkpoint: text.slice(at + 2) }
}

export type ProofVerdict =
  /** `size`: of the log that it is proven to be in. `witnesses`: those of the trusted ones that have cosigned that. */
  | {
      readonly kind: 'proven'
      readonly entry: Buffer
      readonly index: number
      readonly size: number
      readonly witnesses: readonly string[]
    }
  | { readonly kind: 'not_proven'; readonly why: string }

/** Checks a proof with nothing but public keys. */
export function checkProof(text: string, log: NoteKey, witnesses: readonly NoteKey[]): ProofVerdict {
  const proof = parseProof(text)
  if (proof === null) return { kind: 'not_proven', why: 'This is no proof as npm run audit -s -- prove writes it.' }
  const checkpoint = openCheckpoint(proof.checkpoint, log)
  if (checkpoint === null)
    return { kind: 'not_proven', why: `The checkpoint is not signed by ${log.name} with this key.` }
  const { entry, index, path } = proof
  if (!checkInclusion(leafHash(entry), index, checkpoint.size, path, checkpoint.root))
    return { kind: 'not_proven', why: `The entry is not leaf ${index} under the signed root.` }
  const signed = witnesses.filter((witness) => judgeNote(checkpoint.note, witness).kind === 'signed')
  return { kind: 'proven', entry, index, size: checkpoint.size, witnesses: signed.map(({ name }) => name) }
}
