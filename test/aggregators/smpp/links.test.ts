import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { type Got, type StubSmsc, startStubSmsc } from './stub-smsc.ts'
import { AMINA, JUMA, linkTo, type Overrides, pause, phone, rawPeer, sms, type TestLink, until } from './support.ts'

const cleanUps: (() => unknown)[] = []
let smsc: StubSmsc
beforeEach(async () => {
  smsc = await startStubSmsc()
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  await smsc.close()
})

async function bound(overrides: Overrides = {}, port: number = smsc.port): Promise<TestLink> {
  const link = linkTo(port, overrides)
  cleanUps.push(() => link.link.close())
  const { status } = link.link
  await until(() => status().binds.every(({ state }) => state === 'bound'), 'all binds')
  return link
}

async function nextGot(count: number): Promise<Got> {
  await until(() => smsc.got.length >= count, `submit ${count}`)
  const got = smsc.got[count - 1]
  if (got === undefined) throw new Error('nothing')
  return got
}

describe('several binds', () => {
  test('share one link: each has its own window, and it is up while one is bound', async () => {
    const { link, heard } = await bound({ binds: 3, window: 2 })
    const sent = Array.from({ length: 10 }, (_, number) => link.send(sms(`${number}`, { to: phone(number) })))
    await nextGot(6)
    await pause(30)
    expect(smsc.got.map(({ bind }) => bind).sort()).toEqual([1, 1, 2, 2, 3, 3])
    expect(link.status()).toMatchObject({ waiting: { receipt: 4 }, window: 2 })
    expect(link.status().binds.map(({ inFlight }) => inFlight)).toEqual([2, 2, 2])
    smsc.connections[0]?.destroy('test')
    smsc.connections[1]?.destroy('test')
    await until(() => heard.states.filter(({ bound: isBound }) => !isBound).length === 2, 'two are lost')
    expect(heard.states.filter(({ bound: isBound }) => !isBound).every(({ up }) => up)).toBe(true)
    expect(link.isUp()).toBe(true)
    for (let count = 5; count <= 10; count += 1) for (const got of smsc.got) got.answer()
    await until(() => smsc.got.length === 10, 'the others')
    for (const got of smsc.got) got.answer()
    const kinds = (await Promise.all(sent)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'unknown')).toHaveLength(4)
    expect(kinds.filter((kind) => kind === 'accepted')).toHaveLength(6)
  })

  test('share one pace', async () => {
    const { link } = await bound({ binds: 3, window: 10, tps: 10 })
    for (let number = 0; number < 30; number += 1) void link.send(sms('x', { to: phone(number) }))
    await pause(450)
    expect(smsc.got.length).toBeGreaterThanOrEqual(3)
    expect(smsc.got.length).toBeLessThanOrEqual(6)
  })
})

describe('order', () => {
  test('two messages to one number never overtake each other, also when the first is throttled', async () => {
    const { link } = await bound({ binds: 2 })
    const first = link.send(sms('first'))
    const second = link.send(sms('second'))
    ;(await nextGot(1)).answer(STATUS.throttled)
    const other = link.send(sms('other', { to: JUMA }))
    ;(await nextGot(2)).answer()
    await nextGot(3)
    for (const got of smsc.got.slice(2)) got.answer()
    await until(() => smsc.got.length === 4, 'all')
    smsc.got[3]?.answer()
    expect((await Promise.all([first, second, other])).map(({ kind }) => kind)).toEqual(Array(3).fill('accepted'))
    const toAmina = smsc.got.filter(({ to }) => AMINA.endsWith(to))
    expect(toAmina.map(({ text }) => text)).toEqual(['first', 'first', 'second'])
  })

  test('the parts of a long message go one after the other', async () => {
    const { link } = await bound({ binds: 2 })
    const sent = link.send(sms('x'.repeat(400)))
    for (let count = 1; count <= 3; count += 1) {
      const got = await nextGot(count)
      await pause(10)
      expect(smsc.got).toHaveLength(count)
      expect(got.text.charCodeAt(5)).toBe(count)
      got.answer()
    }
    expect(await sent).toMatchObject({ kind: 'accepted', segments: 3 })
  })

  test('a code does not wait for what is less urgent to the same number', async () => {
    const { link } = await bound()
    const bulk = link.send(sms('bulk', { priority: 'bulk' }))
    await nextGot(1)
    const code = link.send(sms('code', { priority: 'code' }))
    expect((await nextGot(2)).text).toBe('code')
    for (const got of smsc.got) got.answer()
    await Promise.all([bulk, code])
  })
})

