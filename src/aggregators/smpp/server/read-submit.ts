import type { NumberingPlan } from '../../../domain/market.ts'
import { type Msisdn, parseE164, parseMsisdn } from '../../../domain/msisdn.ts'
import { Secret } from '../../../domain/secret.ts'
import { numberField, octetsField, type Pdu, textField } from '../codec.ts'
import { ordinaryCoding } from '../coding-profile.ts'
import { readDataCoding } from '../data-coding.ts'
import { standardProfile } from '../profiles.ts'
import { decodeMessage, encodeShortMessages, segmentsOf } from '../short-message.ts'
import { sourceAddress } from '../submit.ts'
import { UDH_INDICATOR } from '../user-data-header.ts'
import type { ClientAddress, ClientMessage, SmppAccount } from './account.ts'
import { REFUSAL } from './refusal.ts'
import { parseSmppTime } from './times.ts'

export type ReadSubmit =
  | { readonly kind: 'message'; readonly message: ClientMessage }
  /** `status`: what the response carries (SMPP 3.4 §5.1.3). */
  | { readonly kind: 'refused'; readonly status: number }

/** Message type in esm_class: 0 is an ordinary message, the others acknowledge something of a phone's (SMPP 3.4 §5.2.12). */
const MESSAGE_TYPE = 0x3c
/** A header's elements that give a part its place, and nothing else. */
const PLACE_ELEMENTS: ReadonlySet<number> = new Set([0x00, 0x08])
/** Shown at once (SMPP 3.4 §5.3.2.1). */
const SUBUNIT_DISPLAY = 1
const LONGEST_MS = 30 * 86_400_000

/** Reads a submit_sm or data_sm of this account; every field that we would not do as it says is a refusal with its own status. */
export function readSubmit(
  pdu: Pdu,
  account: SmppAccount,
  { numbering, isOwnSender }: { readonly numbering: NumberingPlan; readonly isOwnSender: (sender: string) => boolean },
  now: Date,
): ReadSubmit {
  const destination = addressOf(pdu, 'dest_addr', 'destination_addr')
  const to = readDestination(destination, account, numbering)
  if (to === null) return refused(REFUSAL.destination)
  const source = addressOf(pdu, 'source_addr', 'source_addr')
  const from = readSender(source, account)
  if (from === null || isOwnSender(from)) return refused(REFUSAL.source)
  if ((numberField(pdu, 'sm_default_msg_id') ?? 0) !== 0) return refused(REFUSAL.predefined)
  const body = readBody(pdu)
  if (typeof body === 'number') return refused(body)
  const times = readTimes(pdu, now)
  if (typeof times === 'number') return refused(times)
  const registered = (numberField(pdu, 'registered_delivery') ?? 0) & 3
  const userReference = numberField(pdu, 'user_message_reference')
  return { kind: 'message', message: { to, from, ...body, ...times, registered, source, destination, userReference } }
}

function addressOf(pdu: Pdu, prefix: string, name: string): ClientAddress {
  const ton = numberField(pdu, `${prefix}_ton`) ?? 0
  return { ton, npi: numberField(pdu, `${prefix}_npi`) ?? 0, address: textField(pdu, name).trim() }
}

/** International digits with or without a plus, or as people of the country write it. */
function readDestination({ ton, address }: ClientAddress, account: SmppAccount, plan: NumberingPlan): Msisdn | null {
  const national = ton === 2 || address.startsWith('0')
  const to = national ? parseMsisdn(address, plan) : parseE164(`+${address.replace(/^\+/, '')}`)
  if (to === null || account.prefixes.length === 0) return to
  return account.prefixes.some((prefix) => to.startsWith(prefix, 1)) ? to : null
}

/** The sender as links write it: `+254…` for an international number, digits alone for a short code, else a name. */
function readSender({ ton, address }: ClientAddress, account: SmppAccount): string | null {
  const [usual] = account.senders
  const international = /^\+?\d{7,15}$/.test(address) && (ton === 1 || address.startsWith('+'))
  const from =
    address === '' ? (usual === '*' ? '' : (usual ?? '')) : international ? `+${address.replace(/^\+/, '')}` : address
  if (from === '' || sourceAddress(from, standardProfile) === null) return null
  return account.senders.includes('*') || account.senders.includes(from) ? from : null
}

