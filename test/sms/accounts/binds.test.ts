import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodePdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import type { SmppServer } from '../../../src/aggregators/smpp/server/server.ts'
import { removeAccount, setSuspended } from '../../../src/sms/accounts/manage.ts'
import { pause, until } from '../../aggregators/smpp/support.ts'
import { type AccountsWorld, bindClient, connectClient, makeAccountsWorld, submitOf } from './world.ts'

let world: AccountsWorld
let server: SmppServer
let password: string
beforeAll(async () => {
  world = await makeAccountsWorld()
  server = await world.serve()
  password = await world.add('shop', { maxBinds: 2 })
})
afterAll(() => world.close())

describe('binding', () => {
  test.each(['transmitter', 'receiver', 'transceiver'] as const)('as a %s, and leaving by unbind', async (type) => {
    const client = await bindClient(server.port, 'shop', password, type)
    expect(client.status).toBe(STATUS.ok)
    expect(client.answer).toMatchObject({ system_id: 'nyota', sc_interface_version: 0x50 })
    expect(server.binds()).toMatchObject([{ account: 'shop', binds: { [type]: 1 } }])
    expect((await client.ask('enquire_link')).status).toBe(STATUS.ok)
    expect((await client.ask('unbind')).status).toBe(STATUS.ok)
    await client.closed
    await until(() => server.binds()[0]?.binds[type] === 0, 'the bind is gone')
  })

  test.each([0x33, 0x34, 0x50])('in version %i, with TLVs only for those who know them', async (version) => {
    const client = await bindClient(server.port, 'shop', password, 'transceiver', version)
    expect(client.status).toBe(STATUS.ok)
    expect('sc_interface_version' in client.answer).toBe(version >= 0x34)
    client.connection.destroy('done')
  })

  test.each<[string, string]>([
    ['a wrong password', 'shop'],
    ['a name that nobody has', 'nobody'],
    ['a name that is too long', 'a-name-of-more-than-fifteen'],
  ])('%s is refused late, with the same words, and the connection closed', async (_, systemId) => {
    const refusing = await world.serve({ limits: { refusalDelayMs: 150 } })
    const began = performance.now()
    const client = await bindClient(refusing.port, systemId, 'wrong')
    expect(client.status).toBe(STATUS.invalidPassword)
    expect(performance.now() - began).toBeGreaterThan(140)
    await client.closed
  })

  test('more than its binds are refused, and one that ends makes room', async () => {
    const strict = await world.serve()
    const first = await bindClient(strict.port, 'shop', password)
    const second = await bindClient(strict.port, 'shop', password)
    expect((await bindClient(strict.port, 'shop', password)).status).toBe(STATUS.bindFailed)
    second.connection.destroy('done')
    await until(() => strict.binds()[0]?.binds.transceiver === 1, 'the second has gone')
    const third = await bindClient(strict.port, 'shop', password)
    expect([first.status, third.status]).toEqual([STATUS.ok, STATUS.ok])
    first.connection.destroy('done')
    third.connection.destroy('done')
  })

  test('a type that the account may not have is refused', async () => {
    const only = await world.add('reader', { bindTypes: ['receiver'] })
    expect((await bindClient(server.port, 'reader', only, 'transceiver')).status).toBe(STATUS.bindFailed)
    expect((await bindClient(server.port, 'reader', only, 'receiver')).status).toBe(STATUS.ok)
  })

  test('who tries passwords from one address is told to wait, before anything is computed', async () => {
    let computed = 0
    const book = {
      ...world.book,
      authenticate: async (...args: Parameters<typeof world.book.authenticate>) => {
        computed += 1
        return await world.book.authenticate(...args)
      },
    }
    const guarded = await world.serve({ book, limits: { failuresPerAddress: 3 } })
    const statuses: (number | string)[] = []
    for (let round = 0; round < 6; round += 1) {
      statuses.push((await bindClient(guarded.port, `name${round}`, 'wrong')).status)
    }
    expect(statuses).toEqual([...Array(3).fill(STATUS.invalidPassword), ...Array(3).fill(STATUS.throttled)])
    expect(computed).toBe(3)
  })

  test('a name longer than SMPP has room for is refused unheard, and remembered no longer than that', async () => {
    let computed = 0
    const authenticate = async () => {
      computed += 1
      return 'refused' as const
    }
    const book = { ...world.book, authenticate }
    const guarded = await world.serve({ book, limits: { failuresPerAddress: 100, failuresPerSystemId: 2 } })
    const statuses: (number | string)[] = []
    for (const tail of ['a', 'b', 'c'])
      statuses.push((await bindClient(guarded.port, `${'x'.repeat(16)}${tail.repeat(500)}`, 'wrong')).status)
    expect(statuses).toEqual([STATUS.invalidPassword, STATUS.invalidPassword, STATUS.throttled])
    expect(computed).toBe(0)
    expect((await bindClient(guarded.port, 'x'.repeat(15), 'wrong')).status).toBe(STATUS.invalidPassword)
    expect(computed).toBe(1)
  })

  test('a flood of binds does not hash more than one password at a time, and is told to wait', async () => {
    const flooded = await world.serve({
      limits: { failuresPerAddress: 1_000, failuresPerSystemId: 1_000, maxPerAddress: 60 },
    })
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => bindClient(flooded.port, 'shop', 'wrong', 'transceiver')),
    )
    const statuses = clients.map(({ status }) => status)
    expect(statuses.filter((status) => status === STATUS.invalidPassword).length).toBeLessThan(40)
    expect(new Set(statuses)).toEqual(new Set([STATUS.invalidPassword, STATUS.throttled]))
    const good = await bindClient(flooded.port, 'shop', password)
    expect(good.status).toBe(STATUS.ok)
    good.connection.destroy('done')
  })

  test('a suspended account loses its binds at once and gets none; resumed it gets them', async () => {
    const own = await world.add('paused')
    const client = await bindClient(server.port, 'paused', own)
    await setSuspended(world.manage, 'paused', true)
    await client.closed
    expect((await bindClient(server.port, 'paused', own)).status).toBe(STATUS.bindFailed)
    await setSuspended(world.manage, 'paused', false)
    expect((await bindClient(server.port, 'paused', own)).status).toBe(STATUS.ok)
    await removeAccount(world.manage, 'paused')
    expect((await bindClient(server.port, 'paused', own)).status).toBe(STATUS.invalidPassword)
  })
})

