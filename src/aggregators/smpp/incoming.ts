import { parseE164 } from '../../domain/msisdn.ts'
import { Secret } from '../../domain/secret.ts'
import type { DeliveryReport, IncomingSms, MessagePart } from '../aggregator.ts'
import { numberField, octetsField, type Pdu, textField } from './codec.ts'
import { parseReceipt } from './receipt.ts'
import { decodeShortMessage } from './short-message.ts'

export type Delivery =
  | { readonly kind: 'report'; readonly report: DeliveryReport }
  | { readonly kind: 'message'; readonly message: IncomingSms }
  /** From a sender that is no phone number, or a receipt that names neither id nor phone: nothing that we could do anything with. */
  | { readonly kind: 'useless' }

/** Reads a deliver_sm or data_sm of the network's. */
export function parseDelivery(pdu: Pdu, link: string): Delivery {
  const report = parseReceipt(pdu, link)
  if (report !== null) {
    const nameless = report.providerId === '' && report.to === undefined
    return nameless ? { kind: 'useless' } : { kind: 'report', report }
  }
  const from = parseE164(`+${textField(pdu, 'source_addr').replace(/^\+/, '')}`)
  if (from === null) return { kind: 'useless' }
  const short = octetsField(pdu, 'short_message') ?? Buffer.alloc(0)
  const octets = short.length > 0 ? short : (octetsField(pdu, 'message_payload') ?? short)
  const decoded = decodeShortMessage(octets, numberField(pdu, 'data_coding') ?? 0, numberField(pdu, 'esm_class') ?? 0)
  const part = decoded.part ?? segmentOf(pdu)
  const message = {
    link,
    id: null,
    from,
    to: textField(pdu, 'destination_addr'),
    text: new Secret(decoded.text),
  }
  return { kind: 'message', message: part === null ? message : { ...message, part } }
}

/** A part described by TLVs instead of a header (SMPP 3.4 §5.3.2.22–24). */
function segmentOf(pdu: Pdu): MessagePart | null {
  const reference = numberField(pdu, 'sar_msg_ref_num')
  const total = numberField(pdu, 'sar_total_segments')
  const number = numberField(pdu, 'sar_segment_seqnum')
  if (reference === null || total === null || number === null) return null
  return number >= 1 && number <= total && total > 1 ? { reference, total, number } : null
}
