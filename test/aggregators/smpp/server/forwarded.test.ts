import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ordinaryCoding } from '../../../../src/aggregators/smpp/coding-profile.ts'
import type { AccountBook, ClientMessage, SmppAccount } from '../../../../src/aggregators/smpp/server/account.ts'
import { type SmppServer, startSmppServer } from '../../../../src/aggregators/smpp/server/server.ts'
import { decodeMessage, encodeShortMessages } from '../../../../src/aggregators/smpp/short-message.ts'
import { markets } from '../../../../src/domain/markets.ts'
import { linkTo, sms, until } from '../support.ts'

const styles = ['udh8', 'udh16', 'sar', 'payload'] as const

describe('a part that a client cut', () => {
  test('is one PDU with the text and the place that it came with, however a network wants long texts', () => {
    const place = fc
      .record({
        reference: fc.integer({ min: 0, max: 0xffff }),
        total: fc.integer({ min: 2, max: 255 }),
        turn: fc.nat(254),
      })
      .map(({ reference, total, turn }) => ({ reference, total, number: (turn % total) + 1 }))
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', '€', ' '), maxLength: 76 }),
      fc.string({ maxLength: 33, unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(place, text, fc.constantFrom(...styles), fc.boolean(), (at, words, long, flash) => {
        const coding = { ...ordinaryCoding, long }
        const encoded = encodeShortMessages(words, { reference: 1, coding, flash, place: at })
        if (words.length > 66) return
        expect(encoded).toHaveLength(1)
        const pdu = { command: 'submit_sm', status: 0, sequence: 1, fields: encoded?.[0]?.fields ?? {} }
        expect(decodeMessage(pdu)).toEqual({ text: words, part: at, flash })
      }),
    )
  })

  test.each<[string, number, string, boolean]>([
    ['GSM-7', 7, 'a'.repeat(153), true],
    ['GSM-7', 7, 'a'.repeat(154), false],
    ['GSM-7 with two octets of reference', 700, 'a'.repeat(152), true],
    ['GSM-7 with two octets of reference', 700, 'a'.repeat(153), false],
    ['UCS-2', 7, 'ሰ'.repeat(67), true],
    ['UCS-2', 7, 'ሰ'.repeat(68), false],
  ])('in %s with reference %i fits as far as its header leaves room', (_, reference, text, fits) => {
    const place = { reference, total: 2, number: 1 }
    const encoded = encodeShortMessages(text, { reference: 1, coding: ordinaryCoding, flash: false, place })
    expect(encoded !== null).toBe(fits)
  })
})

describe('over a link, to another server like ours', () => {
  const taken: ClientMessage[] = []
  let server: SmppServer
  const account: SmppAccount = {
    ...{ id: 'a', systemId: 'demo', bindTypes: ['transceiver'], maxBinds: 1, tps: 1_000, window: 100 },
    ...{ senders: ['*'], prefixes: [], suspended: false },
  }
  const book: AccountBook = {
    authenticate: async () => account,
    reload: async () => account,
    async accept(_, message) {
      taken.push(message)
      return { kind: 'accepted', messageId: `m${taken.length}` }
    },
    find: async () => null,
    cancel: async () => 'unknown_id',
    takeDeliveries: async () => [],
    acknowledge: async () => undefined,
    postpone: async () => undefined,
  }
  const events = {
    ...{ onBinds: () => undefined, onBindRefused: () => undefined, onAnswered: () => undefined },
    ...{ onDelivered: () => undefined, onFailed: () => undefined },
  }
  beforeAll(async () => {
    const [market] = [...markets.values()]
    if (market === undefined) throw new Error('no market')
    const settings = { host: '127.0.0.1', port: 0, tls: null }
    server = await startSmppServer({ settings, book, events, numbering: market.numbering, isOwnSender: () => false })
  })
  afterAll(() => server.stop())

  test('it keeps its place, and its own sender where the link has another', async () => {
    const { link } = linkTo(server.port, { from: 'Network' })
    await until(() => link.isUp(), 'the link is up')
    const part = { reference: 300, total: 2, number: 2 }
    const outcome = await link.send(sms('second half', { part, from: 'Shop', isOwnSender: true }))
    expect(outcome).toMatchObject({ kind: 'accepted', segments: 1 })
    await link.send(sms('ours', { from: 'Nyota' }))
    await link.close()
    expect(taken).toMatchObject([
      { part, from: 'Shop' },
      { part: null, from: 'Network' },
    ])
    expect(taken.map(({ text }) => text.reveal())).toEqual(['second half', 'ours'])
  })
})
