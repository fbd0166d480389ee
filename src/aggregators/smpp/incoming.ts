import { parseE164 } from '../../domain/msisdn.ts'
import { Secret } from '../../domain/secret.ts'
import type { DeliveryReport, IncomingSms } from '../aggregator.ts'
import { type Pdu, textField } from './codec.ts'
import { parseReceipt } from './receipt.ts'
import { decodeMessage } from './short-message.ts'

export type Delivery =
  | { readonly kind: 'report'; readonly report: DeliveryReport }
  | { readonly kind: 'message'; readonly message: IncomingSms }
  /** From a sender that is no phone number, or a receipt that names neither id nor phone: nothing that we could do anything with. */
  | { readonly kind: 'useless' }

/** Reads a deliver_sm or data_sm of the network's. `packed`: its seven-bit text comes eight septets in seven octets. */
export function parseDelivery(pdu: Pdu, link: string, packed = false): Delivery {
  const report = parseReceipt(pdu, link)
  if (report !== null) {
    const nameless = report.providerId === '' && report.to === undefined
    return nameless ? { kind: 'useless' } : { kind: 'report', report }
  }
  const from = parseE164(`+${textField(pdu, 'source_addr').replace(/^\+/, '')}`)
  if (from === null) return { kind: 'useless' }
  const { text, part } = decodeMessage(pdu, packed)
  const message = {
    link,
    id: null,
    from,
    to: textField(pdu, 'destination_addr'),
    text: new Secret(text),
  }
  return { kind: 'message', message: part === null ? message : { ...message, part } }
}
