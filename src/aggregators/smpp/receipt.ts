import { type Msisdn, parseE164 } from '../../domain/msisdn.ts'
import type { DeliveryReport } from '../aggregator.ts'
import { numberField, octetsField, type Pdu, textField } from './codec.ts'

/** Bits 5 to 2 of esm_class: what kind of message a deliver_sm is (SMPP 3.4 §5.2.12). */
const MESSAGE_TYPE = 0x3c
const RECEIPT = 0x04
const INTERMEDIATE = 0x20

/**
 * message_state of SMPP 3.4 §5.2.28 (9 is 5.0's SKIPPED), by number and as receipts abbreviate it (appendix B). What is not here, UNKNOWN for
 * one, is no end of a message.
 */
const STATES: Readonly<Record<number | string, DeliveryReport['state']>> = {
  1: 'pending',
  2: 'delivered',
  3: 'failed',
  4: 'failed',
  5: 'failed',
  6: 'pending',
  8: 'failed',
  9: 'failed',
  ENROUTE: 'pending',
  DELIVRD: 'delivered',
  EXPIRED: 'failed',
  DELETED: 'failed',
  UNDELIV: 'failed',
  ACCEPTD: 'pending',
  REJECTD: 'failed',
}

/**
 * Reads a deliver_sm as a delivery receipt; null when it is a message from a phone. The id and state come from the TLVs where there
 * are any, else from the text `id:… stat:…`, whose octets are ASCII whatever data_coding claims. An intermediate notification is never an end.
 */
export function parseReceipt(pdu: Pdu, link: string): DeliveryReport | null {
  const type = (numberField(pdu, 'esm_class') ?? 0) & MESSAGE_TYPE
  const text = asciiOf(octetsField(pdu, 'short_message') ?? Buffer.alloc(0), octetsField(pdu, 'message_payload'))
  const id = textField(pdu, 'receipted_message_id') || (/(?:^|\s)id:\s*([^\s]{1,65})/i.exec(text)?.[1] ?? '')
  const word = /\bstat:\s*([A-Za-z]+)/i.exec(text)?.[1]?.toUpperCase()
  const marked = type === RECEIPT || type === INTERMEDIATE || textField(pdu, 'receipted_message_id') !== ''
  const looksLikeOne =
    type === 0 && id !== '' && word !== undefined && STATES[word] !== undefined && /\bdlvrd:|\bdone date:/i.test(text)
  if (!(marked || looksLikeOne)) return null
  const number = numberField(pdu, 'message_state')
  const state =
    (number === null ? undefined : STATES[number]) ?? (word === undefined ? undefined : STATES[word]) ?? 'pending'
  // Some networks do not turn the addresses round.
  const to = phoneOf(pdu, 'source_addr') ?? phoneOf(pdu, 'destination_addr')
  const reference = numberField(pdu, 'user_message_reference')
  return {
    link,
    providerId: id.replace(/\0+$/, ''),
    state: type === INTERMEDIATE ? 'pending' : state,
    reason: state === 'failed' ? reasonOf(word, number, text, octetsField(pdu, 'network_error_code')) : null,
    ...(to === null ? {} : { to }),
    ...(reference === null ? {} : { reference }),
  }
}

function phoneOf(pdu: Pdu, field: string): Msisdn | null {
  return parseE164(`+${textField(pdu, field).replace(/^\+/, '')}`)
}

/** ASCII, also where it is hidden as UCS-2 with a zero before each character. */
function asciiOf(message: Buffer, payload: Buffer | null): string {
  const octets = message.length > 0 ? message : (payload ?? message)
  return octets.toString('latin1').replace(/\0/g, '')
}

/** `UNDELIV err:045`, and the network's own code where there is one. */
function reasonOf(word: string | undefined, state: number | null, text: string, networkCode: Buffer | null): string {
  const error = /\berr:\s*([0-9A-Za-z]{1,8})/i.exec(text)?.[1]
  const code = networkCode !== null && networkCode.length === 3 ? `network ${networkCode.readUInt16BE(1)}` : ''
  return [word ?? `state ${state}`, error === undefined ? '' : `err:${error}`, code]
    .filter((part) => part !== '')
    .join(' ')
}
