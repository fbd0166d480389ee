import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { decodePdu, encodePdu, type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { linkTo, type Overrides, pause, phone, type RawPeer, rawPeer, sms, type TestLink, until } from './support.ts'

/**
 * Each defect of npm's `smpp` in keeping a session: first shown on the bare library, then not found in ours. `smpp` is used as a
 * library client and server of its own here, so it also is a peer that shares no session code with us.
 */
type LibraryPdu = {
  command: string
  sequence_number: number
  data_coding?: number
  short_message?: { message: unknown }
  response(options?: object): LibraryPdu
}
type LibrarySession = {
  socket: Socket
  on(event: string, listener: (argument: never) => void): LibrarySession
  send(pdu: LibraryPdu): boolean
  submit_sm(fields: object, onResponse: () => void): boolean
  enquire_link(): boolean
  connect(): void
  destroy(): void
  _busy: boolean
}
type Library = {
  Session: new (options: object) => LibrarySession
  PDU: {
    new (command: string, fields: object): LibraryPdu & { toBuffer(): Buffer }
    fromBuffer(octets: Buffer): LibraryPdu
  }
  createServer(onSession: (session: LibrarySession) => void): {
    listen(port: number, done: () => void): void
    close(): void
    address(): { port: number }
  }
}
const library = createRequire(import.meta.url)('smpp') as Library

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function peer(onSocket: (socket: Socket, number: number) => void): Promise<RawPeer> {
  const raw = await rawPeer(onSocket)
  cleanUps.push(() => raw.close())
  return raw
}

function connect(port: number, overrides: Overrides = {}): TestLink {
  const link = linkTo(port, overrides)
  cleanUps.push(() => link.link.close())
  return link
}

/** Answers binds and what else the test wants, one PDU at a time; enough for well-behaved clients. */
function answering(socket: Socket, onPdu: (pdu: Pdu) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
      const octets = rest.subarray(0, rest.readUInt32BE(0))
      rest = rest.subarray(octets.length)
      const decoded = decodePdu(octets)
      if (decoded.kind !== 'pdu') throw new Error('the link sent something unreadable')
      const { pdu } = decoded
      if (pdu.command.startsWith('bind_') || pdu.command === 'unbind') reply(socket, pdu)
      else if (!pdu.command.endsWith('_resp')) onPdu(pdu)
    }
  })
}

function reply(socket: Socket, pdu: Pdu, fields: Pdu['fields'] = {}, status: number = STATUS.ok): void {
  socket.write(encodePdu({ command: `${pdu.command}_resp`, status, sequence: pdu.sequence, fields }))
}

const submitFields = { source_addr: 'NYOTA', destination_addr: '254700000001' }

