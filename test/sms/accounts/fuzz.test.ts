import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodePdu, MAX_PDU_LENGTH, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { openConnection } from '../../../src/aggregators/smpp/connection.ts'
import type { AccountBook, SmppAccount } from '../../../src/aggregators/smpp/server/account.ts'
import type { SmppServer } from '../../../src/aggregators/smpp/server/server.ts'
import { findAccount } from '../../../src/sms/accounts/account-row.ts'
import { until } from '../../aggregators/smpp/support.ts'
import { type AccountsWorld, bindClient, makeAccountsWorld, submitOf } from './world.ts'

let world: AccountsWorld
let server: SmppServer
let password: string
beforeAll(async () => {
  world = await makeAccountsWorld()
  world.sending = false
  // What is thrown here binds often; hashing is another test's business.
  const known = new Map<string, SmppAccount>()
  const book: AccountBook = {
    ...world.book,
    async authenticate(systemId, secret) {
      if (secret.reveal() !== password) return 'refused'
      return known.get(systemId) ?? 'refused'
    },
  }
  server = await world.serve({
    book,
    limits: {
      ...{ partialTimeoutMs: 100, bindTimeoutMs: 250, enquireEveryMs: 250 },
      ...{ failuresPerAddress: 1_000_000, failuresPerSystemId: 1_000_000 },
    },
  })
  password = await world.add('good')
  known.set('good', (await findAccount(world.sms.db.app, 'good')) as SmppAccount)
})
afterAll(() => world.close())

/** Throws octets at the port in the pieces given; resolves once the server has closed the connection, with what it said. */
function throwAt(pieces: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const said: Buffer[] = []
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => said.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(said)))
    for (const piece of pieces) socket.write(piece)
  })
}

async function expectGoodClientServed(): Promise<void> {
  await until(() => server.connections() === 0, 'every connection was closed')
  const client = await bindClient(server.port, 'good', password)
  expect(client.status).toBe(STATUS.ok)
  expect((await client.ask('submit_sm', submitOf('still here'))).status).toBe(STATUS.ok)
  expect((await client.ask('unbind')).status).toBe(STATUS.ok)
  await until(() => server.connections() === 0, 'the good client has left')
}

const COMMANDS = [
  ...[
    'bind_transceiver',
    'bind_receiver',
    'submit_sm',
    'data_sm',
    'query_sm',
    'cancel_sm',
    'replace_sm',
    'submit_multi',
  ],
  ...[
    'deliver_sm',
    'enquire_link',
    'enquire_link_resp',
    'submit_sm_resp',
    'generic_nack',
    'outbind',
    'alert_notification',
    'unbind',
  ],
]

/** A sound PDU, of which some octets are then changed, cut away or put in. */
const mutatedPdu = fc
  .record({
    command: fc.constantFrom(...COMMANDS),
    sequence: fc.integer({ min: 0, max: 0x7fffffff }),
    edits: fc.array(fc.record({ at: fc.nat(200), octet: fc.nat(255), how: fc.constantFrom('set', 'cut', 'put') }), {
      maxLength: 6,
    }),
  })
  .map(({ command, sequence, edits }) => {
    const fields = command === 'submit_sm' ? submitOf('hello') : {}
    let octets = encodePdu({ command, status: 0, sequence, fields })
    for (const { at, octet, how } of edits) {
      const place = at % (octets.length + 1)
      const rest = octets.subarray(how === 'put' ? place : place + 1)
      octets = Buffer.concat([octets.subarray(0, place), how === 'cut' ? Buffer.alloc(0) : Buffer.of(octet), rest])
    }
    return octets
  })

describe('any octets on the socket', () => {
  test('end with the connection closed, nobody else disturbed and nothing left behind', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 10, maxLength: 10 }), async (many) => {
        await Promise.all(many.map(throwAt))
      }),
      { numRuns: 8 },
    )
    await expectGoodClientServed()
  })

  test('that nearly are PDUs, before a bind and after it, do as little', async () => {
    const bind = () =>
      encodePdu({ command: 'bind_transceiver', status: 0, sequence: 1, fields: { system_id: 'good', password } })
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutatedPdu, { minLength: 1, maxLength: 30 }),
        fc.array(mutatedPdu, { minLength: 1, maxLength: 30 }),
        async (unbound, bound) => {
          await Promise.all([throwAt(unbound), throwAt([bind(), ...bound])])
        },
      ),
      { numRuns: 15 },
    )
    await expectGoodClientServed()
    expect(world.heard.failures).toEqual([])
  })

  test('of a length that no PDU has are answered and closed, for every such length', async () => {
    for (const length of [0, 1, 4, 15, MAX_PDU_LENGTH + 1, 0x7fffffff, 0xffffffff]) {
      const octets = Buffer.alloc(16)
      octets.writeUInt32BE(length)
      const said = await throwAt([octets])
      expect(said.readUInt32BE(4)).toBe(0x80000000)
      expect(said.readUInt32BE(8)).toBe(STATUS.invalidLength)
    }
    await expectGoodClientServed()
  })

  test('whose answers nobody reads end the connection before the memory', async () => {
    // A socket that takes what is written and never gets rid of it; over a real one the kernel would hide megabytes.
    const stuck = new Duplex({ read: () => undefined, write: () => undefined })
    const socket = Object.assign(stuck, { setNoDelay: () => socket }) as unknown as Socket
    let cause = ''
    openConnection(socket, {
      onRequest: () => undefined,
      onClose(why) {
        cause = why
      },
    })
    const enquiries = Buffer.concat(
      Array.from({ length: 4_000 }, (_, at) => encodePdu({ command: 'enquire_link', status: 0, sequence: at + 1 })),
    )
    let poured = 0
    let longest = 0
    while (cause === '' && poured < 16 * 1024 * 1024) {
      stuck.push(enquiries)
      poured += enquiries.length
      longest = Math.max(longest, stuck.writableLength)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(cause).toBe('peer_does_not_read')
    expect(longest).toBeLessThan(5 * 1024 * 1024)
  })
})
