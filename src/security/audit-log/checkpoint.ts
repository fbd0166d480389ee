import { type Ed25519, ed25519Of } from '../ed25519.ts'
import { deriveKey, type Key } from '../keys.ts'
import { HASH_LENGTH } from './merkle.ts'
import { judgeNote, type Note, type NoteKey, parseNote, signNote } from './note.ts'
import type { TreeHead } from './proofs.ts'

/** A checkpoint (C2SP tlog-checkpoint): which log, how many leaves, the root over them. */
export type Checkpoint = TreeHead & {
  /** The log's name. */
  readonly origin: string
  readonly note: Note
}

/** Signs the checkpoints of one log. */
export type LogSigner = { readonly key: NoteKey; sign(head: TreeHead): string }

/** The signer of the log `origin` that belongs to the audit key. Another audit key makes another signer. */
export function makeLogSigner(audit: Key, origin: string): LogSigner {
  const pair: Ed25519 = ed25519Of(deriveKey(audit, 'audit log'))
  return {
    key: { kind: 'log', name: origin, publicKey: pair.publicKey },
    sign({ size, root }) {
      const text = `${origin}\n${size}\n${root.toString('base64')}\n`
      return `${text}\n${signNote(text, origin, pair)}`
    },
  }
}

/** Null for what is no checkpoint. Nothing in it is to be believed before its signature is checked. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const note = parseNote(text)
  const [origin = '', size = '', base64 = '', ...extension] = note?.text.slice(0, -1).split('\n') ?? []
  const root = Buffer.from(base64, 'base64')
  const known = /^(0|[1-9]\d{0,14})$/.test(size) && root.length === HASH_LENGTH && root.toString('base64') === base64
  if (note === null || origin === '' || !known || extension.includes('')) return null
  return { origin, size: Number(size), root, note }
}

/** A checkpoint that this log has signed; null where it is none, of another log, or not signed by it. */
export function openCheckpoint(text: string, key: NoteKey): Checkpoint | null {
  const checkpoint = parseCheckpoint(text)
  if (checkpoint === null || checkpoint.origin !== key.name) return null
  return judgeNote(checkpoint.note, key).kind === 'signed' ? checkpoint : null
}
