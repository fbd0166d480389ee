import { countSeptets } from './gsm7.ts'

/** How a text travels as short messages: `parts` joined is the text, each part fits one message. */
export type Segments = {
  readonly encoding: 'gsm7' | 'ucs2'
  readonly parts: readonly string[]
  /** Septets (`gsm7`) or UTF-16 units (`ucs2`) of the whole text, without headers. */
  readonly units: number
}

/** Septets or UTF-16 units in a message alone, and in each of several: six octets then go to the header (3GPP TS 23.040 §9.2.3.24.1). */
const SIZES = { gsm7: { alone: 160, part: 153 }, ucs2: { alone: 70, part: 67 } } as const

/**
 * Splits a text as the network counts it: GSM-7 where every character allows, else UCS-2. An escape pair or a surrogate pair is
 * never split. The empty text is one empty message.
 */
export function segmentSms(text: string): Segments {
  const septets = countSeptets(text)
  const encoding = septets === null ? 'ucs2' : 'gsm7'
  const units = septets ?? text.length
  const size = SIZES[encoding]
  const parts = units <= size.alone ? [text] : split(text, encoding, size.part)
  return { encoding, parts, units }
}

function split(text: string, encoding: Segments['encoding'], size: number): string[] {
  const parts: string[] = []
  let part = ''
  let used = 0
  for (const character of text) {
    const cost = encoding === 'ucs2' ? character.length : (countSeptets(character) ?? 0)
    if (used + cost > size) {
      parts.push(part)
      part = ''
      used = 0
    }
    part += character
    used += cost
  }
  parts.push(part)
  return parts
}
