import { encodeGsm7, isGsm7 } from '../../../domain/gsm7.ts'
import type { Pdu } from '../codec.ts'
import { partHeader } from '../forwarded-part.ts'
import { sourceAddress } from '../submit.ts'
import type { Delivery, MessageStanding } from './account.ts'
import { formatReceiptDate } from './times.ts'

const RECEIPT = 0x04
const UDH_INDICATOR = 0x40
/** short_message holds 254 octets (SMPP 3.4 §4.6.1); longer ones go into message_payload. */
const MAX_SHORT = 254

/** Words and numbers of states (SMPP 3.4 appendix B and §5.2.28); what no link takes is rejected, what was cancelled deleted. */
export const STATES: Readonly<Record<MessageStanding['state'], { readonly word: string; readonly number: number }>> = {
  scheduled: { word: 'ENROUTE', number: 1 },
  enroute: { word: 'ENROUTE', number: 1 },
  delivered: { word: 'DELIVRD', number: 2 },
  expired: { word: 'EXPIRED', number: 3 },
  cancelled: { word: 'DELETED', number: 4 },
  failed: { word: 'UNDELIV', number: 5 },
  unknown: { word: 'UNKNOWN', number: 7 },
  refused: { word: 'REJECTD', number: 8 },
}

/** The parameters of the deliver_sm for what waits. `tlvs`: whether the client speaks 3.4 or later, for earlier ones know none. */
export function deliverFields(delivery: Delivery, tlvs: boolean): Pdu['fields'] {
  return delivery.kind === 'receipt' ? receiptFields(delivery, tlvs) : messageFields(delivery)
}

/** A receipt goes back from the phone to the sender; its text is the one that clients have read since SMPP 3.3. */
function receiptFields(receipt: Extract<Delivery, { kind: 'receipt' }>, tlvs: boolean): Pdu['fields'] {
  const { standing, source, destination, userReference } = receipt
  const { word, number } = STATES[standing.state]
  const delivered = standing.state === 'delivered'
  const submitted = formatReceiptDate(receipt.submittedAt)
  const done = formatReceiptDate(standing.finalAt ?? receipt.submittedAt)
  const error = (standing.errorCode ?? (delivered ? '000' : '001')).padStart(3, '0').slice(0, 3)
  const text = `id:${standing.messageId} sub:001 dlvrd:${delivered ? '001' : '000'} submit date:${submitted} done date:${done} stat:${word} err:${error} text:`
  return {
    service_type: '',
    ...{ source_addr_ton: destination.ton, source_addr_npi: destination.npi, source_addr: destination.address },
    ...{ dest_addr_ton: source.ton, dest_addr_npi: source.npi, destination_addr: source.address },
    ...{ esm_class: RECEIPT, data_coding: 0, short_message: Buffer.from(text, 'latin1') },
    ...(tlvs ? { receipted_message_id: standing.messageId, message_state: number } : {}),
    ...(tlvs && userReference !== null ? { user_message_reference: userReference } : {}),
  }
}

function messageFields(message: Extract<Delivery, { kind: 'message' }>): Pdu['fields'] {
  const text = message.text.reveal()
  const gsm7 = isGsm7(text)
  const body = gsm7 ? (encodeGsm7(text) ?? Buffer.alloc(0)) : Buffer.from(text, 'utf16le').swap16()
  const octets = message.part === null ? body : Buffer.concat([partHeader(message.part), body])
  const to = sourceAddress(message.to) ?? { ton: 0, npi: 0, address: message.to }
  return {
    service_type: '',
    ...{ source_addr_ton: 1, source_addr_npi: 1, source_addr: message.from.slice(1) },
    ...{ dest_addr_ton: to.ton, dest_addr_npi: to.npi, destination_addr: to.address },
    ...{ esm_class: message.part === null ? 0 : UDH_INDICATOR, data_coding: gsm7 ? 0 : 8 },
    ...(octets.length > MAX_SHORT
      ? { short_message: Buffer.alloc(0), message_payload: octets }
      : { short_message: octets }),
  }
}
