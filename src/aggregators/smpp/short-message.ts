import { decodeGsm7, encodeGsm7, type Shifts } from '../../domain/gsm7.ts'
import { type Segments, segmentSizes, segmentSms, segmentUcs2 } from '../../domain/segments.ts'
import { packSeptets, unpackSeptets } from '../../domain/septets.ts'
import type { MessagePart } from '../aggregator.ts'
import { numberField, octetsField, type Pdu } from './codec.ts'
import type { CodingProfile } from './coding-profile.ts'
import { readDataCoding } from './data-coding.ts'
import { partAt, readHeader, UDH_INDICATOR, writeHeader } from './user-data-header.ts'

/** One submit's worth of a text. */
export type EncodedPart = {
  /** All that the text decides: esm_class, data_coding, short_message, and message_payload or sar_… where the profile wants them. */
  readonly fields: Pdu['fields']
  /** Short messages that the network makes of it; more than one only of a message_payload. */
  readonly segments: number
}

export type EncodeOptions = {
  /** Ties the parts of a long text together; its low octet is used where the header has no more room. */
  readonly reference: number
  readonly coding: CodingProfile
  readonly flash: boolean
  /** Set where the text is itself a part, which a client cut: it takes one PDU with this place, or none at all. */
  readonly place?: MessagePart
}

/** Headers and TLVs count parts in one octet (3GPP TS 23.040 §9.2.3.24.1, SMPP 3.4 §5.3.2.23). */
const MAX_PARTS = 255

/**
 * Encodes a text into as many PDUs as it takes, each with at most 160 octets of short_message, in an alphabet that has all of its
 * characters. Null: too long for any number of parts.
 */
export function encodeShortMessages(text: string, options: EncodeOptions): EncodedPart[] | null {
  const { coding } = options
  return encode(segmentSms(text, coding), options) ?? encode(segmentUcs2(text, coding), options)
}

/** How many short messages the network counts, and charges, for a text. */
export function countSegments(text: string, coding: CodingProfile): number {
  const parts = encodeShortMessages(text, { reference: 0, coding, flash: false })
  return parts === null ? segmentSms(text, coding).parts.length : segmentsOf(parts)
}

/** Short messages in all of these. */
export function segmentsOf(parts: readonly EncodedPart[]): number {
  return parts.reduce((sum, { segments }) => sum + segments, 0)
}

/** A received short message: its text, its place where it is one part of several, and whether it is class 0. */
export type DecodedMessage = { readonly text: string; readonly part: MessagePart | null; readonly flash: boolean }

/**
 * Reads the text of a submit_sm, deliver_sm or data_sm: short_message, or message_payload where that is empty, and the place of a
 * part from the header or the TLVs. `packed`: seven-bit text comes eight septets in seven octets. Any octets give some text.
 */
export function decodeMessage(pdu: Pdu, packed = false): DecodedMessage {
  const short = octetsField(pdu, 'short_message') ?? Buffer.alloc(0)
  const octets = short.length > 0 ? short : (octetsField(pdu, 'message_payload') ?? short)
  const dataCoding = numberField(pdu, 'data_coding') ?? 0
  const decoded = decodeShortMessage(octets, dataCoding, numberField(pdu, 'esm_class') ?? 0, packed)
  return decoded.part === null ? { ...decoded, part: placeInTlvs(pdu) } : decoded
}

/**
 * Reads the octets of a short message. A user data header is taken off; octets that cannot hold the header they announce are read as
 * text, so that nothing a person wrote is lost.
 */
export function decodeShortMessage(
  octets: Buffer,
  dataCoding: number,
  esmClass: number,
  packed = false,
): DecodedMessage {
  const { flash } = readDataCoding(dataCoding)
  const header = (esmClass & UDH_INDICATOR) === 0 ? null : readHeader(octets)
  if (header === null) return { text: decodeBody(octets, dataCoding, packed), part: null, flash }
  const text = decodeBody(octets.subarray(header.length), dataCoding, packed, header)
  return { text, part: header.part, flash }
}

