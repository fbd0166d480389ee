import { numberField, type Pdu, textField } from '../../../src/aggregators/smpp/codec.ts'
import type { Behaviour } from './behaviour.ts'

const NO_ID = 'msg_id_not_implemented'
const STATES: Readonly<Record<string, number>> = {
  ...{ ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8 },
}

/** One id as the answer to the submit writes it and as its receipt does. */
export function idsFor(id: number, style: Behaviour['ids']): { readonly answer: string; readonly receipt: string } {
  const decimal = String(id)
  const hex = id.toString(16)
  const styles = {
    same: { answer: decimal, receipt: decimal },
    'hex-then-decimal': { answer: hex, receipt: decimal },
    'decimal-then-hex': { answer: decimal, receipt: hex },
    upper: { answer: hex, receipt: hex.toUpperCase() },
    padded: { answer: hex, receipt: hex.padStart(20, '0') },
    useless: { answer: NO_ID, receipt: NO_ID },
  }
  return styles[style]
}

/** The deliver_sm that tells what became of a submit, in the style that the behaviour asks for; null where none was asked for. */
export function receiptFor(
  submit: Pdu,
  id: string,
  text: string,
  { receipts, receiptState }: Behaviour,
): Pdu['fields'] | null {
  if (((numberField(submit, 'registered_delivery') ?? 0) & 3) !== 1) return null
  const delivered = receiptState === 'DELIVRD'
  const at = new Date().toISOString().replace(/\D/g, '').slice(2, 12)
  const brief = Buffer.from(`id:${id} stat:${receiptState}`, 'latin1')
  // SMPP 3.4 appendix B.
  const full = (writtenId: string): Buffer =>
    Buffer.from(
      `id:${writtenId} sub:001 dlvrd:${delivered ? '001' : '000'} submit date:${at} done date:${at} stat:${receiptState} ` +
        `err:${delivered ? '000' : '045'} text:${text.slice(0, 20).replace(/[^\x20-\x7e]/g, '?')}`,
      'latin1',
    )
  const nothing = Buffer.alloc(0)
  const tlvs = { receipted_message_id: id, message_state: STATES[receiptState] ?? 7 }
  const reference = numberField(submit, 'user_message_reference')
  const referred = reference === null ? {} : { user_message_reference: reference }
  const common = {
    ...{ source_addr_ton: 1, source_addr_npi: 1, source_addr: textField(submit, 'destination_addr') },
    ...{ destination_addr: textField(submit, 'source_addr'), esm_class: 0x04, data_coding: 0 },
  }
  switch (receipts) {
    case 'none':
      return null
    case 'text':
      return { ...common, short_message: full(id) }
    case 'brief':
      return { ...common, short_message: brief }
    case 'tlv':
      return { ...common, short_message: nothing, ...tlvs }
    case 'both':
      return { ...common, short_message: full(id), ...tlvs }
    case 'payload':
      return { ...common, short_message: nothing, message_payload: full(id) }
    case 'ucs2':
      return { ...common, data_coding: 8, short_message: full(id) }
    case 'reference':
      return { ...common, data_coding: 4, short_message: full(NO_ID), message_state: tlvs.message_state, ...referred }
  }
}