describe('a connection', () => {
  test('that never binds is closed', async () => {
    const impatient = await world.serve({ limits: { bindTimeoutMs: 100 } })
    const client = connectClient(impatient.port)
    expect((await client.ask('enquire_link')).status).toBe(STATUS.ok)
    await client.closed
  })

  test('that sends a PDU drop by drop is closed, bound or not, and nobody else notices', async () => {
    const impatient = await world.serve({ limits: { partialTimeoutMs: 100, bindTimeoutMs: 60_000 } })
    const client = await bindClient(impatient.port, 'shop', password)
    for (const fields of [null, { system_id: 'shop', password }]) {
      const socket = connect(impatient.port, '127.0.0.1')
      socket.on('error', () => undefined)
      if (fields !== null) {
        socket.write(encodePdu({ command: 'bind_receiver', status: 0, sequence: 1, fields }))
        await new Promise((resolve) => socket.once('data', resolve))
      }
      socket.resume()
      const length = Buffer.alloc(4)
      length.writeUInt32BE(1_000)
      socket.write(length)
      const drops = setInterval(() => socket.write(Buffer.of(0)), 20)
      await new Promise((resolve) => socket.on('close', resolve))
      clearInterval(drops)
    }
    expect((await client.ask('enquire_link')).status).toBe(STATUS.ok)
    client.connection.destroy('done')
  })

  test('whose client no longer answers is closed', async () => {
    const asking = await world.serve({ limits: { enquireEveryMs: 50 } })
    const socket = connect(asking.port, '127.0.0.1')
    socket.write(
      encodePdu({ command: 'bind_receiver', status: 0, sequence: 1, fields: { system_id: 'shop', password } }),
    )
    socket.resume()
    await new Promise((resolve) => socket.on('close', resolve))
    await until(() => asking.connections() === 0, 'nobody is left')
    expect(world.heard.binds.at(-1)).toMatchObject({ cause: 'no_answer_to_enquire_link' })
  })

  test('beyond the number of one address, or of all, is closed at once', async () => {
    const small = await world.serve({ limits: { maxPerAddress: 2 } })
    const [one, two, three] = [1, 2, 3].map(() => connectClient(small.port))
    await three?.closed
    expect([one?.isClosed(), two?.isClosed()]).toEqual([false, false])
    one?.connection.destroy('done')
    two?.connection.destroy('done')
    const tiny = await world.serve({ limits: { maxConnections: 1 } })
    const first = connectClient(tiny.port)
    await pause(20)
    await connectClient(tiny.port).closed
    expect(first.isClosed()).toBe(false)
    first.connection.destroy('done')
  })

  test('without a bind may ask for nothing, and is closed when it goes on', async () => {
    const client = connectClient(server.port)
    for (let round = 0; round < 20; round += 1) {
      expect((await client.ask('submit_sm', submitOf('x'))).status).toBe(STATUS.invalidBindState)
    }
    void client.ask('submit_sm', submitOf('x'))
    await client.closed
  })

  test('is said goodbye to when the server stops, after what was submitted is answered', async () => {
    const stopping = await world.serve()
    const client = await bindClient(stopping.port, 'shop', password)
    const answers = Array.from({ length: 20 }, () => client.ask('submit_sm', submitOf('x')))
    await until(() => world.heard.answers.length > 0 || client.isClosed(), 'the first is answered')
    await stopping.stop()
    await client.closed
    for (const { status } of await Promise.all(answers)) expect(status).toBe(STATUS.ok)
    await until(() => stopping.connections() === 0, 'no connection is left')
  })
})
