import type { Ed25519 } from '../ed25519.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { HASH_LENGTH } from './merkle.ts'
import { cosignNote, judgeNote, type NoteKey } from './note.ts'
import { checkConsistency, type TreeHead } from './proofs.ts'

/** What a witness is asked (C2SP tlog-witness, add-checkpoint): `old`, the size it is taken to know. */
export type WitnessRequest = { readonly old: number; readonly proof: readonly Buffer[]; readonly checkpoint: string }

/** `status`: as the specification has it in HTTP; only `cosigned` changes what the witness knows. */
export type WitnessAnswer =
  /** `line`: the cosignature; `head`: what is to be stored before anybody is told. */
  | { readonly kind: 'cosigned'; readonly status: 200; readonly line: string; readonly head: TreeHead }
  /** The checkpoint goes on from another size than `old`. */
  | { readonly kind: 'other_size'; readonly status: 409; readonly size: number }
  | { readonly kind: 'refused'; readonly status: 400 | 403 | 404 | 409 | 422; readonly why: string }

const MOST_PROOF_LINES = 63

/** Null for what is no request. */
export function parseWitnessRequest(body: string): WitnessRequest | null {
  const at = body.indexOf('\n\n')
  const [first = '', ...lines] = body.slice(0, Math.max(at, 0)).split('\n')
  const size = /^old (0|[1-9]\d{0,14})$/.exec(first)?.[1]
  const proof = lines.map((line) => Buffer.from(line, 'base64'))
  const sound = proof.every((hash, n) => hash.length === HASH_LENGTH && hash.toString('base64') === lines[n])
  if (at === -1 || size === undefined || !sound || proof.length > MOST_PROOF_LINES) return null
  return { old: Number(size), proof, checkpoint: body.slice(at + 2) }
}

export function writeWitnessRequest({ old, proof, checkpoint }: WitnessRequest): string {
  return [`old ${old}`, ...proof.map((hash) => hash.toString('base64')), '', checkpoint].join('\n')
}

/** A witness of one log: its name and keys, and the log's public key. */
export type Witness = { readonly name: string; readonly pair: Ed25519; readonly log: NoteKey }

/** Whether the witness lets a checkpoint follow on the last one it cosigned (`known`; null: none yet). */
export function considerCheckpoint(
  { name, pair, log }: Witness,
  known: TreeHead | null,
  { old, proof, checkpoint: text }: WitnessRequest,
  nowMs: number,
): WitnessAnswer {
  const checkpoint = parseCheckpoint(text)
  if (checkpoint === null) return refused(400, 'This is no checkpoint.')
  if (checkpoint.origin !== log.name)
    return refused(404, `This witness knows ${log.name} only, not ${checkpoint.origin}.`)
  if (judgeNote(checkpoint.note, log).kind !== 'signed')
    return refused(403, `The checkpoint is not signed by ${log.name} with the key that is trusted.`)
  if (old > checkpoint.size) return refused(400, `The log has ${checkpoint.size} leaves and had ${old}: it was cut.`)
  const size = known?.size ?? 0
  if (old !== size) return { kind: 'other_size', status: 409, size }
  if (known !== null && checkpoint.size === size && !checkpoint.root.equals(known.root))
    return refused(409, `The log has another root at ${size} leaves than the one that was seen before: it has forked.`)
  const older = known ?? { size: 0, root: checkpoint.root }
  if (!checkConsistency(older, checkpoint, proof))
    return refused(
      422,
      `The log of ${checkpoint.size} leaves does not begin with the ${size} leaves that were seen before: it has forked.`,
    )
  const head = { size: checkpoint.size, root: checkpoint.root }
  return { kind: 'cosigned', status: 200, line: cosignNote(checkpoint.note.text, name, pair, nowMs), head }
}

function refused(status: Extract<WitnessAnswer, { kind: 'refused' }>['status'], why: string): WitnessAnswer {
  return { kind: 'refused', status, why }
}
