import type { Pdu } from '../codec.ts'
import { ordinaryCoding } from '../coding-profile.ts'
import { standardProfile } from '../profiles.ts'
import { encodeShortMessages } from '../short-message.ts'
import { sourceAddress } from '../submit.ts'
import type { Delivery, MessageStanding } from './account.ts'
import { formatReceiptDate } from './times.ts'

const RECEIPT = 0x04

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

function messageFields({ from, to, text, part }: Extract<Delivery, { kind: 'message' }>): Pdu['fields'] {
  const coding = { ...ordinaryCoding, long: 'payload' } as const
  const whole = { reference: 0, coding, flash: false }
  const encoded =
    (part === null ? null : encodeShortMessages(text.reveal(), { ...whole, place: part })) ??
    encodeShortMessages(text.reveal(), whole)
  const own = sourceAddress(to, standardProfile) ?? { ton: 0, npi: 0, address: to }
  return {
    service_type: '',
    ...{ source_addr_ton: 1, source_addr_npi: 1, source_addr: from.slice(1) },
    ...{ dest_addr_ton: own.ton, dest_addr_npi: own.npi, destination_addr: own.address },
    ...encoded?.[0]?.fields,
  }
}