/** The text of octets without a header. The whole data coding octet decides. */
export function decodeText(octets: Buffer, dataCoding: number, packed = false): string {
  return decodeBody(octets, dataCoding, packed)
}

/** Null: too many parts, or a packed one that would lose its last character. */
function encode(segments: Segments, options: EncodeOptions): EncodedPart[] | null {
  const { parts } = segments
  const { reference, coding } = options
  if (parts.length > MAX_PARTS || !fitsPlace(segments, options)) return null
  if (parts.length > 1 && coding.long === 'payload') return encodePayload(segments, options)
  const encoded: EncodedPart[] = []
  for (const [index, text] of parts.entries()) {
    const own = parts.length === 1 ? null : { reference, total: parts.length, number: index + 1 }
    const place = options.place ?? own
    const header = writeHeader(coding.long === 'sar' ? null : place, isWide(options), segments.national)
    const body = encodeBody(text, segments, coding, header.length)
    if (body === null) return null
    const fields = {
      esm_class: header.length === 0 ? 0 : UDH_INDICATOR,
      data_coding: dataCodingOf(segments, options),
      short_message: Buffer.concat([header, body]),
      ...(coding.long === 'sar' && place !== null ? placeTlvs(place) : {}),
    }
    encoded.push({ fields, segments: 1 })
  }
  return encoded
}

function fitsPlace({ encoding, national, units }: Segments, options: EncodeOptions): boolean {
  if (options.place === undefined) return true
  return units <= segmentSizes(encoding, isWide(options) ? 'udh16' : 'udh8', national).part
}

/** A client's reference keeps its second octet where it needs one. */
function isWide({ coding, place }: EncodeOptions): boolean {
  return coding.long === 'udh16' || (place !== undefined && place.reference > 0xff)
}

function encodePayload(segments: Segments, options: EncodeOptions): EncodedPart[] | null {
  const payload = encodeBody(segments.parts.join(''), segments, options.coding, 0)
  if (payload === null) return null
  const fields = {
    esm_class: 0,
    data_coding: dataCodingOf(segments, options),
    short_message: Buffer.alloc(0),
    message_payload: payload,
  }
  return [{ fields, segments: segments.parts.length }]
}

function dataCodingOf({ encoding }: Segments, { coding, flash }: EncodeOptions): number {
  if (encoding === 'gsm7') return flash ? coding.flashGsm7 : coding.gsm7
  return flash ? coding.flashUcs2 : coding.ucs2
}

function encodeBody(
  text: string,
  { encoding, national }: Segments,
  { packed }: CodingProfile,
  headerLength: number,
): Buffer | null {
  if (encoding === 'ucs2') return encodeUcs2(text)
  const septets = encodeGsm7(text, national)
  return septets === null || !packed ? septets : packSeptets(septets, headerLength)
}

/** SMPP 3.4 §5.3.2.22–24. */
function placeTlvs({ reference, total, number }: MessagePart): Pdu['fields'] {
  return { sar_msg_ref_num: reference & 0xffff, sar_total_segments: total, sar_segment_seqnum: number }
}

function placeInTlvs(pdu: Pdu): MessagePart | null {
  const reference = numberField(pdu, 'sar_msg_ref_num')
  const total = numberField(pdu, 'sar_total_segments')
  const number = numberField(pdu, 'sar_segment_seqnum')
  return reference === null || total === null || number === null ? null : partAt(reference, total, number)
}

function decodeBody(
  octets: Buffer,
  dataCoding: number,
  packed: boolean,
  shifts?: Shifts & { readonly length: number },
): string {
  switch (readDataCoding(dataCoding).alphabet) {
    case 'ucs2':
      return decodeUcs2(octets)
    case 'octets':
      return octets.toString('latin1')
    case 'gsm7':
      return decodeGsm7(packed ? unpackSeptets(octets, shifts?.length) : octets, shifts)
  }
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
