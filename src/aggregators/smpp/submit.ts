import { isGsm7 } from '../../domain/gsm7.ts'
import type { SmsMessage } from '../sms-link.ts'
import { type Pdu, STATUS, statusName } from './codec.ts'
import type { EncodedPart } from './short-message.ts'

/** Type of number and numbering plan (SMPP 3.4 §5.2.5, §5.2.6). */
type Address = { readonly ton: number; readonly npi: number; readonly address: string }

const REGISTERED_DELIVERY = 1
/** Statuses after which a later attempt or another link may succeed. */
const PASSING: ReadonlySet<number> = new Set([
  STATUS.throttled,
  STATUS.queueFull,
  STATUS.systemError,
  STATUS.invalidBindState,
  STATUS.submitFailed,
  STATUS.temporaryAppError,
  STATUS.unknown,
])

/** The parameters of one submit_sm; `index` counts the parts of the message from 0. */
export function submitFields(message: SmsMessage, source: Address, part: EncodedPart, index: number): Pdu['fields'] {
  return {
    service_type: '',
    source_addr_ton: source.ton,
    source_addr_npi: source.npi,
    source_addr: source.address,
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: message.to.slice(1),
    esm_class: part.esmClass,
    protocol_id: 0,
    priority_flag: message.priority === 'code' ? 1 : 0,
    schedule_delivery_time: '',
    validity_period: relativeTime(message.validForMs),
    registered_delivery: REGISTERED_DELIVERY,
    replace_if_present_flag: 0,
    data_coding: part.dataCoding,
    sm_default_msg_id: 0,
    short_message: part.octets,
    // Some networks give no message ids, and repeat this in the receipt (SMPP 3.4 §5.3.2.17).
    ...(message.reference === undefined ? {} : { user_message_reference: (message.reference + index) & 0xffff }),
  }
}

/**
 * `+254…` is international, digits alone a short code (network specific), anything else an alphanumeric sender of at most eleven
 * GSM-7 characters that are ASCII too. Null: no network would show it as it is written.
 */
export function sourceAddress(from: string): Address | null {
  if (/^\+\d{7,15}$/.test(from)) return { ton: 1, npi: 1, address: from.slice(1) }
  if (/^\d{2,8}$/.test(from)) return { ton: 3, npi: 0, address: from }
  return from.length <= 11 && /^[\x20-\x7e]+$/.test(from) && isGsm7(from) ? { ton: 5, npi: 0, address: from } : null
}

export function isPassing(status: number): boolean {
  return PASSING.has(status)
}

/** The network is not refusing the message but asking for patience. */
export function asksForPatience(status: number): boolean {
  return status === STATUS.throttled || status === STATUS.queueFull
}

export function refusalOf(status: number): string {
  return statusName(status)
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
