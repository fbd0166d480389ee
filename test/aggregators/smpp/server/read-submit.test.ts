import { describe, expect, test } from 'vitest'
import type { Field, Pdu } from '../../../../src/aggregators/smpp/codec.ts'
import type { ClientMessage, SmppAccount } from '../../../../src/aggregators/smpp/server/account.ts'
import { readSubmit } from '../../../../src/aggregators/smpp/server/read-submit.ts'
import { REFUSAL } from '../../../../src/aggregators/smpp/server/refusal.ts'
import type { NumberingPlan } from '../../../../src/domain/market.ts'
import { markets } from '../../../../src/domain/markets.ts'
import { ownSenders } from '../../../../src/sms/accounts/own-senders.ts'

const NOW = new Date('2026-11-23T10:00:00Z')
const numbering = (markets.get('KE') ?? [...markets.values()][0])?.numbering as NumberingPlan
const isOwnSender = ownSenders({ smsSender: 'Nyota', serviceCodes: ['*384*77#'], linkSenders: ['+254722000000', null] })
const account: SmppAccount = {
  ...{ id: 'a', systemId: 'shop', bindTypes: ['transceiver'], maxBinds: 1, tps: 10, window: 10 },
  ...{ senders: ['Shop', '22384', '+254711000000'], prefixes: ['2547'], suspended: false },
}

function read(fields: Readonly<Record<string, Field>>, by: Partial<SmppAccount> = {}): ReturnType<typeof readSubmit> {
  const pdu: Pdu = {
    ...{ command: 'submit_sm', status: 0, sequence: 1 },
    fields: {
      ...{ source_addr_ton: 5, source_addr: 'Shop', dest_addr_ton: 1, destination_addr: '254700000001' },
      ...{ data_coding: 0, short_message: Buffer.from('hello'), ...fields },
    },
  }
  return readSubmit(pdu, { ...account, ...by }, { numbering, isOwnSender }, NOW)
}

function messageOf(fields: Readonly<Record<string, Field>>, by: Partial<SmppAccount> = {}): ClientMessage {
  const outcome = read(fields, by)
  if (outcome.kind === 'refused') throw new Error(`refused with ${outcome.status}`)
  return outcome.message
}

const ucs2 = (text: string) => Buffer.from(text, 'utf16le').swap16()
const part = (header: number[], text: string) => Buffer.concat([Buffer.from(header), Buffer.from(text)])

