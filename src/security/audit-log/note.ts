import { createHash } from 'node:crypto'
import { type Ed25519, verifyEd25519 } from '../ed25519.ts'

/** A signed note (C2SP signed-note): its text with the last newline, and its lines of signature. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] }

/** `signature` is what follows the four bytes of the key's id. */
export type NoteSignature = {
  readonly name: string
  readonly keyId: Buffer
  readonly signature: Buffer
  /** As it stands in the note, with its newline. */
  readonly line: string
}

/** A public key that is trusted, by name. `log`: signs checkpoints; `witness`: cosigns them, with a time (C2SP tlog-cosignature). */
export type NoteKey = {
  readonly kind: 'log' | 'witness'
  readonly name: string
  readonly publicKey: Buffer
}

/** Signature type of a key (C2SP signed-note, "Signature types"). */
const TYPES = { log: 0x01, witness: 0x04 } as const
const KEY_ID_LENGTH = 4
const TIMESTAMP_LENGTH = 8
const SIGNATURE_LENGTH = 64
/** A note has a log's and some witnesses' signatures; sixteen must be taken. */
const MOST_SIGNATURES = 64
const MOST_CHARACTERS = 65_536
const LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u

/** Null for what is no signed note. Nothing in it is to be believed before a signature is checked. */
export function parseNote(note: string): Note | null {
  const hasControls = [...note].some((character) => character < ' ' && character !== '\n')
  const at = note.lastIndexOf('\n\n')
  if (note.length > MOST_CHARACTERS || hasControls || at < 1 || !note.endsWith('\n')) return null
  const signatures = note
    .slice(at + 2, -1)
    .split('\n')
    .map(parseSignature)
  const known = signatures.filter((signature) => signature !== null)
  if (known.length !== signatures.length || known.length > MOST_SIGNATURES) return null
  return { text: note.slice(0, at + 1), signatures: known }
}

/** One line of signature, without its newline. */
function parseSignature(line: string): NoteSignature | null {
  const [, name, base64] = LINE.exec(line) ?? []
  if (name === undefined || base64 === undefined) return null
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length <= KEY_ID_LENGTH || bytes.toString('base64') !== base64) return null
  const [keyId, signature] = [bytes.subarray(0, KEY_ID_LENGTH), bytes.subarray(KEY_ID_LENGTH)]
  return { name, keyId, signature, line: `${line}\n` }
}

export function keyIdOf({ kind, name, publicKey }: NoteKey): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(Buffer.of(TYPES[kind])).update(publicKey).digest()
  return hash.subarray(0, KEY_ID_LENGTH)
}

/** `name+<key id>+<type and key in base64>`, as tools for signed notes take a public key. */
export function verifierKey(key: NoteKey): string {
  const bytes = Buffer.concat([Buffer.of(TYPES[key.kind]), key.publicKey])
  return `${key.name}+${keyIdOf(key).toString('hex')}+${bytes.toString('base64')}`
}

/** Null for what is no verifier key of a kind known here. */
export function parseVerifierKey(text: string): NoteKey | null {
  const [, name, id, base64] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text.trim()) ?? []
  if (name === undefined || id === undefined || base64 === undefined) return null
  const bytes = Buffer.from(base64, 'base64')
  const kind = bytes[0] === TYPES.log ? 'log' : bytes[0] === TYPES.witness ? 'witness' : null
  if (kind === null || bytes.length !== 33) return null
  const key: NoteKey = { kind, name, publicKey: bytes.subarray(1) }
  return keyIdOf(key).toString('hex') === id ? key : null
}

/** The log's line of signature over a note's text. */
export function signNote(text: string, name: string, pair: Ed25519): string {
  return lineOf({ kind: 'log', name, publicKey: pair.publicKey }, pair.sign(Buffer.from(text)))
}

/** A witness' line: that it saw this checkpoint, consistent with all before, at `atMs`. */
export function cosignNote(text: string, name: string, pair: Ed25519, atMs: number): string {
  const seconds = BigInt(Math.floor(atMs / 1000))
  const timestamp = Buffer.alloc(TIMESTAMP_LENGTH)
  timestamp.writeBigUInt64BE(seconds)
  const signature = pair.sign(cosignedText(text, seconds))
  return lineOf({ kind: 'witness', name, publicKey: pair.publicKey }, Buffer.concat([timestamp, signature]))
}

/**
 * What the note says about a key: `absent`, no signature by it; `wrong`, one that does not verify; `signed`, by it, and for a witness when,
 * in Unix milliseconds.
 */
export type Verdict =
  | { readonly kind: 'absent' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'signed'; readonly atMs: number | null; readonly line: string }

export function judgeNote({ text, signatures }: Note, key: NoteKey): Verdict {
  const id = keyIdOf(key)
  const found = signatures.filter(({ name, keyId }) => name === key.name && keyId.equals(id))
  const first = found[0]
  if (first === undefined) return { kind: 'absent' }
  const verified = found.every(({ signature }) => verifies(text, key, signature))
  if (!verified) return { kind: 'wrong' }
  const atMs = key.kind === 'witness' ? Number(first.signature.readBigUInt64BE()) * 1000 : null
  return { kind: 'signed', atMs, line: first.line }
}

function verifies(text: string, { kind, publicKey }: NoteKey, signature: Buffer): boolean {
  if (kind === 'log')
    return signature.length === SIGNATURE_LENGTH && verifyEd25519(publicKey, Buffer.from(text), signature)
  if (signature.length !== TIMESTAMP_LENGTH + SIGNATURE_LENGTH) return false
  const message = cosignedText(text, signature.readBigUInt64BE())
  return verifyEd25519(publicKey, message, signature.subarray(TIMESTAMP_LENGTH))
}

function cosignedText(text: string, seconds: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)
}

function lineOf(key: NoteKey, signature: Buffer): string {
  return `— ${key.name} ${Buffer.concat([keyIdOf(key), signature]).toString('base64')}\n`
}