describe('a network that asks for patience', () => {
  test('gets it from this link only, and still after a lost connection', async () => {
    const other = await startStubSmsc((got) => got.answer())
    cleanUps.push(() => other.close())
    const [slow, quick] = await Promise.all([bound(), bound({ name: 'mno2' }, other.port)])
    const sent = slow.link.send(sms('patient'))
    ;(await nextGot(1)).answer(STATUS.queueFull)
    await until(() => slow.link.status().paused, 'it holds back')
    smsc.connections[0]?.destroy('test')
    await until(() => !slow.link.isUp(), 'the loss')
    expect((await sent).kind).toBe('refused')
    await until(() => slow.link.isUp(), 'it is back')
    expect(slow.link.status().paused).toBe(true)
    const again = slow.link.send(sms('again'))
    expect((await quick.link.send(sms('at once'))).kind).toBe('accepted')
    await pause(100)
    expect(smsc.got).toHaveLength(1)
    ;(await nextGot(2)).answer()
    expect((await again).kind).toBe('accepted')
  })

  test('by congestion_state is slowed before it must refuse', async () => {
    const { link } = await bound({ tps: 20 })
    const first = link.send(sms('1'))
    ;(await nextGot(1)).answer(STATUS.ok, { congestion_state: 100 })
    expect((await first).kind).toBe('accepted')
    expect(link.status().paused).toBe(true)
  })

  test('is offered first what it refused, then what waited', async () => {
    const { link } = await bound({ window: 1 })
    const sent = ['first', 'second'].map((text, number) => link.send(sms(text, { to: phone(number) })))
    ;(await nextGot(1)).answer(STATUS.throttled)
    ;(await nextGot(2)).answer()
    ;(await nextGot(3)).answer()
    expect((await Promise.all(sent)).map(({ kind }) => kind)).toEqual(['accepted', 'accepted'])
    expect(smsc.got.map(({ text }) => text)).toEqual(['first', 'first', 'second'])
  })

  test('is told once for all that was under way', async () => {
    const { link, throttles } = await bound({ window: 10 })
    const sent = Array.from({ length: 10 }, (_, number) => link.send(sms('x', { to: phone(number) })))
    await nextGot(10)
    for (const got of smsc.got) got.answer(STATUS.throttled)
    await nextGot(20)
    for (const got of smsc.got.slice(10)) got.answer()
    expect((await Promise.all(sent)).every(({ kind }) => kind === 'accepted')).toBe(true)
    expect(throttles).toEqual([1_000])
  })
})

describe('a long message of which a part was taken', () => {
  test('has the refused part alone tried again', async () => {
    const { link } = await bound()
    const sent = link.send(sms('x'.repeat(400)))
    ;(await nextGot(1)).answer()
    ;(await nextGot(2)).answer(STATUS.systemError)
    ;(await nextGot(3)).answer()
    ;(await nextGot(4)).answer()
    expect(await sent).toMatchObject({ kind: 'accepted', segments: 3 })
    expect(smsc.got.map(({ text }) => text.charCodeAt(5))).toEqual([1, 2, 2, 3])
  })

  test('is of unknown outcome where that does not help, with the ids of what was taken', async () => {
    const { link } = await bound()
    const sent = link.send(sms('x'.repeat(400)))
    ;(await nextGot(1)).answer(STATUS.ok, { message_id: 'taken' })
    ;(await nextGot(2)).answer(STATUS.permanentAppError)
    expect(await sent).toEqual({
      kind: 'unknown',
      cause: 'partly_sent_ESME_RX_P_APPN',
      providerIds: ['taken'],
    })
    await pause(30)
    expect(smsc.got).toHaveLength(2)
  })

  test('goes on over the next connection', async () => {
    const { link } = await bound()
    const sent = link.send(sms('x'.repeat(200)))
    ;(await nextGot(1)).answer()
    await nextGot(2)
    smsc.got[1]?.answer(STATUS.systemError)
    smsc.connections[0]?.destroy('test')
    ;(await nextGot(3)).answer()
    expect((await sent).kind).toBe('accepted')
    expect(smsc.got.map(({ bind, text }) => [bind, text.charCodeAt(5)])).toEqual([
      [1, 1],
      [1, 2],
      [2, 2],
    ])
  })
})