describe('12: a malformed PDU wedges the session for ever', () => {
  const malformed: [string, Buffer][] = [
    ['longer than allowed', Buffer.from('7fffffff000000150000000000000001', 'hex')],
    ['of length 5', Buffer.from('000000050000', 'hex')],
    ['of length 0', Buffer.alloc(16)],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ]

  test('in the library', async () => {
    const seen: string[] = []
    const server = library.createServer((session) => {
      session.on('error', (() => seen.push('error')) as never)
      session.on('enquire_link', (() => seen.push('enquire_link')) as never)
      cleanUps.push(() => session.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, resolve))
    cleanUps.push(() => server.close())
    const session = new library.Session({ host: '127.0.0.1', port: server.address().port })
    cleanUps.push(() => session.destroy())
    session.on('error', (() => undefined) as never)
    await new Promise<void>((resolve) => session.on('connect', (() => resolve()) as never))
    session.socket.write(malformed[1]?.[1] ?? '')
    await pause(50)
    session.enquire_link()
    await pause(100)
    expect(seen).toEqual(['error'])
  })

  test.each(malformed)('not in ours: a PDU %s ends the connection, and the link comes back', async (_, octets) => {
    const raw = await peer((socket, number) =>
      answering(socket, (pdu) => {
        if (number === 1) socket.write(octets)
        else reply(socket, pdu, { message_id: '1' })
      }),
    )
    const { link } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    expect((await link.send(sms('x'))).kind).toBe('unknown')
    await until(() => raw.sockets.length > 1 && link.isUp(), 'bound again')
    expect((await link.send(sms('y'))).kind).toBe('accepted')
  })

  test('not in ours: a PDU that is whole but unreadable is nacked, and the connection goes on', async () => {
    const nacks: Pdu[] = []
    // A deliver_sm whose message_state has no octet, then an unknown command.
    const cut = Buffer.concat([
      Buffer.from('00000025000000050000000000000007', 'hex'),
      Buffer.alloc(17),
      Buffer.from('04270000', 'hex'),
    ])
    const unknown = Buffer.from('00000010000077770000000000000008', 'hex')
    const raw = await peer((socket) =>
      answering(socket, (pdu) => {
        if (pdu.command === 'generic_nack') nacks.push(pdu)
        else {
          socket.write(cut)
          socket.write(unknown)
          reply(socket, pdu, { message_id: '1' })
        }
      }),
    )
    const { link } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    expect((await link.send(sms('x'))).kind).toBe('accepted')
    await until(() => nacks.length === 2, 'two nacks')
    expect(nacks.map(({ sequence, status }) => [sequence, status])).toEqual([
      [7, STATUS.invalidLength],
      [8, STATUS.invalidCommand],
    ])
    expect((await link.send(sms('y'))).kind).toBe('accepted')
    expect(raw.sockets.length).toBe(1)
  })

  test('not in ours: whatever octets come, the link neither dies nor hangs', async () => {
    let garbage: Uint8Array = new Uint8Array()
    const raw = await peer((socket) => {
      answering(socket, (pdu) => {
        if (pdu.command !== 'submit_sm') return
        if (garbage.length > 0) socket.write(garbage)
        else reply(socket, pdu, { message_id: '1' })
      })
    })
    const { link } = connect(raw.port, {
      timings: { responseTimeoutMs: 50, enquireEveryMs: 100, retryFirstMs: 1, retryLongestMs: 5 },
    })
    // Octets alone, and octets as the body of a PDU with a sound header.
    const framed = fc
      .record({
        id: fc.constantFrom(0x05, 0x103, 0x80000004, 0x80000000, 0x06, 0x15, 0x102),
        status: fc.nat(255),
        sequence: fc.nat(5),
        body: fc.uint8Array({ maxLength: 80 }),
      })
      .map(({ id, status, sequence, body }) => {
        const header = Buffer.alloc(16)
        header.writeUInt32BE(16 + body.length, 0)
        header.writeUInt32BE(id, 4)
        header.writeUInt32BE(status, 8)
        header.writeUInt32BE(sequence, 12)
        return new Uint8Array(Buffer.concat([header, body]))
      })
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 100 }), framed), async (octets) => {
        await until(() => link.isUp(), 'bound')
        garbage = octets
        await link.send(sms('x'))
        garbage = new Uint8Array()
      }),
      { numRuns: 60 },
    )
    await until(() => link.isUp(), 'bound at last')
    // What is left of a cut PDU may swallow an answer or two before the link notices.
    let last = await link.send(sms('y'))
    for (let tries = 0; tries < 20 && last.kind !== 'accepted'; tries += 1) {
      await until(() => link.isUp(), 'bound')
      last = await link.send(sms('y'))
    }
    expect(last.kind).toBe('accepted')
  })
})

describe('13: an error event that nobody listens to ends the process', () => {
  test('not in ours: refused, reset at once, reset after the bind, an unknown host', async () => {
    const uncaught: unknown[] = []
    const listener = (error: unknown): void => void uncaught.push(error)
    process.on('uncaughtException', listener)
    cleanUps.push(() => process.off('uncaughtException', listener))
    const closedPort = (await rawPeer(() => undefined).then(async (raw) => [raw.port, await raw.close()] as const))[0]
    const resetting = await peer((socket, number) => {
      if (number % 2 === 1) socket.resetAndDestroy()
      else answering(socket, () => socket.resetAndDestroy())
    })
    const refused = connect(closedPort)
    const reset = connect(resetting.port)
    const nowhere = connect(2775, { host: 'no-such-host.invalid' })
    const outcomes: string[] = []
    for (let round = 0; round < 5; round += 1) {
      await until(() => reset.link.isUp(), 'bound')
      outcomes.push((await reset.link.send(sms('x'))).kind)
    }
    await until(() => refused.heard.states.length > 2 && nowhere.heard.states.length > 0, 'failures were told')
    expect(outcomes).toEqual(Array(5).fill('unknown'))
    expect(uncaught).toEqual([])
  })
})

describe('14: pending callbacks are never called on close, and have no deadline', () => {
  test('in the library', async () => {
    const raw = await peer(() => undefined)
    const session = new library.Session({ host: '127.0.0.1', port: raw.port })
    session.on('error', (() => undefined) as never)
    await new Promise<void>((resolve) => session.on('connect', (() => resolve()) as never))
    let called = 0
    for (let number = 0; number < 5; number += 1)
      session.submit_sm({ ...submitFields, short_message: 'x' }, () => (called += 1))
    await until(() => raw.sockets.length === 1, 'connected')
    for (const socket of raw.sockets) socket.destroy()
    await pause(200)
    expect(called).toBe(0)
  })

  test('not in ours: each is settled once, by answer, by deadline or by close', async () => {
    const raw = await peer((socket) =>
      answering(socket, (pdu) => {
        const text = pdu.fields.short_message
        if (String(text) === 'answer') reply(socket, pdu, { message_id: '1' })
        if (String(text) === 'break') socket.destroy()
      }),
    )
    const { link } = connect(raw.port, { timings: { responseTimeoutMs: 300 } })
    await until(() => link.isUp(), 'bound')
    const late = link.send(sms('silence'))
    const answered = link.send(sms('answer'))
    expect((await answered).kind).toBe('accepted')
    expect(await late).toMatchObject({ kind: 'unknown', cause: 'no_answer' })
    const open = [link.send(sms('silence')), link.send(sms('silence')), link.send(sms('break'))]
    expect((await Promise.all(open)).map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'unknown'])
  })
})