describe('what a client submits', () => {
  test.each<[string, Record<string, Field>, string]>([
    ['GSM-7', { short_message: Buffer.of(0x00, 0x1b, 0x65, 0x02) }, '@€$'],
    ['IA5', { data_coding: 1, short_message: Buffer.from('a@b') }, 'a@b'],
    ['Latin-1', { data_coding: 3, short_message: Buffer.of(0xe9) }, 'é'],
    ['UCS-2', { data_coding: 8, short_message: ucs2('ሰላም') }, 'ሰላም'],
    ['UCS-2 with a class', { data_coding: 0x19, short_message: ucs2('ሰ') }, 'ሰ'],
    ['message_payload', { short_message: Buffer.alloc(0), message_payload: Buffer.from('long') }, 'long'],
  ])('in %s is read as it was written', (_, fields, text) => {
    expect(messageOf(fields).text.reveal()).toBe(text)
  })

  test.each<[string, Record<string, Field>]>([
    ['0x10', { data_coding: 0x10 }],
    ['0xF0', { data_coding: 0xf0 }],
    ['0x18', { data_coding: 0x18, short_message: ucs2('x') }],
    ['dest_addr_subunit', { dest_addr_subunit: 1 }],
  ])('is a flash message by %s', (_, fields) => {
    expect(messageOf(fields).flash).toBe(true)
    expect(messageOf({}).flash).toBe(false)
  })

  test.each<[string, Record<string, Field>, object]>([
    [
      'an 8-bit',
      { esm_class: 0x40, short_message: part([5, 0, 3, 7, 2, 1], 'a') },
      { reference: 7, total: 2, number: 1 },
    ],
    [
      'a 16-bit',
      { esm_class: 0x40, short_message: part([6, 8, 4, 1, 7, 2, 2], 'a') },
      { reference: 263, total: 2, number: 2 },
    ],
    [
      'TLVs',
      { sar_msg_ref_num: 9, sar_total_segments: 3, sar_segment_seqnum: 3, short_message: Buffer.from('a') },
      { reference: 9, total: 3, number: 3 },
    ],
  ])('keeps its place as a part by %s reference', (_, fields, expected) => {
    expect(messageOf(fields)).toMatchObject({ part: expected, segments: 1 })
    expect(messageOf(fields).text.reveal()).toBe('a')
  })

  test('is counted as the network counts it', () => {
    const payload = (text: string) => ({ short_message: Buffer.alloc(0), message_payload: Buffer.from(text) })
    expect(messageOf(payload('a'.repeat(160))).segments).toBe(1)
    expect(messageOf(payload('a'.repeat(161))).segments).toBe(2)
    expect(messageOf({ ...payload(''), data_coding: 8, message_payload: ucs2('ሰ'.repeat(135)) }).segments).toBe(3)
  })

  test.each<[string, Record<string, Field>, string]>([
    ['international digits', { destination_addr: '254712345678' }, '+254712345678'],
    ['with a plus', { destination_addr: '+254712345678' }, '+254712345678'],
    ['as people write it', { dest_addr_ton: 0, destination_addr: '0712345678' }, '+254712345678'],
    ['national by its type', { dest_addr_ton: 2, destination_addr: '712345678' }, '+254712345678'],
  ])('goes to a number in %s', (_, fields, to) => expect(messageOf(fields).to).toBe(to))

  test.each<[string, Record<string, Field>, string]>([
    ['a name', {}, 'Shop'],
    ['a short code', { source_addr_ton: 3, source_addr: '22384' }, '22384'],
    ['a number', { source_addr_ton: 1, source_addr: '254711000000' }, '+254711000000'],
    ['nobody, so from the first', { source_addr_ton: 0, source_addr: '' }, 'Shop'],
  ])('comes from %s', (_, fields, from) => expect(messageOf(fields).from).toBe(from))

  test('may be for later, and not worth sending after a time', () => {
    expect(messageOf({ schedule_delivery_time: '000000020000000R' }).notBefore?.toISOString()).toBe(
      '2026-11-23T12:00:00.000Z',
    )
    expect(messageOf({ schedule_delivery_time: '261123090000000+' }).notBefore).toBeNull()
    expect(messageOf({ validity_period: '261123110000000+' }).expiresAt?.toISOString()).toBe('2026-11-23T11:00:00.000Z')
    expect(messageOf({ qos_time_to_live: 60 }).expiresAt?.toISOString()).toBe('2026-11-23T10:01:00.000Z')
    expect(messageOf({ validity_period: '990000000000000R' }).expiresAt?.toISOString()).toBe('2026-12-23T10:00:00.000Z')
    expect(messageOf({})).toMatchObject({ notBefore: null, expiresAt: null })
  })

  test.each<[string, Record<string, Field>, number]>([
    ['a sender that is not its own', { source_addr: 'Bank' }, REFUSAL.source],
    ['a sender that no phone shows', { source_addr: 'MPÉSA' }, REFUSAL.source],
    ['a short code written as a number', { source_addr_ton: 1, source_addr: '22385' }, REFUSAL.source],
    ['a number outside its prefixes', { destination_addr: '256712345678' }, REFUSAL.destination],
    ['no number', { destination_addr: 'Amina' }, REFUSAL.destination],
    ['no text', { short_message: Buffer.alloc(0) }, REFUSAL.length],
    ['two texts', { message_payload: Buffer.from('x') }, REFUSAL.length],
    ['half a character', { data_coding: 8, short_message: Buffer.of(0x12) }, REFUSAL.length],
    ['octets that GSM-7 has not', { short_message: Buffer.of(0xe9) }, REFUSAL.length],
    [
      'more than 255 segments',
      { short_message: Buffer.alloc(0), message_payload: Buffer.alloc(40_000, 97) },
      REFUSAL.length,
    ],
    [
      'a part that does not fit with its header',
      { esm_class: 0x40, short_message: part([5, 0, 3, 7, 2, 1], 'a'.repeat(154)) },
      REFUSAL.length,
    ],
    ['a port', { esm_class: 0x40, short_message: part([6, 5, 4, 0, 1, 0, 2], 'a') }, REFUSAL.esmClass],
    ['a header that is not there', { esm_class: 0x40, short_message: Buffer.of(200, 1) }, REFUSAL.esmClass],
    ['an acknowledgement', { esm_class: 0x08 }, REFUSAL.esmClass],
    ['binary', { data_coding: 4 }, REFUSAL.submit],
    ['Cyrillic of ISO-8859', { data_coding: 6 }, REFUSAL.submit],
    ['compressed', { data_coding: 0x20 }, REFUSAL.submit],
    ['a predefined message', { sm_default_msg_id: 1 }, REFUSAL.predefined],
    ['a schedule that is no time', { schedule_delivery_time: 'soon' }, REFUSAL.schedule],
    ['a schedule in a year', { schedule_delivery_time: '010000000000000R' }, REFUSAL.schedule],
    ['a validity that is over', { validity_period: '261123090000000+' }, REFUSAL.expiry],
    [
      'a validity that ends before it begins',
      { schedule_delivery_time: '000000020000000R', validity_period: '000000010000000R' },
      REFUSAL.expiry,
    ],
  ])('is refused with its own status for %s', (_, fields, status) => {
    expect(read(fields)).toEqual({ kind: 'refused', status })
  })
})

describe('the service’s own senders', () => {
  test.each<[string, Record<string, Field>]>([
    ['its name', { source_addr: 'Nyota' }],
    ['its name in other letters', { source_addr: 'N-YOTA' }],
    ['the code that people dial', { source_addr_ton: 3, source_addr: '384' }],
    ['all of that code', { source_addr_ton: 3, source_addr: '38477' }],
    ['a link’s own sender', { source_addr_ton: 1, source_addr: '254722000000' }],
  ])('are no client’s, whatever senders it may have: %s', (_what, fields) => {
    expect(read(fields, { senders: ['*'] })).toEqual({ kind: 'refused', status: REFUSAL.source })
    const named = String(fields.source_addr)
    expect(read(fields, { senders: [named, `+${named}`] })).toEqual({ kind: 'refused', status: REFUSAL.source })
  })

  test('leave the others to a client that may have all', () => {
    expect(messageOf({ source_addr: 'Nyotas' }, { senders: ['*'] }).from).toBe('Nyotas')
  })

  test('are not what a message without a sender comes from', () => {
    expect(read({ source_addr: '' }, { senders: ['Nyota'] })).toEqual({ kind: 'refused', status: REFUSAL.source })
  })
})
