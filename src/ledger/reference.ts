import { createHash } from 'node:crypto'
import type { TransferId } from '../domain/ids.ts'

/** Letters and digits that people do not mistake for each other when they read them out: no 0/O, 1/I/L. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'
const LENGTH = 10
/** Of 31^10 references two meet rarely; then the next candidate is taken. */
const CANDIDATES = 3

/** The short references a transfer may get, made from its id; the ledger takes the first that is free. */
export function referencesOf(id: TransferId): string[] {
  return Array.from({ length: CANDIDATES }, (_, attempt) => {
    let rest = BigInt(`0x${createHash('sha256').update(`reference/${id}/${attempt}`).digest('hex')}`)
    let text = ''
    while (text.length < LENGTH) {
      text += ALPHABET[Number(rest % BigInt(ALPHABET.length))]
      rest /= BigInt(ALPHABET.length)
    }
    return text
  })
}