describe('15: no backpressure towards a peer that does not read', () => {
  test('not in ours: the window bounds what is handed to the socket', async () => {
    const raw = await peer((socket) =>
      answering(socket, () => {
        socket.pause()
      }),
    )
    const { link } = connect(raw.port, {
      window: 10,
      timings: { responseTimeoutMs: 400, maxWaitMs: 200, enquireEveryMs: 60_000 },
    })
    await until(() => link.isUp(), 'bound')
    const before = process.memoryUsage().rss
    const outcomes = await Promise.all(
      Array.from({ length: 20_000 }, (_, number) => link.send(sms('x'.repeat(150), { to: phone(number) }))),
    )
    const count = (kind: string): number => outcomes.filter((outcome) => outcome.kind === kind).length
    expect(count('unknown')).toBe(10)
    expect(count('refused')).toBe(20_000 - 10)
    for (const socket of raw.sockets) socket.destroy()
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
  })
})

describe('16: a session that died inside a PDU never works again', () => {
  test('not in ours: half a PDU, then a new connection that knows nothing of it', async () => {
    const raw = await peer((socket, number) =>
      answering(socket, (pdu) => {
        if (number > 1) return reply(socket, pdu, { message_id: '1' })
        socket.write(Buffer.from('000000400000000500', 'hex'), () => socket.destroy())
      }),
    )
    const { link } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    expect((await link.send(sms('x'))).kind).toBe('unknown')
    await until(() => link.isUp() && raw.sockets.length === 2, 'bound again')
    expect((await link.send(sms('y'))).kind).toBe('accepted')
  })
})

describe('17: Nagle is left on', () => {
  test('not in ours: hundreds of submits one after another, receipts on the same connection, in a second', async () => {
    const raw = await peer((socket) => {
      socket.setNoDelay(true)
      answering(socket, (pdu) => {
        if (pdu.command !== 'submit_sm') return
        reply(socket, pdu, { message_id: '1' })
        const receipt = Buffer.from('id:1 sub:001 dlvrd:001 done date:2611231200 stat:DELIVRD err:000')
        socket.write(
          encodePdu({
            command: 'deliver_sm',
            status: 0,
            sequence: pdu.sequence,
            fields: { esm_class: 4, source_addr: '254700000001', short_message: receipt },
          }),
        )
      })
    })
    const { link, heard } = connect(raw.port, { window: 1 })
    await until(() => link.isUp(), 'bound')
    const startMs = performance.now()
    // With Nagle each takes 40 ms.
    for (let number = 0; number < 50; number += 1) await link.send(sms('x'))
    expect(performance.now() - startMs).toBeLessThan(1_000)
    await until(() => heard.reports.length === 50, 'every receipt')
  })
})

describe('18: a link whose peer no longer answers stays up', () => {
  test('not in ours: noticed, closed and replaced', async () => {
    const raw = await peer((socket, number) => answering(socket, (pdu) => number > 1 && reply(socket, pdu)))
    const { link, heard } = connect(raw.port, { timings: { enquireEveryMs: 100, responseTimeoutMs: 100 } })
    await until(() => raw.sockets.length === 2 && link.isUp(), 'bound again')
    expect(heard.states.map(({ reason }) => reason)).toEqual(['bound', 'no_answer_to_enquire_link', 'bound'])
    await pause(350)
    expect(raw.sockets.length).toBe(2)
  })
})

test('a server made with the library understands us', async () => {
  const got: unknown[] = []
  const server = library.createServer((session) => {
    session.on('error', (() => undefined) as never)
    session.on('bind_transceiver', ((pdu: LibraryPdu) => session.send(pdu.response())) as never)
    session.on('submit_sm', ((pdu: LibraryPdu) => {
      got.push(pdu.short_message?.message)
      session.send(pdu.response({ message_id: 'ab' }))
    }) as never)
    session.on('unbind', ((pdu: LibraryPdu) => session.send(pdu.response())) as never)
    cleanUps.push(() => session.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  cleanUps.push(() => server.close())
  const { link } = connect(server.address().port)
  await until(() => link.isUp(), 'bound')
  expect(await link.send(sms('Plain {text} @ £5'))).toEqual({ kind: 'accepted', providerIds: ['ab'], segments: 1 })
  expect(await link.send(sms('ሰላም'))).toMatchObject({ kind: 'accepted' })
  expect(got).toEqual(['Plain {text} @ £5', 'ሰላም'])
})
