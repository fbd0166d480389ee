import { type Msisdn, parseE164 } from '../../../domain/msisdn.ts'
import { Secret } from '../../../domain/secret.ts'
import { numberField, octetsField, type Pdu, textField } from '../codec.ts'
import { decodeText } from '../short-message.ts'
import type { UssdDialect, UssdMeaning } from './dialect.ts'

/** The name of USSD over SMPP among the aggregators; menus may set limits for it. */
export const SMPP = 'smpp'

/** One end of a dialogue as a PDU names it. */
export type UssdPeer = {
  readonly msisdn: Msisdn
  /** The two octets of the session TLV as they came; null where there are none. */
  readonly session: number | null
  /** Our own address, for the way back. */
  readonly address: { readonly ton: number; readonly npi: number; readonly address: string }
}

/** A deliver_sm or data_sm that belongs to a dialogue. */
export type UssdPdu =
  /** `serviceCode`: ours, as `SERVICE_CODES` has it; `text`: what was dialled after it. */
  | { readonly kind: 'begin'; readonly peer: UssdPeer; readonly serviceCode: string; readonly text: Secret }
  | { readonly kind: 'answer'; readonly peer: UssdPeer; readonly text: Secret }
  | { readonly kind: 'abort' | 'confirmed'; readonly peer: UssdPeer }
  /** `problem` is safe to log. */
  | { readonly kind: 'bad'; readonly problem: 'no_number' | 'unknown_operation' | 'code_not_served' | 'too_long' }

/** Bits 5 to 2 of esm_class: anything there is a receipt or an acknowledgement (SMPP 3.4 §5.2.12). */
const MESSAGE_TYPE = 0x3c

/** More than 182 septets or octets can no network bring in one hop. */
const MAX_OCTETS = 254

/** Reads a PDU of the network's as the dialect has it; null: it is no part of a dialogue, so an SMS or a receipt. */
export function parseUssdPdu(dialect: UssdDialect, pdu: Pdu, serviceCodes: readonly string[]): UssdPdu | null {
  if (((numberField(pdu, 'esm_class') ?? 0) & MESSAGE_TYPE) !== 0) return null
  const session = sessionOf(dialect, pdu)
  const operation = operationOf(dialect, pdu)
  if (operation === null && !isBare(dialect, pdu, session)) return null
  const msisdn = parseE164(`+${textField(pdu, 'source_addr').replace(/^\+/, '')}`)
  if (msisdn === null) return { kind: 'bad', problem: 'no_number' }
  const address = {
    ton: numberField(pdu, 'dest_addr_ton') ?? 0,
    npi: numberField(pdu, 'dest_addr_npi') ?? 0,
    address: textField(pdu, 'destination_addr'),
  }
  const peer = { msisdn, session, address }
  const meaning = meaningOf(dialect, operation, session)
  const octets = octetsOf(pdu)
  if (octets.length > MAX_OCTETS) return { kind: 'bad', problem: 'too_long' }
  const text = decodeText(octets, numberField(pdu, 'data_coding') ?? 0)
  switch (meaning) {
    case null:
      return { kind: 'bad', problem: 'unknown_operation' }
    case 'abort':
    case 'confirmed':
      return { kind: meaning, peer }
    case 'answer':
      return { kind: 'answer', peer, text: new Secret(text) }
    case 'begin': {
      const dialled = dialect.code === 'short_message' ? text || address.address : address.address || text
      const served = servedCode(dialled, serviceCodes)
      if (served === null) return { kind: 'bad', problem: 'code_not_served' }
      // The answer comes from the code alone, whatever was dialled after it.
      const own = { ...address, address: dialect.code === 'short_message' ? address.address : bare(served.serviceCode) }
      return { kind: 'begin', peer: { ...peer, address: own }, ...served }
    }
  }
}

/**
 * What a session is called: the dialect, the bits that stay the same, and the number. The same from every bind, so that what the network
 * repeats elsewhere finds its session. `session` null: the name until the network gives it one.
 */
export function sessionIdOf(dialect: UssdDialect, msisdn: Msisdn, session: number | null): string {
  const stays = session === null || dialect.session === null ? '' : (session & dialect.session.mask).toString(16)
  return `${dialect.name}:${stays}:${msisdn}`
}

/** `*384*77#` → `384*77`: which decoration is present differs between networks. */
export function bare(code: string): string {
  return code.trim().replace(/^\*/, '').replace(/#$/, '')
}

/** The longest of our codes that the string begins with, and what was dialled after it. */
function servedCode(dialled: string, serviceCodes: readonly string[]): { serviceCode: string; text: Secret } | null {
  const digits = bare(dialled)
  const [serviceCode] = serviceCodes
    .filter((code) => digits === bare(code) || digits.startsWith(`${bare(code)}*`))
    .sort((one, other) => other.length - one.length)
  return serviceCode === undefined
    ? null
    : { serviceCode, text: new Secret(digits.slice(bare(serviceCode).length + 1)) }
}

function operationOf({ operation, incoming }: UssdDialect, pdu: Pdu): string | null {
  if (operation === 'ussd_service_op') return numberField(pdu, 'ussd_service_op')?.toString() ?? null
  const letters = textField(pdu, 'service_type').toUpperCase()
  return incoming[letters] !== undefined || /^[BCEAF][RNAF]$/.test(letters) ? letters : null
}

/** Whether it is of a dialogue though it says no operation. */
function isBare({ operation, fields, bareIsAbort }: UssdDialect, pdu: Pdu, session: number | null): boolean {
  if (operation !== 'ussd_service_op') return false
  const type = textField(pdu, 'service_type')
  return (bareIsAbort && session !== null) || (type !== '' && type === fields.service_type)
}

function meaningOf(
  { incoming, bareIsAbort, session: tlv }: UssdDialect,
  operation: string | null,
  session: number | null,
): UssdMeaning | null {
  if (session !== null && tlv?.endBit.in === true && (session & 1) === 1) return 'abort'
  if (operation === null) return bareIsAbort ? 'abort' : null
  return Object.hasOwn(incoming, operation) ? (incoming[operation] ?? null) : null
}

function sessionOf({ session }: UssdDialect, pdu: Pdu): number | null {
  if (session === null) return null
  if (session.tlv === 'user_message_reference') return numberField(pdu, session.tlv)
  const octets = octetsField(pdu, session.tlv)
  return octets !== null && octets.length === 2 ? octets.readUInt16BE(0) : null
}

function octetsOf(pdu: Pdu): Buffer {
  const short = octetsField(pdu, 'short_message') ?? Buffer.alloc(0)
  return short.length > 0 ? short : (octetsField(pdu, 'message_payload') ?? short)
}
