import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { encodePdu, type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { type LibraryPdu, library, libraryServer, librarySession, submitFields } from './library.ts'
import { answering, cleanedUp, pause, phone, rawPeer, reply, sms, stall, until } from './support.ts'

/**
 * Each session defect of npm's `smpp`, by its number in our list of them: first shown on the bare library, then not found in ours.
 * The first of them, malformed PDUs, stands in malformed.test.ts.
 */
const { cleanUps, peer, connect } = cleanedUp()

describe('13: an error event that nobody listens to ends the process', () => {
  test('in the library', async () => {
    const raw = await rawPeer(() => undefined)
    await raw.close()
    const script = `new (require('smpp').Session)({ host: '127.0.0.1', port: ${raw.port} })`
    const child = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    expect([child.status, child.stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
  })

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
    const session = await librarySession(raw.port)
    let called = 0
    for (let number = 0; number < 5; number += 1)
      session.submit_sm({ ...submitFields, short_message: 'x' }, () => (called += 1))
    await until(() => raw.sockets.length === 1, 'connected')
    for (const socket of raw.sockets) socket.destroy()
    await until(() => !session.socket.writable, 'closed')
    await pause(50)
    expect(called).toBe(0)
    expect(session.submit_sm({ ...submitFields, short_message: 'x' }, () => (called += 1))).toBe(false)
    await pause(20)
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
    const late = link.send(sms('silence', { to: phone(1) }))
    const answered = link.send(sms('answer'))
    expect((await answered).kind).toBe('accepted')
    expect(await late).toMatchObject({ kind: 'unknown', cause: 'no_answer' })
    const patient = connect(raw.port, { timings: { responseTimeoutMs: 60_000 } })
    await until(() => patient.link.isUp(), 'bound')
    const open = ['silence', 'silence', 'break'].map((text, at) => patient.link.send(sms(text, { to: phone(at) })))
    expect(await Promise.all(open)).toEqual(
      Array(3).fill({ kind: 'unknown', cause: 'closed_by_peer', providerIds: [] }),
    )
  })
})

describe('15: no backpressure towards a peer that does not read', () => {
  const text = 'x'.repeat(150)

  test('in the library: everything is taken, and kept in memory', async () => {
    const raw = await peer((socket) => void socket.pause())
    const session = await librarySession(raw.port)
    cleanUps.push(() => session.destroy())
    let refused = 0
    const message_payload = Buffer.alloc(16_000)
    for (let number = 0; number < 2_000; number += 1)
      if (!session.submit_sm({ ...submitFields, data_coding: 0, short_message: Buffer.alloc(0), message_payload }))
        refused += 1
    expect(refused).toBe(0)
    expect(session.socket.writableLength).toBeGreaterThan(10 * 1024 * 1024)
  })

  test('not in ours: the window bounds what is handed to the socket', async () => {
    const write = vi.spyOn(Socket.prototype, 'write')
    cleanUps.push(() => write.mockRestore())
    const raw = await peer((socket) => answering(socket, () => void socket.pause()))
    const { link } = connect(raw.port, {
      window: 10,
      timings: { responseTimeoutMs: 400, maxWaitMs: 200, enquireEveryMs: 60_000 },
    })
    await until(() => link.isUp(), 'bound')
    write.mockClear()
    const outcomes = await Promise.all(
      Array.from({ length: 4_000 }, (_, number) => link.send(sms(text, { to: phone(number) }))),
    )
    const count = (kind: string): number => outcomes.filter((outcome) => outcome.kind === kind).length
    expect([count('unknown'), count('refused')]).toEqual([10, 4_000 - 10])
    const octets = write.mock.calls.reduce((sum, [chunk]) => sum + chunk.length, 0)
    expect(octets).toBeLessThan(10 * 300)
    for (const socket of raw.sockets) socket.destroy()
  })
})

describe('16: a session that died inside a PDU never works again', () => {
  test('in the library: connected again, it reads nothing', async () => {
    const raw = await peer((socket, number) => {
      if (number === 1) socket.write(Buffer.from('000000400000000500', 'hex'), () => socket.destroy())
      else socket.write(encodePdu({ command: 'enquire_link', status: 0, sequence: 1 }))
    })
    const session = new library.Session({ host: '127.0.0.1', port: raw.port })
    cleanUps.push(() => session.destroy())
    const seen: string[] = []
    for (const event of ['error', 'close', 'enquire_link']) session.on(event, () => seen.push(event))
    await until(() => seen.includes('close'), 'broken')
    session.connect()
    await until(() => raw.sockets.length === 2, 'connected again')
    await pause(100)
    expect(seen).not.toContain('enquire_link')
  })

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
  /** Which sockets of this process were told to send at once. */
  function spy(): Set<Socket> {
    const told = new Set<Socket>()
    const original = Socket.prototype.setNoDelay
    const spied = vi.spyOn(Socket.prototype, 'setNoDelay').mockImplementation(function (this: Socket, on?: boolean) {
      if (on !== false) told.add(this)
      return original.call(this, on)
    })
    cleanUps.push(() => spied.mockRestore())
    return told
  }

  test('in the library: on both sides', async () => {
    const told = spy()
    const server = await libraryServer(() => undefined)
    cleanUps.push(server.close)
    const session = await librarySession(server.port)
    cleanUps.push(() => session.destroy())
    session.enquire_link()
    await pause(30)
    expect(told.size).toBe(0)
  })

  test('not in ours: every connection sends at once, each after the first too', async () => {
    const told = spy()
    const raw = await peer((socket) => answering(socket, () => undefined))
    const { link } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    expect(told.size).toBe(1)
    raw.sockets[0]?.destroy()
    await until(() => raw.sockets.length === 2 && link.isUp(), 'bound again')
    expect(told.size).toBe(2)
  })
})

describe('18: a link whose peer no longer answers stays up', () => {
  test('in the library: it asks, and never minds', async () => {
    let asked = 0
    const raw = await peer((socket) => socket.on('data', (chunk) => (asked += chunk.length / 16)))
    const session = await librarySession(raw.port, { auto_enquire_link_period: 20 })
    cleanUps.push(() => session.destroy())
    await until(() => asked >= 10, 'asked ten times')
    expect(session.socket.readyState).toBe('open')
  })

  test('not in ours: noticed, closed and replaced', async () => {
    const raw = await peer((socket, number) => answering(socket, (pdu) => number > 1 && reply(socket, pdu)))
    const { link, heard } = connect(raw.port, { timings: { enquireEveryMs: 100, responseTimeoutMs: 100 } })
    await until(() => raw.sockets.length === 2 && link.isUp(), 'bound again')
    expect(heard.states.map(({ reason }) => reason)).toEqual(['bound', 'no_answer_to_enquire_link', 'bound'])
    await pause(350)
    expect(raw.sockets.length).toBe(2)
  })
})

describe('19: what nobody handles gets no answer', () => {
  const requests = [
    ['an unknown command', Buffer.from('00000010000077770000000000000007', 'hex')],
    ['a submit_sm', encodePdu({ command: 'submit_sm', status: 0, sequence: 7, fields: submitFields })],
    ['a query_sm', encodePdu({ command: 'query_sm', status: 0, sequence: 7 })],
  ] as const

  test.each(requests)('in the library: %s', async (_, octets) => {
    const server = await libraryServer(() => undefined)
    cleanUps.push(server.close)
    const session = await librarySession(server.port)
    cleanUps.push(() => session.destroy())
    const heard: unknown[] = []
    session.on('pdu', (pdu) => heard.push(pdu))
    session.socket.write(octets)
    await pause(60)
    expect(heard).toEqual([])
  })

  test.each(requests)('not in ours: %s is refused, with its sequence number', async (_, octets) => {
    const heard: Pdu[] = []
    const raw = await peer((socket) =>
      answering(
        socket,
        (pdu) => heard.push(pdu),
        (pdu) => heard.push(pdu),
      ),
    )
    const { link } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    raw.sockets[0]?.write(octets)
    await until(() => heard.length === 1, 'the answer')
    expect(heard[0]).toMatchObject({ status: STATUS.invalidCommand, sequence: 7 })
  })
})

describe('20: connect(host, port, callback) forgets the callback', () => {
  test('in the library', async () => {
    const raw = await peer(() => undefined)
    let called = 0
    const session = library.connect('127.0.0.1', raw.port, () => (called += 1))
    cleanUps.push(() => session.destroy())
    await until(() => raw.sockets.length === 1, 'connected')
    await pause(30)
    expect(called).toBe(0)
  })

  test('not in ours: every bind is told, once', async () => {
    const raw = await peer((socket) => answering(socket, () => undefined))
    const { link, heard } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    expect(heard.states).toHaveLength(1)
    expect(heard.states[0]).toMatchObject({ link: 'mno1', up: true, reason: 'bound' })
  })
})

describe('21: while one request waits for something, nothing else is answered', () => {
  test('in the library: pause and resume keep everything back', async () => {
    const answered: string[] = []
    const server = await libraryServer((session) => {
      session.on('bind_transceiver', () => session.pause())
      session.on('enquire_link', () => answered.push('enquire_link'))
    })
    cleanUps.push(server.close)
    const session = await librarySession(server.port)
    cleanUps.push(() => session.destroy())
    session.bind_transceiver({ system_id: 'demo', password: 'demo' })
    session.enquire_link()
    await pause(60)
    expect(answered).toEqual([])
  })

  test('not in ours: a message that is being stored holds up neither answers nor the next message', async () => {
    const heard: Pdu[] = []
    const raw = await peer((socket) =>
      answering(
        socket,
        (pdu) => reply(socket, pdu, { message_id: '1' }),
        (pdu) => heard.push(pdu),
      ),
    )
    const { link, listeners, heard: stored } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    const letGo = stall(listeners)
    const deliver = { source_addr: '254700000001', destination_addr: '22384', short_message: Buffer.from('BAL') }
    raw.sockets[0]?.write(encodePdu({ command: 'deliver_sm', status: 0, sequence: 1, fields: deliver }))
    raw.sockets[0]?.write(encodePdu({ command: 'enquire_link', status: 0, sequence: 2 }))
    await until(() => heard.length === 1, 'the enquiry is answered')
    expect(heard[0]).toMatchObject({ command: 'enquire_link_resp', sequence: 2 })
    expect((await link.send(sms('x'))).kind).toBe('accepted')
    letGo()
    await until(() => heard.length === 2, 'the message is acknowledged')
    expect([heard[1]?.command, heard[1]?.sequence, stored.messages.length]).toEqual(['deliver_sm_resp', 1, 1])
  })

  test('not in ours: beyond a hundred at once the network is asked to come again', async () => {
    const heard: Pdu[] = []
    const raw = await peer((socket) =>
      answering(
        socket,
        () => undefined,
        (pdu) => heard.push(pdu),
      ),
    )
    const { link, listeners } = connect(raw.port)
    await until(() => link.isUp(), 'bound')
    const letGo = stall(listeners)
    const deliver = { source_addr: '254700000001', destination_addr: '22384', short_message: Buffer.from('BAL') }
    for (let sequence = 1; sequence <= 120; sequence += 1)
      raw.sockets[0]?.write(encodePdu({ command: 'deliver_sm', status: 0, sequence, fields: deliver }))
    await until(() => heard.length === 20, 'twenty are sent away')
    expect(new Set(heard.map(({ status }) => status))).toEqual(new Set([STATUS.throttled]))
    letGo()
    await until(() => heard.length === 120, 'the rest is stored')
    expect(heard.slice(20).every(({ status }) => status === STATUS.ok)).toBe(true)
  })
})

describe('22: the next version takes any certificate', () => {
  test('ours stays on the version that does not; tls.test.ts shows which are believed', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>
    }
    expect(dependencies.smpp).toBe('0.5.1')
  })
})

describe('23: no types, and no release since 2022', () => {
  test('ours knows the library in one file, so that it can be replaced', () => {
    const knowing = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .filter((path) => /(?:require\(|from |import\()'smpp'/.test(readFileSync(join('src', path), 'utf8')))
    expect(knowing).toEqual(['aggregators/smpp/codec.ts'])
  })
})

test('a server made with the library understands us', async () => {
  const got: unknown[] = []
  const server = await libraryServer((session) => {
    for (const command of ['bind_transceiver', 'unbind'])
      session.on(command, (pdu: LibraryPdu) => session.send(pdu.response()))
    session.on('submit_sm', (pdu: LibraryPdu) => {
      got.push(pdu.short_message?.message)
      session.send(pdu.response({ message_id: 'ab' }))
    })
  })
  cleanUps.push(server.close)
  const { link } = connect(server.port)
  await until(() => link.isUp(), 'bound')
  expect(await link.send(sms('Plain {text} @ £5'))).toEqual({ kind: 'accepted', providerIds: ['ab'], segments: 1 })
  expect(await link.send(sms('ሰላም'))).toMatchObject({ kind: 'accepted' })
  expect(got).toEqual(['Plain {text} @ £5', 'ሰላም'])
})
