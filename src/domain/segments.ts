import { countSeptets } from './gsm7.ts'
import type { NationalTable } from './gsm7-national.ts'

/** How a network ties the parts of a long text together, and what its phones read: all that decides how many parts there are. */
export type SegmentStyle = {
  /**
   * `udh8`, `udh16`: a header in each part, its reference in one octet or two. `sar`: the same in TLVs, which the network turns into
   * such headers, so that the parts are no longer. `payload`: the whole text in one PDU, which the network splits and counts as `udh8`.
   */
  readonly long: 'udh8' | 'udh16' | 'sar' | 'payload'
  /** Single shift tables that may be used. */
  readonly national: readonly NationalTable[]
}

/** How a text travels as short messages: `parts` joined is the text, each part fits one message. */
export type Segments = {
  readonly encoding: 'gsm7' | 'ucs2'
  /** The single shift table that GSM-7 is written with; null for the default one. */
  readonly national: NationalTable | null
  readonly parts: readonly string[]
  /** Septets (`gsm7`) or UTF-16 units (`ucs2`) of the whole text, without headers. */
  readonly units: number
}

const ordinarySegments: SegmentStyle = { long: 'udh8', national: [] }

/**
 * Splits a text as the network counts it: GSM-7 where every character allows, else a national table where one is allowed and saves
 * parts, else UCS-2. An escape pair or a surrogate pair is never split. The empty text is one empty message.
 */
export function segmentSms(text: string, style: SegmentStyle = ordinarySegments): Segments {
  const septets = countSeptets(text)
  if (septets !== null) return split(text, 'gsm7', null, septets, style)
  let best = segmentUcs2(text, style)
  for (const national of style.national) {
    const units = countSeptets(text, national)
    if (units === null) continue
    const segments = split(text, 'gsm7', national, units, style)
    // A network that splits a payload itself need not repeat the header which names the table.
    if (style.long === 'payload' && segments.parts.length > 1) continue
    if (segments.parts.length < best.parts.length) best = segments
  }
  return best
}

/** The same in UCS-2 whatever the text is. */
export function segmentUcs2(text: string, style: SegmentStyle = ordinarySegments): Segments {
  return split(text, 'ucs2', null, text.length, style)
}

/** Septets or UTF-16 units that a message holds alone, and each of several. */
export function segmentSizes(
  encoding: Segments['encoding'],
  long: SegmentStyle['long'],
  national: NationalTable | null = null,
): { readonly alone: number; readonly part: number } {
  const table = national === null ? 0 : TABLE_OCTETS
  const place = long === 'udh16' ? PLACE_16_OCTETS : PLACE_8_OCTETS
  return { alone: room(encoding, table), part: room(encoding, table + place) }
}

/** TP-UD holds that many octets, or septets packed into them (3GPP TS 23.040 §9.2.3.24). */
const USER_DATA_OCTETS = 140
/** Elements of the header: identifier, length and data (§9.2.3.24.1, .8, .15). */
const PLACE_8_OCTETS = 5
const PLACE_16_OCTETS = 6
const TABLE_OCTETS = 3

/** What is left beside a header of these elements, whose own length takes one octet more; septets begin at a multiple of seven bits. */
function room(encoding: Segments['encoding'], elements: number): number {
  const header = elements === 0 ? 0 : elements + 1
  if (encoding === 'ucs2') return Math.floor((USER_DATA_OCTETS - header) / 2)
  return Math.floor((8 * USER_DATA_OCTETS) / 7) - Math.ceil((8 * header) / 7)
}

function split(
  text: string,
  encoding: Segments['encoding'],
  national: NationalTable | null,
  units: number,
  { long }: SegmentStyle,
): Segments {
  const { alone, part: size } = segmentSizes(encoding, long, national)
  if (units <= alone) return { encoding, national, parts: [text], units }
  const parts: string[] = []
  let from = 0
  let at = 0
  let used = 0
  for (const character of text) {
    const cost = encoding === 'ucs2' ? character.length : (countSeptets(character, national) ?? 0)
    if (used + cost > size) {
      parts.push(text.slice(from, at))
      from = at
      used = 0
    }
    at += character.length
    used += cost
  }
  parts.push(text.slice(from))
  return { encoding, national, parts, units }
}
