import { countSeptets, encodeGsm7 } from '../../../domain/gsm7.ts'
import type { Pdu } from '../codec.ts'
import type { UssdDialect, UssdShow } from './dialect.ts'
import type { UssdPeer } from './dialogue.ts'

/** 160 octets of the network: 182 septets, or 80 characters of UCS-2 (3GPP TS 23.038 §5). Menus are held to less. */
const MAX_SEPTETS = 182
const MAX_UCS2 = 80

/**
 * The parameters of the submit_sm that shows a text. Null: the text does not fit one screen, or the peer cannot show one of that kind.
 * A text with a character outside GSM-7 goes as UCS-2, so that none is ever changed.
 */
export function screenFields(dialect: UssdDialect, show: UssdShow, peer: UssdPeer, text: string): Pdu['fields'] | null {
  const operation = dialect.outgoing[show]
  const encoded = encode(dialect, text)
  if (operation === null || encoded === null) return null
  return {
    service_type: '',
    source_addr_ton: peer.address.ton,
    source_addr_npi: peer.address.npi,
    source_addr: peer.address.address,
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: peer.msisdn.slice(1),
    esm_class: 0,
    protocol_id: 0,
    priority_flag: 0,
    schedule_delivery_time: '',
    validity_period: '',
    registered_delivery: 0,
    replace_if_present_flag: 0,
    sm_default_msg_id: 0,
    ...encoded,
    ...dialect.fields,
    [dialect.operation]: operation,
    ...sessionField(dialect, show, peer.session),
  }
}

function encode({ dataCoding }: UssdDialect, text: string): Pdu['fields'] | null {
  const octets = encodeGsm7(text)
  if (octets !== null) {
    if ((countSeptets(text) ?? 0) > MAX_SEPTETS) return null
    return { data_coding: dataCoding.gsm7, short_message: octets }
  }
  if (text.length > MAX_UCS2) return null
  return { data_coding: dataCoding.ucs2, short_message: Buffer.from(text, 'utf16le').swap16() }
}

function sessionField({ session, push }: UssdDialect, show: UssdShow, value: number | null): Pdu['fields'] {
  if (session === null) return {}
  const known = value ?? (push === 'zero' ? 0 : null)
  if (known === null) return {}
  const ends = show === 'last' || show === 'pushLast'
  const echoed = session.endBit.out ? (known & 0xfffe) | (ends ? 1 : 0) : known
  if (session.tlv === 'user_message_reference') return { user_message_reference: echoed }
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(echoed)
  return { its_session_info: octets }
}
