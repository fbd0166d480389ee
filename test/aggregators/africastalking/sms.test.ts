import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FakeNetwork, startFakeNetwork } from '../../../scripts/fakes/network.ts'
import { openAfricasTalkingSms, parseIncomingSms } from '../../../src/aggregators/africastalking/sms.ts'
import type { SendOutcome, SmsLink } from '../../../src/aggregators/sms-link.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { AMINA, type RawPeer, rawPeer, sms, until } from '../smpp/support.ts'

test('an incoming message longer than any phone could send is refused', () => {
  const form = new URLSearchParams({ id: 'i', from: AMINA, to: '22384', text: 'x'.repeat(2001) })
  expect(parseIncomingSms(form)).toEqual({ kind: 'bad', problem: 'text is longer than 2000 characters' })
})
const API_KEY = 'atsk_canary_0123456789'

describe('sending with the SDK', () => {
  let network: FakeNetwork
  let link: SmsLink

  function open(url: string, deadlineMs = 1_000): SmsLink {
    return openAfricasTalkingSms({ username: 'nyota', apiKey: new Secret(API_KEY), url, deadlineMs })
  }

  beforeAll(async () => {
    network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
  })
  afterEach(() => network.calm())
  afterAll(() => network.close())

  test('a message arrives, and its one id is known', async () => {
    link = open(`${network.httpUrl}/`)
    const outcome = await link.send(sms('You sent KES 1,250 to Juma K. £€'))
    expect(outcome).toEqual({ kind: 'accepted', providerIds: [expect.stringMatching(/^ATXid_/)], segments: 1 })
    expect(network.messages(AMINA).at(-1)).toMatchObject({ from: 'NYOTA', text: 'You sent KES 1,250 to Juma K. £€' })
  })

  test('a long one is charged as its parts and has one id', async () => {
    link = open(network.httpUrl)
    const text = 'ሰላም '.repeat(40)
    expect(await link.send(sms(text))).toMatchObject({
      kind: 'accepted',
      providerIds: [expect.anything()],
      segments: 3,
    })
    expect(network.messages(AMINA).at(-1)).toMatchObject({ text, segments: 3, encoding: 'ucs2' })
  })

  test.each([
    [402, { kind: 'refused', reason: '402 InvalidSenderId', retry: false }],
    [403, { kind: 'refused', reason: '403 InvalidPhoneNumber', retry: false }],
    [405, { kind: 'refused', reason: '405 InsufficientBalance', retry: true }],
    [406, { kind: 'refused', reason: '406 UserInBlacklist', retry: false }],
    [500, { kind: 'refused', reason: '500 InternalServerError', retry: true }],
    [501, { kind: 'refused', reason: '501 GatewayError', retry: true }],
    [102, { kind: 'accepted' }],
  ])('status code %s', async (httpStatusCode, expected) => {
    link = open(network.httpUrl)
    network.behave({ httpStatusCode })
    expect(await link.send(sms('x'))).toMatchObject(expected)
  })

  test('no answer within the deadline is unknown', async () => {
    link = open(network.httpUrl, 200)
    network.behave({ httpAnswer: 'silent' })
    const startMs = performance.now()
    expect((await link.send(sms('silent'))).kind).toBe('unknown')
    expect(performance.now() - startMs).toBeLessThan(600)
    expect(network.messages(AMINA).at(-1)?.text).toBe('silent')
  })

  test('an error of a gateway in between is unknown', async () => {
    link = open(network.httpUrl)
    network.behave({ httpAnswer: 'error-after-taking' })
    expect(await link.send(sms('x'))).toEqual({ kind: 'unknown', cause: 'http_502', providerIds: [] })
  })

  test('after three failures in a row messages go elsewhere for a while', async () => {
    link = open('http://127.0.0.1:1')
    for (let number = 0; number < 3; number += 1) {
      expect(link.isUp()).toBe(true)
      expect(await link.send(sms('x'))).toMatchObject({
        kind: 'refused',
        reason: 'unreachable_ECONNREFUSED',
        retry: true,
      })
    }
    expect(link.isUp()).toBe(false)
  })

  describe('from a peer that misbehaves', () => {
    let peer: RawPeer
    afterEach(() => peer.close())

    const answer = (status: string, body: string): string =>
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`

    test.each<[string, string | null, Partial<SendOutcome>]>([
      ['a reset', null, { kind: 'unknown' }],
      [
        'a wrong key',
        answer('401 Unauthorized', 'The supplied authentication is invalid'),
        { kind: 'refused', reason: 'http_401', retry: true },
      ],
      ['too many requests', answer('429 Too Many Requests', ''), { kind: 'refused', reason: 'http_429', retry: true }],
      ['a redirect', answer('302 Found', ''), { kind: 'unknown' }],
      ['no JSON', answer('201 Created', '<html>'), { kind: 'unknown' }],
      ['JSON of another shape', answer('201 Created', '{"ok":true}'), { kind: 'unknown' }],
      [
        'no recipients',
        answer('201 Created', '{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}'),
        { kind: 'refused', reason: 'InvalidSenderId', retry: false },
      ],
      [
        'a recipient without a code',
        answer('201 Created', '{"SMSMessageData":{"Message":"","Recipients":[{}]}}'),
        { kind: 'unknown' },
      ],
      [
        '200 instead of 201',
        answer('200 OK', '{"SMSMessageData":{"Message":"","Recipients":[{"statusCode":101,"messageId":"ATXid_1"}]}}'),
        { kind: 'accepted', providerIds: ['ATXid_1'] },
      ],
    ])('%s', async (_, bytes, expected) => {
      peer = await rawPeer((socket) =>
        socket.once('data', () => (bytes === null ? socket.resetAndDestroy() : socket.end(bytes))),
      )
      link = open(`http://127.0.0.1:${peer.port}`)
      const outcome = await link.send(sms('Your code is 123456'))
      expect(outcome).toMatchObject(expected)
      const told = JSON.stringify(outcome)
      for (const secret of [API_KEY, '123456', AMINA.slice(1)]) expect(told).not.toContain(secret)
    })

    test('that never answers keeps no socket of ours', async () => {
      let ended = false
      peer = await rawPeer((socket) => {
        socket.resume()
        socket.on('close', () => {
          ended = true
        })
      })
      link = open(`http://127.0.0.1:${peer.port}`, 200)
      expect((await link.send(sms('x'))).kind).toBe('unknown')
      await until(() => ended, 'the socket is closed', 1_000)
    })

    test('that redirects does not get the key sent elsewhere', async () => {
      const requests: string[] = []
      peer = await rawPeer((socket) =>
        socket.once('data', (octets) => {
          requests.push(String(octets).split('\r\n')[0] ?? '')
          const elsewhere = `location: http://127.0.0.1:${peer.port}/elsewhere\r\n`
          socket.end(`HTTP/1.1 307 Temporary Redirect\r\n${elsewhere}content-length: 0\r\nconnection: close\r\n\r\n`)
        }),
      )
      link = open(`http://127.0.0.1:${peer.port}`)
      expect((await link.send(sms('x'))).kind).toBe('unknown')
      expect(requests).toEqual(['POST /version1/messaging HTTP/1.1'])
    })

    test('a number that the SDK finds fault with is refused, without the number', async () => {
      peer = await rawPeer(() => undefined)
      link = open(`http://127.0.0.1:${peer.port}`)
      const outcome = await link.send(sms('x', { to: '+99912345' as typeof AMINA }))
      expect(outcome).toEqual({ kind: 'refused', reason: 'refused_by_sdk', retry: false })
      expect(peer.sockets.length).toBe(0)
    })
  })
})
