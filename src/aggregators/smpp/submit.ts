import { countSeptets } from '../../domain/gsm7.ts'
import type { SmsMessage } from '../sms-link.ts'
import { type Pdu, STATUS, statusName } from './codec.ts'
import type { NumberKind, SmppProfile } from './profiles.ts'
import type { EncodedPart } from './short-message.ts'

type Address = NumberKind & { readonly address: string }

const REGISTERED_DELIVERY = 1
const MAX_SENDER_SEPTETS = 11
/**
 * What a refusal says. `passing`: later, or elsewhere. `message`: the number or the text is bad, and no link would take it. Any other
 * is about this link, its profile or its account (a sender that is not registered, a service not paid for, a code of the vendor's own
 * from 0x400 on), and says nothing of others (SMPP 3.4 §5.1.3, 5.0 §4.7.6).
 */
const MEANINGS: ReadonlyMap<number, 'passing' | 'message'> = new Map([
  ...[
    ...[STATUS.throttled, STATUS.queueFull, STATUS.systemError, STATUS.invalidBindState, STATUS.submitFailed],
    ...[STATUS.temporaryAppError, STATUS.deliveryFailure, STATUS.unknown],
  ].map((status) => [status, 'passing'] as const),
  ...[
    ...[STATUS.invalidMessageLength, STATUS.invalidDestination, STATUS.invalidExpiry],
    ...[STATUS.permanentAppError, STATUS.rejectedByApp],
  ].map((status) => [status, 'message'] as const),
])

/** The parameters of one submit_sm; `index` counts the parts of the message from 0. */
export function submitFields(
  message: SmsMessage,
  source: Address,
  part: EncodedPart,
  index: number,
  { serviceType, destination }: SmppProfile,
): Pdu['fields'] {
  return {
    service_type: serviceType,
    source_addr_ton: source.ton,
    source_addr_npi: source.npi,
    source_addr: source.address,
    dest_addr_ton: destination.ton,
    dest_addr_npi: destination.npi,
    destination_addr: message.to.slice(1),
    protocol_id: 0,
    priority_flag: message.priority === 'code' ? 1 : 0,
    schedule_delivery_time: '',
    validity_period: relativeTime(message.validForMs),
    registered_delivery: REGISTERED_DELIVERY,
    replace_if_present_flag: 0,
    sm_default_msg_id: 0,
    // Some networks give no message ids, and repeat this in the receipt (SMPP 3.4 §5.3.2.17).
    ...(message.reference === undefined ? {} : { user_message_reference: (message.reference + index) & 0xffff }),
    ...part.fields,
  }
}

/**
 * `+254…` is international, up to eight digits a short code, anything with a letter an alphanumeric sender: GSM-7 that is ASCII too,
 * eleven septets at most (3GPP TS 23.040 §9.1.2.5). Null: no network would show it as it is written.
 */
export function sourceAddress(from: string, { source }: SmppProfile): Address | null {
  if (/^\+\d{7,15}$/.test(from)) return { ...source.international, address: from.slice(1) }
  if (/^\d{2,8}$/.test(from)) return { ...source.shortCode, address: from }
  const septets =
    /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(from) && /[A-Za-z]/.test(from) ? countSeptets(from) : null
  return septets !== null && septets <= MAX_SENDER_SEPTETS ? { ...source.alphanumeric, address: from } : null
}

/** What to do after a submit was refused with this status; `reason` is its name. */
export function refusalOf(status: number): {
  readonly reason: string
  readonly retry: boolean
  readonly scope?: 'link'
} {
  const reason = statusName(status)
  const meaning = MEANINGS.get(status)
  if (meaning === undefined) return { reason, retry: false, scope: 'link' }
  return { reason, retry: meaning === 'passing' }
}

/** The network is not refusing the message but asking for patience. */
export function asksForPatience(status: number): boolean {
  return status === STATUS.throttled || status === STATUS.queueFull
}

/** `YYMMDDhhmmsstnnR`: that long from now (SMPP 3.4 §7.1.1.2), at least a minute, since some networks round to minutes. */
function relativeTime(durationMs: number): string {
  const seconds = Math.max(60, Math.min(Math.ceil(durationMs / 1000), 30 * 86_400))
  const parts = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ]
  return `0000${parts.map((part) => String(part).padStart(2, '0')).join('')}000R`
}
