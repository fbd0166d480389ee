import type { MessagePart } from '../aggregator.ts'
import { type EncodedPart, encodeShortMessages } from './short-message.ts'

/** A short message holds that many octets, header included (3GPP TS 23.040 §9.2.3.16); GSM-7 has one septet in each octet here. */
const ROOM = { gsm7: 160, ucs2: 140 } as const
const UDH_INDICATOR = 0x40

/**
 * The one short message of a part that a client cut itself, with the place that the client gave it (3GPP TS 23.040 §9.2.3.24.1, §9.2.3.24.8).
 * Null: with its header it does not fit.
 */
export function encodeForwardedPart(text: string, part: MessagePart): EncodedPart[] | null {
  const [whole, more] = encodeShortMessages(text, 0) ?? []
  if (whole === undefined || more !== undefined) return null
  const octets = Buffer.concat([partHeader(part), whole.octets])
  // A header of seven octets takes eight septets.
  const header = whole.dataCoding === 0 ? Math.ceil((partHeader(part).length * 8) / 7) : partHeader(part).length
  const room = whole.dataCoding === 0 ? ROOM.gsm7 : ROOM.ucs2
  if (header + whole.octets.length > room) return null
  return [{ ...whole, esmClass: whole.esmClass | UDH_INDICATOR, octets }]
}

/** The user data header of a part: with an 8-bit reference where that is enough. */
export function partHeader({ reference, total, number }: MessagePart): Buffer {
  if (reference <= 0xff) return Buffer.of(5, 0, 3, reference, total, number)
  return Buffer.of(6, 8, 4, reference >> 8, reference & 0xff, total, number)
}
