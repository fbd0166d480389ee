import { createHash } from 'node:crypto'
import type { TransferId } from '../domain/ids.ts'

/** Letters and digits that people do not mistake for each other when they read them out: no 0/O, 1/I/L. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'
const LENGTH = 10
/** Of 31^10 references two meet rarely; then the next candidate is taken. */
const CANDIDATES = 3

/** The short references a transfer may get, made from its id; the ledger takes the first that is free. */
export function referencesOf(id: TransferId): string[] {
  // Two bytes a letter: none of the 31 comes up more often than another by a thousandth.
  const digest = createHash('sha512').update(`reference/${id}`).digest()
  return Array.from({ length: CANDIDATES }, (_, attempt) => {
    let text = ''
    for (let n = 0; n < LENGTH; n += 1)
      text += ALPHABET[digest.readUInt16BE(2 * (attempt * LENGTH + n)) % ALPHABET.length]
    return text
  })
}