describe('refusals', () => {
  test.each([
    ['the network', STATUS.systemError, { retry: true }],
    ['the number', STATUS.invalidDestination, { retry: false }],
    ['the sender on this link', 0x0a, { retry: false, scope: 'link' }],
    ['the service of this account', 0x100, { retry: false, scope: 'link' }],
    ["a vendor's own business", 0x40b, { retry: false, scope: 'link' }],
  ])('about %s say so', async (_, status, expected) => {
    const { link } = await bound()
    const sent = link.send(sms('x'))
    ;(await nextGot(1)).answer(status)
    const { kind, reason, ...rest } = (await sent) as { kind: string; reason: string }
    expect(kind).toBe('refused')
    expect(reason).not.toBe('')
    expect(rest).toEqual(expected)
  })
})

describe('liveness', () => {
  test('a peer that goes silent is asked once more, then given up and bound anew', async () => {
    let enquiries = 0
    let silent = false
    const peer = await rawPeer((socket, number) => {
      socket.on('data', (octets: Buffer) => {
        const id = octets.readUInt32BE(4)
        if (id === 0x15) enquiries += 1
        if (silent && number === 1) return
        const length = id === 0x15 ? 16 : 17
        const answer = Buffer.alloc(length)
        answer.writeUInt32BE(length, 0)
        answer.writeUInt32BE((id | 0x80000000) >>> 0, 4)
        octets.copy(answer, 12, 12, 16)
        socket.write(answer)
      })
    })
    cleanUps.push(() => peer.close())
    const { link, heard } = await bound({ timings: { enquireEveryMs: 40, responseTimeoutMs: 5_000 } }, peer.port)
    await until(() => enquiries >= 2, 'it is asked')
    expect(heard.states).toHaveLength(1)
    const before = enquiries
    silent = true
    await until(() => heard.states.length === 2, 'the loss is told')
    expect(enquiries - before).toBeLessThanOrEqual(1)
    expect(heard.states[1]).toMatchObject({ up: false, reason: 'no_answer_to_enquire_link' })
    await until(() => link.isUp(), 'it is back')
    expect(peer.sockets).toHaveLength(2)
  })

  test("a peer's own enquiries are answered", async () => {
    await bound()
    const answer = await smsc.connections[0]?.request('enquire_link', {}, 1_000)
    expect(answer).toMatchObject({ kind: 'answered', pdu: { command: 'enquire_link_resp', status: 0 } })
  })
})

describe('commands', () => {
  test('suspended: what waits goes elsewhere, nothing more is taken, and what comes in still comes', async () => {
    const { link, heard } = await bound({ window: 1 })
    const first = link.send(sms('first'))
    const waits = link.send(sms('waits', { to: JUMA }))
    await nextGot(1)
    link.setMode('suspended')
    expect(await waits).toEqual({ kind: 'refused', reason: 'link_suspended', retry: true })
    expect(await link.send(sms('x'))).toEqual({ kind: 'refused', reason: 'link_suspended', retry: true })
    expect(link.isUp()).toBe(false)
    smsc.got[0]?.answer()
    expect((await first).kind).toBe('accepted')
    const fields = { source_addr: AMINA.slice(1), destination_addr: '22384', short_message: Buffer.from('BAL') }
    expect(await smsc.connections[0]?.request('deliver_sm', fields, 1_000)).toMatchObject({ pdu: { status: 0 } })
    expect(heard.messages).toHaveLength(1)
    link.setMode('active')
    expect(link.isUp()).toBe(true)
  })

  test('drained: sends what waits, unbinds, stays away, and comes back when resumed', async () => {
    const { link } = await bound({ window: 1, binds: 1 })
    const sent = [link.send(sms('first')), link.send(sms('second', { to: JUMA }))]
    await nextGot(1)
    link.setMode('drained')
    expect(await link.send(sms('x'))).toMatchObject({ kind: 'refused', reason: 'link_drained' })
    smsc.got[0]?.answer()
    ;(await nextGot(2)).answer()
    expect((await Promise.all(sent)).map(({ kind }) => kind)).toEqual(['accepted', 'accepted'])
    await until(() => smsc.open[0] === false, 'it unbinds')
    await pause(150)
    expect(smsc.connections).toHaveLength(1)
    expect(link.status()).toMatchObject({ mode: 'drained', binds: [{ state: 'closed' }] })
    link.setMode('active')
    await until(() => link.isUp(), 'it is back')
    expect(smsc.connections).toHaveLength(2)
  })

  test('a drain that is taken back while it unbinds leaves the link bound', async () => {
    const { link } = await bound()
    link.setMode('drained')
    link.setMode('active')
    await until(() => link.isUp(), 'it is back')
    await pause(100)
    expect(link.status().binds.map(({ state }) => state)).toEqual(['bound'])
    expect(smsc.open.filter(Boolean)).toHaveLength(1)
  })
})
