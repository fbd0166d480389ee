import { type NationalTable, nationalLanguages, nationalTableOf } from '../../domain/gsm7-national.ts'
import type { MessagePart } from '../aggregator.ts'

/** The header in front of a short message's text (3GPP TS 23.040 §9.2.3.24), announced by this bit of esm_class (SMPP 3.4 §5.2.12). */
export const UDH_INDICATOR = 0x40

export type UserDataHeader = {
  /** Octets that it takes, its own length octet included. */
  readonly length: number
  readonly part: MessagePart | null
  /** Tables that the text is written in; null for the default ones. */
  readonly single: NationalTable | null
  readonly locking: NationalTable | null
}

/** Identifiers of information elements (§9.2.3.24). */
const PLACE_8 = 0x00
const PLACE_16 = 0x08
const SINGLE_SHIFT = 0x24
const LOCKING_SHIFT = 0x25

/** The header for a part of a long text and a single shift table; empty where there is neither. */
export function writeHeader(part: MessagePart | null, wide: boolean, single: NationalTable | null): Buffer {
  const elements = [...placeElement(part, wide), ...(single === null ? [] : tableElement(single))]
  return elements.length === 0 ? Buffer.alloc(0) : Buffer.of(elements.length, ...elements)
}

/**
 * Null: it claims to be longer than the message, and so is none. Elements that are unknown, or contradict themselves, say nothing; of
 * two that say the same thing the last one counts; where an element does not end within the header, none of them counts (§9.2.3.24).
 */
export function readHeader(octets: Buffer): UserDataHeader | null {
  const length = 1 + (octets[0] ?? 0)
  if (octets.length < length) return null
  let header: UserDataHeader = { length, part: null, single: null, locking: null }
  let at = 1
  while (at < length) {
    const end = at + 2 + (octets[at + 1] ?? 0)
    if (at + 2 > length || end > length) return { length, part: null, single: null, locking: null }
    header = { ...header, ...readElement(octets[at] ?? 0, octets.subarray(at + 2, end)) }
    at = end
  }
  return header
}

/** A place that can be: the first of at least two, or a later one up to the last. */
export function partAt(reference: number, total: number, number: number): MessagePart | null {
  return number >= 1 && number <= total && total > 1 ? { reference, total, number } : null
}

function readElement(identifier: number, value: Buffer): Partial<UserDataHeader> {
  if (identifier === PLACE_8 && value.length === 3)
    return placed(value.readUInt8(0), value.readUInt8(1), value.readUInt8(2))
  if (identifier === PLACE_16 && value.length === 4)
    return placed(value.readUInt16BE(0), value.readUInt8(2), value.readUInt8(3))
  if (identifier === SINGLE_SHIFT && value.length === 1) return { single: nationalTableOf(value.readUInt8(0)) }
  if (identifier === LOCKING_SHIFT && value.length === 1) return { locking: nationalTableOf(value.readUInt8(0)) }
  return {}
}

function placed(reference: number, total: number, number: number): Partial<UserDataHeader> {
  const part = partAt(reference, total, number)
  return part === null ? {} : { part }
}

function placeElement(part: MessagePart | null, wide: boolean): number[] {
  if (part === null) return []
  const { reference, total, number } = part
  return wide
    ? [PLACE_16, 4, (reference >> 8) & 0xff, reference & 0xff, total, number]
    : [PLACE_8, 3, reference & 0xff, total, number]
}

function tableElement(table: NationalTable): number[] {
  return [SINGLE_SHIFT, 1, nationalLanguages[table].identifier]
}
