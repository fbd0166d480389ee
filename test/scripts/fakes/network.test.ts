import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeNetwork, startFakeNetwork } from '../../../scripts/fakes/network.ts'
import { encodePdu } from '../../../src/aggregators/smpp/codec.ts'
import { AMINA, linkTo, rawPeer, sms, until } from '../../aggregators/smpp/support.ts'

let network: FakeNetwork
const cleanUps: (() => unknown)[] = []

beforeEach(async () => {
  network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
  await network.close()
})

const messagesUrl = (number: string): string => `${network.httpUrl}/phones/${encodeURIComponent(number)}/messages`

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${network.httpUrl}${path}`, { method: 'POST', body: JSON.stringify(body) })
}

async function bound(): Promise<ReturnType<typeof linkTo>> {
  const opened = linkTo(network.smppPort)
  cleanUps.push(() => opened.link.close())
  await until(() => opened.link.isUp(), 'bound')
  return opened
}

describe('phones', () => {
  test('messages are read as JSON, with or without the plus', async () => {
    const { link } = await bound()
    await link.send(sms('x'.repeat(200)))
    const expected = [
      {
        at: expect.stringMatching(/^2\d{3}-/),
        from: 'NYOTA',
        to: AMINA,
        text: 'x'.repeat(200),
        encoding: 'gsm7',
        segments: 2,
      },
    ]
    expect(await (await fetch(messagesUrl(AMINA))).json()).toEqual(expected)
    expect(await (await fetch(`${network.httpUrl}/phones/${AMINA.slice(1)}/messages`)).json()).toEqual(expected)
    expect(await (await fetch(messagesUrl('+254700000009'))).json()).toEqual([])
  })

  test('followed, they come as they arrive, one a line', async () => {
    const { link } = await bound()
    await link.send(sms('before'))
    const stopped = new AbortController()
    cleanUps.push(() => stopped.abort())
    const response = await fetch(`${messagesUrl(AMINA)}?follow`, { signal: stopped.signal })
    const lines: string[] = []
    const reading = (async () => {
      for await (const chunk of response.body ?? []) lines.push(...Buffer.from(chunk).toString().trim().split('\n'))
    })().catch(() => undefined)
    await link.send(sms('after'))
    await until(() => lines.length === 2, 'both lines')
    expect(lines.map((line) => JSON.parse(line).text)).toEqual(['before', 'after'])
    stopped.abort()
    await reading
  })

  test('a phone writes over SMPP, or is told that nobody listens', async () => {
    expect((await post(`/phones/${AMINA}/messages`, { to: '22384', text: 'BAL' })).status).toBe(503)
    const { heard } = await bound()
    await until(() => heard.messages.length === 1, 'what waited')
    expect((await post(`/phones/${AMINA}/messages`, { to: '22384', text: 'MINI' })).status).toBe(202)
    await until(() => heard.messages.length === 2, 'the message')
    expect((await post(`/phones/${AMINA}/messages`, { text: 1 })).status).toBe(400)
  })
})

describe('steering over HTTP', () => {
  test('behaviour is changed and shown; what makes no sense is refused with a sentence', async () => {
    const { link } = await bound()
    expect((await post('/control', { refuse: 'ESME_RINVDSTADR' })).status).toBe(200)
    expect(await link.send(sms('x'))).toMatchObject({ kind: 'refused', reason: 'ESME_RINVDSTADR' })
    expect((await post('/control', { refuse: null })).status).toBe(200)
    expect((await link.send(sms('x'))).kind).toBe('accepted')
    expect(await (await fetch(`${network.httpUrl}/control`)).json()).toMatchObject({ refuse: null, receipts: 'text' })
    const refused = await post('/control', { delayMS: 5 })
    expect([refused.status, ((await refused.json()) as { problem: string }).problem]).toEqual([
      400,
      expect.stringContaining('delayMS is not known'),
    ])
    expect((await post('/control', { delayMs: 'soon' })).status).toBe(400)
  })

  test('links are listed and dropped', async () => {
    const { link, heard } = await bound()
    expect(await (await fetch(`${network.httpUrl}/links`)).json()).toEqual([{ systemId: 'demo', bind: 'transceiver' }])
    await post('/links/drop', {})
    await until(() => heard.states.length >= 2 && link.isUp(), 'back again')
  })

  test.each(['/phones', '/version1'])('%s is not there', async (path) => {
    expect((await fetch(`${network.httpUrl}${path}`)).status).toBe(404)
  })
})

describe('any SMPP client', () => {
  async function client(): Promise<{
    socket: Socket
    answers: Buffer[]
    ask(command: string, fields: Record<string, string | number>, sequence: number): void
  }> {
    const socket = connect(network.smppPort, '127.0.0.1')
    socket.on('error', () => undefined)
    cleanUps.push(() => socket.destroy())
    const answers: Buffer[] = []
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at + 16 <= chunk.length; at += chunk.readUInt32BE(at))
        answers.push(chunk.subarray(at, at + chunk.readUInt32BE(at)))
    })
    await new Promise((resolve) => socket.once('connect', resolve))
    return {
      socket,
      answers,
      ask: (command, fields, sequence) => socket.write(encodePdu({ command, status: 0, sequence, fields })),
    }
  }
  const header = (octets: Buffer | undefined): [number, number, number] => [
    octets?.readUInt32BE(4) ?? 0,
    octets?.readUInt32BE(8) ?? 0,
    octets?.readUInt32BE(12) ?? 0,
  ]

  test('gets an answer to everything, each with its sequence number', async () => {
    const { socket, answers, ask } = await client()
    const expected: [number, number, number][] = []
    const next = async (answer: [number, number, number]): Promise<void> => {
      expected.push(answer)
      await until(() => answers.length === expected.length, `answer ${expected.length}`)
    }
    ask('submit_sm', {}, 1)
    await next([0x80000004, 0x04, 1])
    ask('bind_transceiver', { system_id: 'demo', password: 'demo' }, 2)
    await next([0x80000009, 0, 2])
    ask('bind_transceiver', { system_id: 'demo', password: 'demo' }, 3)
    await next([0x80000009, 0x05, 3])
    ask('enquire_link', {}, 4)
    await next([0x80000015, 0, 4])
    ask('query_sm', { message_id: '1' }, 5)
    await next([0x80000003, 0x03, 5])
    socket.write(Buffer.from('00000010000077770000000000000006', 'hex'))
    await next([0x80000000, 0x03, 6])
    ask('submit_sm', { destination_addr: '254700000001' }, 7)
    await next([0x80000004, 0, 7])
    ask('unbind', {}, 8)
    await next([0x80000006, 0, 8])
    expect(answers.map(header)).toEqual(expected)
    await until(() => socket.destroyed || socket.readableEnded, 'the connection ends')
  })

  test('with a wrong password is refused and put out', async () => {
    const { socket, answers, ask } = await client()
    ask('bind_transceiver', { system_id: 'demo', password: 'wrong' }, 1)
    await until(() => answers.length === 1 && (socket.destroyed || socket.readableEnded), 'refused')
    expect(header(answers[0])).toEqual([0x80000009, 0x0e, 1])
  })

  test('that speaks something else is put out at once', async () => {
    const { socket } = await client()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => socket.destroyed || socket.readableEnded, 'put out')
  })
})

test('delivery reports and messages are posted to the gateway, again when it was away', async () => {
  const posts: { path: string; form: Record<string, string> }[] = []
  let failures = 1
  const gateway = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      failures -= 1
      if (failures >= 0) return response.writeHead(503).end()
      posts.push({ path: request.url ?? '', form: Object.fromEntries(new URLSearchParams(body)) })
      response.end()
    })
  })
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
  const address = gateway.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const posting = await startFakeNetwork({
    smppPort: 0,
    httpPort: 0,
    africastalkingCallbackUrl: `http://127.0.0.1:${port}/africastalking/demo`,
  })
  cleanUps.push(async () => {
    await posting.close()
    gateway.closeAllConnections()
    await new Promise((resolve) => gateway.close(resolve))
  })
  const body = new URLSearchParams({ username: 'nyota', to: AMINA, message: 'x', bulkSMSMode: '1' })
  const answer = await fetch(`${posting.httpUrl}/version1/messaging`, {
    method: 'POST',
    body,
    headers: { apikey: 'k' },
  })
  expect(answer.status).toBe(201)
  const { SMSMessageData } = (await answer.json()) as { SMSMessageData: { Recipients: { messageId: string }[] } }
  await until(() => posts.length === 1, 'the report')
  expect(posts[0]).toEqual({
    path: '/africastalking/demo/sms-delivery',
    form: {
      id: SMSMessageData.Recipients[0]?.messageId,
      status: 'Success',
      phoneNumber: AMINA,
      networkCode: '63902',
      retryCount: '0',
    },
  })
  await fetch(`${posting.httpUrl}/phones/${AMINA}/messages`, {
    method: 'POST',
    body: JSON.stringify({ to: '22384', text: 'BAL', via: 'africastalking' }),
  })
  await until(() => posts.length === 2, 'the message')
  expect(posts[1]).toMatchObject({ path: '/africastalking/demo/sms', form: { from: AMINA, to: '22384', text: 'BAL' } })
  expect((await fetch(`${posting.httpUrl}/version1/messaging`, { method: 'POST', body })).status).toBe(401)
})

test('a port that is taken is told, and nothing is left behind', async () => {
  const taken = await rawPeer(() => undefined)
  await expect(startFakeNetwork({ smppPort: 0, httpPort: taken.port })).rejects.toThrow('EADDRINUSE')
  await taken.close()
})
