import { decodeGsm7, encodeGsm7 } from '../../domain/gsm7.ts'
import { segmentSms } from '../../domain/segments.ts'
import type { MessagePart } from '../aggregator.ts'

/** One submit's worth of a text: header and octets, ready for `short_message`. */
export type EncodedPart = {
  /** 0, or 0x40 when `octets` begins with a user data header. */
  readonly esmClass: number
  /** 0: the network's default alphabet, taken to be GSM-7 with one septet per octet; 8: UCS-2 (SMPP 3.4 §5.2.19). */
  readonly dataCoding: number
  readonly octets: Buffer
}

const UDH_INDICATOR = 0x40
/** The header counts parts in one octet (3GPP TS 23.040 §9.2.3.24.1). */
const MAX_PARTS = 255

/**
 * Encodes a text into as many short messages as it takes; `reference` ties the parts of a long one together. Null: too long for
 * any number of parts.
 */
export function encodeShortMessages(text: string, reference: number): EncodedPart[] | null {
  const { encoding, parts } = segmentSms(text)
  if (parts.length > MAX_PARTS) return null
  return parts.map((part, index) => {
    const octets = encoding === 'gsm7' ? (encodeGsm7(part) ?? Buffer.alloc(0)) : encodeUcs2(part)
    const dataCoding = encoding === 'gsm7' ? 0 : 8
    if (parts.length === 1) return { esmClass: 0, dataCoding, octets }
    const header = Buffer.of(5, 0, 3, reference & 0xff, parts.length, index + 1)
    return { esmClass: UDH_INDICATOR, dataCoding, octets: Buffer.concat([header, octets]) }
  })
}

/** A received short message: its text, and its place where it is one part of several. */
export type DecodedMessage = { readonly text: string; readonly part: MessagePart | null }

/**
 * Reads the octets of a short message. A user data header is taken off; one that contradicts itself is read as text, so that
 * nothing a person wrote is lost.
 */
export function decodeShortMessage(octets: Buffer, dataCoding: number, esmClass: number): DecodedMessage {
  const header = (esmClass & UDH_INDICATOR) === 0 ? null : readHeader(octets)
  const body = header === null ? octets : octets.subarray(header.length)
  return { text: decodeText(body, dataCoding), part: header?.part ?? null }
}

/** The whole data coding octet decides (3GPP TS 23.038 §4 and, for the low values, SMPP 3.4 §5.2.19). */
export function decodeText(octets: Buffer, dataCoding: number): string {
  switch (alphabetOf(dataCoding)) {
    case 'ucs2':
      return decodeUcs2(octets)
    case 'latin1':
      return octets.toString('latin1')
    case 'gsm7':
      return decodeGsm7(octets)
  }
}

function alphabetOf(dataCoding: number): 'gsm7' | 'ucs2' | 'latin1' {
  if (dataCoding === 1 || dataCoding === 3) return 'latin1'
  if (dataCoding === 8) return 'ucs2'
  const group = dataCoding >> 4
  if (group === 0xe) return 'ucs2'
  // General data coding: bits 3 and 2 are the alphabet.
  if (group >= 1 && group <= 7)
    return (dataCoding & 0x0c) === 0x08 ? 'ucs2' : (dataCoding & 0x0c) === 0x04 ? 'latin1' : 'gsm7'
  if (group === 0xf) return (dataCoding & 0x04) === 0 ? 'gsm7' : 'latin1'
  return dataCoding === 4 || dataCoding === 2 ? 'latin1' : 'gsm7'
}

function readHeader(octets: Buffer): { length: number; part: MessagePart | null } | null {
  const length = 1 + (octets[0] ?? 0)
  if (octets.length < length) return null
  let part: MessagePart | null = null
  let at = 1
  while (at + 1 < length) {
    const id = octets[at] ?? 0
    const size = octets[at + 1] ?? 0
    const value = octets.subarray(at + 2, at + 2 + size)
    if (at + 2 + size > length) return null
    if (id === 0 && size === 3) part = placed(value.readUInt8(0), value.readUInt8(1), value.readUInt8(2))
    if (id === 8 && size === 4) part = placed(value.readUInt16BE(0), value.readUInt8(2), value.readUInt8(3))
    at += 2 + size
  }
  return { length, part }
}

function placed(reference: number, total: number, number: number): MessagePart | null {
  return number >= 1 && number <= total && total > 1 ? { reference, total, number } : null
}

/** UTF-16 big-endian, unit by unit, so that a lone surrogate survives too. */
function encodeUcs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

function decodeUcs2(octets: Buffer): string {
  return Buffer.from(octets.subarray(0, octets.length & ~1))
    .swap16()
    .toString('utf16le')
}
