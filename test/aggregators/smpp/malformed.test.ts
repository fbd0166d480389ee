import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodePdu, type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { openConnection } from '../../../src/aggregators/smpp/connection.ts'
import { libraryServer, librarySession } from './library.ts'
import { answering, cleanedUp, pause, reply, sms, stall, until } from './support.ts'

const { cleanUps, peer, connect } = cleanedUp()

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
/** A deliver_sm whose message_state has no octet. */
const emptyTlv = Buffer.concat([hex('00000025000000050000000000000007'), Buffer.alloc(17), hex('04270000')])

describe('12: a malformed PDU wedges the session for ever', () => {
  const malformed: [string, Buffer, events: string[]][] = [
    ['longer than allowed', hex('7fffffff000000150000000000000001'), ['error']],
    ['of length 5', hex('000000050000'), ['error']],
    ['of length 15', hex('0000000f0000001500000000000000'), ['error']],
    ['of length 0', Buffer.alloc(16), []],
    ['of length 3', hex('00000003000000150000000000000001'), []],
    ['with a TLV that has no octet', emptyTlv, ['error']],
    ['that is an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), ['error']],
  ]

  test.each(malformed)('in the library: after a PDU %s nothing is read any more', async (_, octets, events) => {
    const seen: string[] = []
    const server = await libraryServer((session) => {
      session.on('error', () => seen.push('error'))
      session.on('enquire_link', () => seen.push('enquire_link'))
    })
    cleanUps.push(server.close)
    const session = await librarySession(server.port)
    cleanUps.push(() => session.destroy())
    session.enquire_link()
    await until(() => seen.length === 1, 'read before')
    session.socket.write(octets)
    await pause(30)
    session.enquire_link()
    await pause(50)
    expect([seen, session.socket.readyState]).toEqual([['enquire_link', ...events], 'open'])
  })

  test.each(malformed.filter(([, octets]) => octets !== emptyTlv))(
    'not in ours: a PDU %s ends the connection, and the link comes back',
    async (_, octets) => {
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
    },
  )

  test('not in ours: a PDU that is whole but unreadable is nacked, and the connection goes on', async () => {
    const nacks: Pdu[] = []
    const unknown = hex('00000010000077770000000000000008')
    const raw = await peer((socket) =>
      answering(socket, (pdu) => {
        if (pdu.command === 'generic_nack') nacks.push(pdu)
        else {
          socket.write(emptyTlv)
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
})

describe('whatever octets come', () => {
  const pdu = fc
    .record({
      id: fc.constantFrom(0x05, 0x103, 0x80000004, 0x80000000, 0x06, 0x15, 0x102, 0x0b, 0x80000009, 0x80000015),
      status: fc.nat(255),
      sequence: fc.nat(5),
      body: fc.uint8Array({ maxLength: 80 }),
    })
    .map(({ id, status, sequence, body }) => framed(16 + body.length, id, status, sequence, body))
  const sound = fc.constantFrom(
    encodePdu({
      ...{ command: 'deliver_sm', status: 0, sequence: 1 },
      fields: {
        ...{ source_addr: '254700000001', destination_addr: '22384', esm_class: 0x40, data_coding: 8 },
        ...{ short_message: Buffer.from('0500030a02010041', 'hex'), receipted_message_id: 'ab', message_state: 2 },
      },
    }),
    encodePdu({ command: 'submit_sm_resp', status: 0, sequence: 2, fields: { message_id: 'ab12' } }),
    encodePdu({ command: 'enquire_link', status: 0, sequence: 3 }),
  )
  /** A sound PDU with some octets changed, cut off, or put twice. */
  const mutated = fc
    .tuple(
      fc.array(sound, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
      fc.nat(20),
    )
    .map(([pdus, changes, cut]) => {
      const octets = Buffer.concat(pdus)
      for (const [at, value] of changes) octets[at % octets.length] = value
      return octets.subarray(0, octets.length - (cut < octets.length ? cut : 0))
    })
  /** Its length says much more than there is. */
  const huge = fc
    .tuple(
      fc.constantFrom(16_384, 16_385, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([length, body]) => framed(length, 0x05, 0, 1, body))
  const garbage = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 100 }).map((octets) => Buffer.from(octets)),
    ...[pdu, mutated, huge],
  )

  function framed(length: number, id: number, status: number, sequence: number, body: Uint8Array): Buffer {
    const header = Buffer.alloc(16)
    for (const [index, value] of [length, id, status, sequence].entries()) header.writeUInt32BE(value, index * 4)
    return Buffer.concat([header, body])
  }

  test('in any pieces, the message of that moment is settled, and a later one is accepted', async () => {
    let [octets, piece]: [Buffer, number] = [Buffer.alloc(0), 1]
    const raw = await peer((socket) =>
      answering(socket, (request) => {
        if (request.command !== 'submit_sm') return
        if (octets.length === 0) return reply(socket, request, { message_id: '1' })
        const [all, size] = [octets, piece]
        octets = Buffer.alloc(0)
        // Nagle off, each write is a packet of its own, and mostly a chunk of its own.
        socket.setNoDelay(true)
        for (let at = 0; at < all.length; at += size) socket.write(all.subarray(at, at + size))
      }),
    )
    const { link } = connect(raw.port, {
      timings: { responseTimeoutMs: 40, enquireEveryMs: 50, retryFirstMs: 1, retryLongestMs: 5, maxWaitMs: 500 },
    })
    await fc.assert(
      fc.asyncProperty(garbage, fc.constantFrom(1, 3, 16, 1_000), async (sent, size) => {
        await until(() => link.isUp(), 'bound')
        octets = sent
        piece = size
        expect(['accepted', 'refused', 'unknown']).toContain((await link.send(sms('x'))).kind)
        octets = Buffer.alloc(0)
        for (let tries = 0; (await link.send(sms('y'))).kind !== 'accepted'; tries += 1) {
          if (tries > 30) throw new Error('the link no longer works')
          await until(() => link.isUp(), 'bound')
        }
      }),
      { numRuns: 60 },
    )
  })

  const collect = (): number => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    gc()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const MEGABYTE = 1024 * 1024

  const floods: [string, megabytes: number, (sent: number) => Buffer][] = [
    ['answers that nobody waits for', 1, () => encodePdu({ command: 'submit_sm_resp', status: 0, sequence: 99_999 })],
    [
      'requests whose answers it does not read',
      1,
      (n) => encodePdu({ command: 'enquire_link', status: 0, sequence: n + 1 }),
    ],
    ['commands that nobody knows', 1, (n) => framed(16, 0x7777, 0, n + 1, Buffer.alloc(0))],
    [
      'the longest messages there are',
      24,
      (n) =>
        encodePdu({
          ...{ command: 'deliver_sm', status: 0, sequence: n + 1 },
          fields: {
            source_addr: '254700000001',
            destination_addr: '22384',
            data_coding: 3,
            message_payload: Buffer.alloc(16_000, 0x41),
          },
        }),
    ],
  ]
  test.each(floods)('a peer that floods us with %s fills no memory', async (_, megabytes, make) => {
    const flood = megabytes * MEGABYTE
    const chunks: Buffer[] = []
    for (let [size, number] = [0, 0]; size < MEGABYTE; number += 1)
      size += chunks[chunks.push(make(number)) - 1]?.length ?? 0
    const chunk = Buffer.concat(chunks)
    let [written, ended] = [0, false]
    const raw = await peer((socket, number) => {
      socket.once('data', (bind) => {
        const sequence = bind.readUInt32BE(12)
        socket.write(encodePdu({ command: 'bind_transceiver_resp', status: 0, sequence }))
        if (number > 1) return
        // What we say is never read.
        socket.pause()
        socket.on('close', () => (ended = true))
        const more = (): void => {
          while (written < flood && !socket.destroyed) {
            written += chunk.length
            if (!socket.write(chunk)) {
              socket.once('drain', more)
              return
            }
          }
          ended = true
        }
        more()
      })
    })
    const before = collect()
    // Nothing that comes is ever stored.
    const { link, listeners } = connect(raw.port, { timings: { enquireEveryMs: 60_000, responseTimeoutMs: 60_000 } })
    const letGo = stall(listeners)
    await until(() => ended, 'the flood is over, or the connection', 15_000)
    // What the collector has not got to yet may be here once, and not still.
    await until(() => collect() - before < 16 * MEGABYTE, 'what was read is forgotten', 5_000)
    letGo()
    await until(() => link.isUp(), 'still bound, or again')
  })

  test('a peer that never reads is given up before its answers fill the memory', () => {
    const taken: Buffer[] = []
    const socket = new Duplex({ read: () => undefined, write: (octets: Buffer) => void taken.push(octets) })
    const causes: string[] = []
    openConnection(Object.assign(socket, { setNoDelay: () => socket }) as unknown as Socket, {
      onRequest: () => undefined,
      onClose: (cause) => void causes.push(cause),
    })
    const chunk = Buffer.concat(
      Array.from({ length: 4_096 }, () => encodePdu({ command: 'enquire_link', status: 0, sequence: 1 })),
    )
    for (let sent = 0; sent < 2 * MEGABYTE && causes.length === 0; sent += chunk.length) socket.emit('data', chunk)
    expect(causes).toEqual(['peer_does_not_read'])
    expect(socket.destroyed).toBe(true)
  })

  test('a PDU that never ends is noticed by the silence of the rest', async () => {
    const raw = await peer((socket, number) =>
      answering(socket, (request) => {
        if (number > 1) return reply(socket, request, { message_id: '1' })
        // The beginning of the longest PDU allowed, then an octet now and then.
        socket.write(framed(16_384, 0x05, 0, 1, Buffer.alloc(0)))
        const drip = setInterval(() => socket.write(Buffer.of(0)), 10)
        socket.on('close', () => clearInterval(drip))
      }),
    )
    const { link, heard } = connect(raw.port, { timings: { enquireEveryMs: 80, responseTimeoutMs: 80 } })
    await until(() => raw.sockets.length > 1 && link.isUp(), 'bound again')
    expect(heard.states.map(({ reason }) => reason)).toEqual(['bound', 'no_answer_to_enquire_link', 'bound'])
    expect((await link.send(sms('y'))).kind).toBe('accepted')
  })
})