type Body = Pick<ClientMessage, 'text' | 'part' | 'flash' | 'segments'>

function readBody(pdu: Pdu): Body | number {
  const esmClass = numberField(pdu, 'esm_class') ?? 0
  if ((esmClass & MESSAGE_TYPE) !== 0) return REFUSAL.esmClass
  const short = octetsField(pdu, 'short_message') ?? Buffer.alloc(0)
  const payload = octetsField(pdu, 'message_payload') ?? Buffer.alloc(0)
  if (short.length > 0 === payload.length > 0) return REFUSAL.length
  const octets = short.length > 0 ? short : payload
  const dataCoding = numberField(pdu, 'data_coding') ?? 0
  const coding = readCoding(dataCoding)
  if (coding === null) return REFUSAL.submit
  const header = (esmClass & UDH_INDICATOR) === 0 ? 0 : headerLength(octets)
  // What else a header may ask for (ports, pictures, other alphabets) would be lost on the way.
  if (header === null) return REFUSAL.esmClass
  const body = octets.subarray(header)
  if (coding.ucs2 ? body.length % 2 !== 0 : coding.septets && body.some((octet) => octet > 0x7f)) return REFUSAL.length
  const { text, part, flash } = decodeMessage(pdu)
  const place = part === null ? {} : { place: part }
  const encoded = encodeShortMessages(text, { reference: 0, coding: ordinaryCoding, flash, ...place })
  if (encoded === null) return REFUSAL.length
  const isShown = flash || numberField(pdu, 'dest_addr_subunit') === SUBUNIT_DISPLAY
  return { text: new Secret(text), part, flash: isShown, segments: segmentsOf(encoded) }
}

/**
 * Null: binary, compressed, a voice mail's sign, or an alphabet that we do not read (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4). Of the two
 * that `readDataCoding` shows octet by octet, IA5 and Latin-1 are meant so.
 */
function readCoding(dataCoding: number): { ucs2: boolean; septets: boolean } | null {
  if (dataCoding === 1 || dataCoding === 3) return { ucs2: false, septets: false }
  const plain = dataCoding === 0 || dataCoding === 8
  const withClass = (dataCoding & 0xf0) === 0x10 || (dataCoding & 0xf0) === 0xf0
  const { alphabet } = readDataCoding(dataCoding)
  if (!(plain || withClass) || alphabet === 'octets' || (withClass && (dataCoding & 0x0c) === 0x0c)) return null
  return { ucs2: alphabet === 'ucs2', septets: alphabet === 'gsm7' }
}

/** Null: no header that is only a part's place. */
function headerLength(octets: Buffer): number | null {
  const length = 1 + (octets[0] ?? 0)
  if (length > octets.length) return null
  let at = 1
  while (at + 1 < length) {
    if (!PLACE_ELEMENTS.has(octets[at] ?? -1)) return null
    at += 2 + (octets[at + 1] ?? 0)
  }
  return at === length ? length : null
}

function readTimes(pdu: Pdu, now: Date): Pick<ClientMessage, 'notBefore' | 'expiresAt'> | number {
  const scheduled = textField(pdu, 'schedule_delivery_time')
  const notBefore = scheduled === '' ? null : parseSmppTime(scheduled, now)
  if (scheduled !== '' && (notBefore === null || notBefore.getTime() - now.getTime() > LONGEST_MS)) {
    return REFUSAL.schedule
  }
  const seconds = numberField(pdu, 'qos_time_to_live')
  const validity = textField(pdu, 'validity_period')
  const asked =
    validity === ''
      ? seconds === null || seconds === 0
        ? null
        : new Date(now.getTime() + seconds * 1000)
      : parseSmppTime(validity, now)
  if (validity !== '' && asked === null) return REFUSAL.expiry
  const begins = Math.max(now.getTime(), notBefore?.getTime() ?? 0)
  if (asked !== null && asked.getTime() <= begins) return REFUSAL.expiry
  const expiresAt = asked === null ? null : new Date(Math.min(asked.getTime(), begins + LONGEST_MS))
  return { notBefore: notBefore !== null && notBefore > now ? notBefore : null, expiresAt }
}

function refused(status: number): ReadSubmit {
  return { kind: 'refused', status }
}
