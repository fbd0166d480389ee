import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePdu, encodePdu, type Field, type Pdu } from '../../../src/aggregators/smpp/codec.ts'
import { parseDelivery } from '../../../src/aggregators/smpp/incoming.ts'
import { parseReceipt } from '../../../src/aggregators/smpp/receipt.ts'

function deliver(fields: Record<string, Field>): Pdu {
  const decoded = decodePdu(
    encodePdu({
      command: 'deliver_sm',
      status: 0,
      sequence: 1,
      fields: { source_addr: '254700000001', destination_addr: 'NYOTA', ...fields },
    }),
  )
  if (decoded.kind !== 'pdu') throw new Error(decoded.kind)
  return decoded.pdu
}

const words = (stat: string, id = '1A2b'): Buffer =>
  Buffer.from(
    `id:${id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:${stat} err:000 text:id:99 stat:`,
  )

describe('receipts in every style', () => {
  test.each<[string, Record<string, Field>, string, string, string | null]>([
    ['text', { esm_class: 4, short_message: words('DELIVRD') }, '1A2b', 'delivered', null],
    ['TLVs alone', { esm_class: 4, receipted_message_id: '77', message_state: 2 }, '77', 'delivered', null],
    [
      'TLVs before text',
      { esm_class: 4, short_message: words('ACCEPTD', '1'), receipted_message_id: '0077', message_state: 2 },
      '0077',
      'delivered',
      null,
    ],
    [
      'an id that ends in two NULs',
      { esm_class: 4, receipted_message_id: '77\0', message_state: 5 },
      '77',
      'failed',
      'state 5',
    ],
    ['undeliverable', { esm_class: 4, short_message: words('UNDELIV') }, '1A2b', 'failed', 'UNDELIV err:000'],
    [
      'with the network’s own code',
      { esm_class: 4, short_message: words('EXPIRED'), network_error_code: Buffer.of(3, 0, 45) },
      '1A2b',
      'failed',
      'EXPIRED err:000 network 45',
    ],
    ['accepted only', { esm_class: 4, short_message: words('ACCEPTD') }, '1A2b', 'pending', null],
    ['a state that nobody knows', { esm_class: 4, short_message: words('BUFFERED') }, '1A2b', 'pending', null],
    ['intermediate', { esm_class: 0x20, short_message: words('DELIVRD') }, '1A2b', 'pending', null],
    [
      'without sub and dlvrd',
      { esm_class: 4, short_message: Buffer.from('id:5 stat:DELIVRD') },
      '5',
      'delivered',
      null,
    ],
    [
      'lower case, spaces after colons',
      { esm_class: 4, short_message: Buffer.from('ID: 5 Stat: delivrd Err: 0') },
      '5',
      'delivered',
      null,
    ],
    [
      'marked as UCS-2 with ASCII inside',
      { esm_class: 4, data_coding: 8, short_message: words('DELIVRD') },
      '1A2b',
      'delivered',
      null,
    ],
    [
      'really in UCS-2',
      { esm_class: 4, data_coding: 8, short_message: Buffer.from(words('DELIVRD').toString(), 'utf16le').swap16() },
      '1A2b',
      'delivered',
      null,
    ],
    ['in message_payload', { esm_class: 4, message_payload: words('DELIVRD') }, '1A2b', 'delivered', null],
    ['not marked by esm_class', { esm_class: 0, short_message: words('DELIVRD') }, '1A2b', 'delivered', null],
    ['in 8-bit coding', { esm_class: 4, data_coding: 4, short_message: words('DELIVRD') }, '1A2b', 'delivered', null],
    [
      'in message_payload, marked as UCS-2',
      { esm_class: 4, data_coding: 8, message_payload: words('REJECTD') },
      '1A2b',
      'failed',
      'REJECTD err:000',
    ],
    ['skipped', { esm_class: 4, receipted_message_id: '5', message_state: 9 }, '5', 'failed', 'state 9'],
    ['in the unknown state', { esm_class: 4, short_message: words('UNKNOWN') }, '1A2b', 'pending', null],
    ['intermediate, by TLVs', { esm_class: 0x20, receipted_message_id: '5', message_state: 2 }, '5', 'pending', null],
    [
      'with addresses that were not turned round',
      { esm_class: 4, short_message: words('DELIVRD'), source_addr: 'NYOTA', destination_addr: '254700000001' },
      '1A2b',
      'delivered',
      null,
    ],
    ['without an id', { esm_class: 4, short_message: Buffer.from('stat:DELIVRD') }, '', 'delivered', null],
  ])('%s', (_, fields, providerId, state, reason) => {
    expect(parseReceipt(deliver(fields), 'mno1')).toEqual({
      link: 'mno1',
      providerId,
      state,
      reason,
      to: '+254700000001',
    })
  })

  test('a message from a phone is none, whatever is in it', () => {
    for (const text of ['id:1', 'my id: 5', 'stat: DELIVRD', 'id:5 stat:DELIVRD']) {
      expect(parseDelivery(deliver({ short_message: Buffer.from(text) }), 'mno1').kind).toBe('message')
    }
  })

  test('the reference of our submit comes back where the network gives it', () => {
    const fields = { esm_class: 4, data_coding: 4, message_state: 2, user_message_reference: 0xfffe }
    expect(parseReceipt(deliver({ ...fields, receipted_message_id: 'msg_id_not_implemented' }), 'mno1')).toEqual({
      ...{ link: 'mno1', providerId: 'msg_id_not_implemented', state: 'delivered', reason: null },
      ...{ to: '+254700000001', reference: 0xfffe },
    })
  })

  test('a receipt that names neither id nor phone, and a message from a name, are of no use', () => {
    const nameless = { esm_class: 4, source_addr: 'NYOTA', short_message: Buffer.from('stat:DELIVRD') }
    expect(parseDelivery(deliver(nameless), 'mno1').kind).toBe('useless')
    expect(parseDelivery(deliver({ source_addr: 'PROMO', short_message: Buffer.from('x') }), 'mno1').kind).toBe(
      'useless',
    )
  })

  test('any octets are a receipt, a message, or of no use', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 250 }), fc.nat(255), fc.nat(255), (octets, esmClass, dataCoding) => {
        const pdu = deliver({ esm_class: esmClass, data_coding: dataCoding, short_message: Buffer.from(octets) })
        expect(['report', 'message', 'useless']).toContain(parseDelivery(pdu, 'mno1').kind)
      }),
    )
  })

  test('parts by TLVs are told like parts by header', () => {
    const pdu = deliver({
      short_message: Buffer.from('x'),
      sar_msg_ref_num: 300,
      sar_total_segments: 2,
      sar_segment_seqnum: 2,
    })
    expect(parseDelivery(pdu, 'mno1')).toMatchObject({ message: { part: { reference: 300, total: 2, number: 2 } } })
  })
})
