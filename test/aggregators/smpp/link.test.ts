import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeNetwork, startFakeNetwork } from '../../../scripts/fakes/network.ts'
import { AMINA, JUMA, linkTo, type Overrides, pause, phone, sms, type TestLink, until } from './support.ts'

let network: FakeNetwork
const opened: TestLink[] = []

beforeEach(async () => {
  network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
})
afterEach(async () => {
  network.calm()
  await Promise.all(opened.splice(0).map(({ link }) => link.close()))
  await network.close()
})

async function bound(overrides: Overrides = {}): Promise<TestLink> {
  const link = linkTo(network.smppPort, overrides)
  opened.push(link)
  await until(() => link.link.isUp(), 'the link is up')
  return link
}

function latest(number: string): { text: string; encoding: string; segments: number; from: string } | undefined {
  return network.messages(number).at(-1)
}

describe('sending', () => {
  test.each([
    ['a short GSM-7 text', 'You sent KES 1,250 to Juma K. @ 14:05 £€{}', 'gsm7', 1],
    ['a long GSM-7 text', `${'0123456789'.repeat(30)}€[end]`, 'gsm7', 3],
    ['a short UCS-2 text', 'Habari ሰላም, Wanjirũ', 'ucs2', 1],
    ['a long UCS-2 text with characters outside the basic plane', `${'ሰላም '.repeat(20)}${'😀'.repeat(10)}`, 'ucs2', 2],
    ['the empty text', '', 'gsm7', 1],
  ])('%s arrives as it was written', async (_, text, encoding, segments) => {
    const { link } = await bound()
    const outcome = await link.send(sms(text))
    expect(outcome).toMatchObject({ kind: 'accepted', segments })
    expect(latest(AMINA)).toMatchObject({ from: 'NYOTA', text, encoding, segments })
  })

  test('each part of a long message gets an id and a receipt', async () => {
    const { link, heard } = await bound()
    const outcome = await link.send(sms('x'.repeat(400)))
    if (outcome.kind !== 'accepted') throw new Error(outcome.kind)
    expect(new Set(outcome.providerIds).size).toBe(3)
    await until(() => heard.reports.length === 3, 'three receipts')
    expect(new Set(heard.reports.map((report) => report.providerId))).toEqual(new Set(outcome.providerIds))
    expect(heard.reports[0]).toMatchObject({ link: 'mno1', state: 'delivered', reason: null, to: AMINA })
  })

  test('a sender that no phone could show is refused before anything is sent', async () => {
    const { link } = await bound()
    const before = network.taken()
    for (const from of ['MPÉSA', 'TWELVELETTER', 'A\0B']) {
      expect(await link.send(sms('x', { from }))).toEqual({
        kind: 'refused',
        reason: 'sender_name_not_allowed',
        retry: false,
      })
    }
    expect(network.taken()).toBe(before)
  })

  test('a text beyond 255 parts is refused', async () => {
    const { link } = await bound()
    expect(await link.send(sms('x'.repeat(153 * 255 + 1)))).toEqual({
      kind: 'refused',
      reason: 'text_too_long',
      retry: false,
    })
  })
})

describe('refusals', () => {
  test('a refusal for good says so', async () => {
    const { link } = await bound()
    network.behave({ refuse: 'ESME_RINVDSTADR' })
    expect(await link.send(sms('x'))).toEqual({ kind: 'refused', reason: 'ESME_RINVDSTADR', retry: false })
  })

  test('a passing refusal may be tried again', async () => {
    const { link } = await bound()
    network.behave({ refuse: 'ESME_RSYSERR' })
    expect(await link.send(sms('x'))).toEqual({ kind: 'refused', reason: 'ESME_RSYSERR', retry: true })
  })

  test('a network that asks for patience gets it, and the message', async () => {
    const { link } = await bound()
    const before = network.taken()
    network.behave({ refuse: 'ESME_RTHROTTLED' })
    setTimeout(() => network.calm(), 300)
    const startMs = Date.now()
    expect((await link.send(sms('patient'))).kind).toBe('accepted')
    expect(Date.now() - startMs).toBeGreaterThan(900)
    expect(network.taken()).toBe(before + 1)
  })

  test('a link that is down takes nothing', async () => {
    const { link } = linkTo(1)
    expect(link.isUp()).toBe(false)
    expect(await link.send(sms('x'))).toEqual({ kind: 'refused', reason: 'link_down', retry: true })
    await link.close()
  })
})

describe('outcomes that nobody knows', () => {
  test('no answer in time is unknown', async () => {
    const { link } = await bound({ timings: { responseTimeoutMs: 150 } })
    network.behave({ loseResponses: true })
    expect(await link.send(sms('lost'))).toEqual({ kind: 'unknown', cause: 'no_answer', providerIds: [] })
    expect(latest(AMINA)?.text).toBe('lost')
  })

  test('every submit that waits when the connection breaks is settled at once, as unknown', async () => {
    const { link } = await bound()
    network.behave({ delayMs: 60_000 })
    const sent = Array.from({ length: 8 }, (_, number) => link.send(sms(`${number}`, { to: phone(number) })))
    await pause(50)
    network.dropLinks()
    const outcomes = await Promise.all(sent)
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(Array(8).fill('unknown'))
  })

  test('what still waits for a slot when the connection breaks was surely not sent', async () => {
    const { link } = await bound({ window: 1 })
    network.behave({ delayMs: 60_000 })
    const before = network.taken()
    const sent = [1, 2, 3].map((number) => link.send(sms(`${number}`, { to: phone(number) })))
    await until(() => network.taken() === before + 1, 'the first is taken')
    network.dropLinks()
    expect((await Promise.all(sent)).map((outcome) => outcome.kind)).toEqual(['unknown', 'refused', 'refused'])
    expect(network.taken()).toBe(before + 1)
  })
})

describe('staying bound', () => {
  test('comes back after a lost connection, again and again', async () => {
    const { link, heard } = await bound()
    for (let round = 0; round < 3; round += 1) {
      network.dropLinks()
      await until(() => !link.isUp(), 'the loss is noticed')
      await until(() => link.isUp(), 'it is back')
      expect((await link.send(sms(`round ${round}`))).kind).toBe('accepted')
    }
    expect(heard.states.map((state) => state.up)).toEqual([true, false, true, false, true, false, true])
  })

  test('a peer that stops answering is noticed within two periods', async () => {
    const { link } = await bound({ timings: { enquireEveryMs: 200, responseTimeoutMs: 5_000 } })
    const startMs = Date.now()
    network.behave({ frozen: true })
    await until(() => !link.isUp(), 'the dead link is noticed')
    expect(Date.now() - startMs).toBeLessThan(2 * 200 + 100)
    network.calm()
    await until(() => link.isUp(), 'it is back')
  })

  test('a wrong password is told and tried again without end or haste', async () => {
    const wrong = linkTo(network.smppPort, { systemId: 'stranger' })
    opened.push(wrong)
    await until(() => wrong.heard.states.length >= 3, 'three tries')
    expect(new Set(wrong.heard.states.map((state) => state.reason))).toEqual(new Set(['bind_refused_ESME_RINVPASWD']))
    expect(wrong.link.isUp()).toBe(false)
  })

  test('closing lets what is under way finish, unbinds, and is over in moments', async () => {
    const { link } = await bound()
    network.behave({ delayMs: 200 })
    const sent = link.send(sms('last words'))
    await pause(20)
    const startMs = Date.now()
    await link.close()
    expect((await sent).kind).toBe('accepted')
    expect(Date.now() - startMs).toBeLessThan(1_000)
    expect(await link.send(sms('too late'))).toMatchObject({ kind: 'refused', retry: true })
  })

  test('closing does not wait for a dead peer longer than some seconds', async () => {
    const { link } = await bound({ timings: { responseTimeoutMs: 30_000 } })
    network.behave({ frozen: true })
    const sent = link.send(sms('x'))
    const startMs = Date.now()
    await link.close()
    expect(Date.now() - startMs).toBeLessThan(5_000)
    expect((await sent).kind).toBe('unknown')
  })
})

describe('pace', () => {
  test('never more submits without an answer than the window', async () => {
    const { link } = await bound({ window: 3 })
    network.behave({ delayMs: 100 })
    const before = network.taken()
    const sent = Array.from({ length: 9 }, (_, number) => link.send(sms(`${number}`, { to: phone(number) })))
    await pause(60)
    expect(network.taken() - before).toBe(3)
    expect((await Promise.all(sent)).every((outcome) => outcome.kind === 'accepted')).toBe(true)
  })

  test('never faster than agreed, counted in parts, and a code goes first', async () => {
    const { link } = await bound({ tps: 20, window: 50 })
    network.behave({ receipts: 'none' })
    const before = network.messages(JUMA).length
    const startMs = Date.now()
    const bulk = Array.from({ length: 8 }, () => link.send(sms('x'.repeat(300), { to: JUMA })))
    await pause(10)
    const codeAtMs = Date.now()
    await link.send(sms('Your code', { to: JUMA, priority: 'code' }))
    expect(Date.now() - codeAtMs).toBeLessThan(50 + 40)
    await Promise.all(bulk)
    // Sixteen parts and a code: the last leaves after sixteen intervals of 50 ms.
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(16 * 50 - 25)
    expect(network.messages(JUMA).length).toBe(before + 9)
  })

  test('a message that would wait too long goes elsewhere', async () => {
    const { link } = await bound({ window: 1, timings: { maxWaitMs: 100, responseTimeoutMs: 1_000 } })
    network.behave({ delayMs: 400 })
    const [first, second] = await Promise.all([link.send(sms('1')), link.send(sms('2'))])
    expect(first.kind).toBe('accepted')
    expect(second).toEqual({ kind: 'refused', reason: 'link_busy', retry: true })
  })
})

describe('receiving', () => {
  test.each([
    ['text', 'same'],
    ['tlv', 'same'],
    ['both', 'hex-then-decimal'],
  ] as const)('receipts as %s, ids %s', async (receipts, ids) => {
    const { link, heard } = await bound()
    network.behave({ receipts, ids, receiptState: 'UNDELIV' })
    await link.send(sms('x'))
    await until(() => heard.reports.length === 1, 'the receipt')
    expect(heard.reports[0]).toMatchObject({ state: 'failed', to: AMINA })
    expect(heard.reports[0]?.providerId).toMatch(/^\d+$/)
  })

  test('a receipt before the answer, and twice', async () => {
    const { link, heard } = await bound()
    network.behave({ receiptEarly: true, receiptTwice: true })
    const outcome = await link.send(sms('x'))
    expect(outcome.kind).toBe('accepted')
    await until(() => heard.reports.length === 2, 'both receipts')
  })

  test('a message from a phone', async () => {
    const { heard } = await bound()
    expect(network.send(AMINA, '22384', 'Salamu ũ')).toBe(true)
    await until(() => heard.messages.length === 1, 'the message')
    expect(heard.messages[0]).toEqual({ from: AMINA, to: '22384', text: 'Salamu ũ', part: undefined })
  })

  test('parts of a long message from a phone say which they are', async () => {
    const { heard } = await bound()
    network.send(AMINA, '22384', 'y'.repeat(200))
    await until(() => heard.messages.length === 2, 'both parts')
    const [first, second] = heard.messages
    expect(first?.part).toMatchObject({ total: 2, number: 1 })
    expect(second?.part).toEqual({ ...first?.part, number: 2 })
    expect(`${first?.text}${second?.text}`).toBe('y'.repeat(200))
  })

  test('what could not be stored is not acknowledged, and comes again', async () => {
    const { heard, listeners } = await bound()
    listeners.refuse = true
    network.send(AMINA, '22384', 'keep me')
    await pause(200)
    expect(heard.messages).toEqual([])
    listeners.refuse = false
    await until(() => heard.messages.length === 1, 'the message comes again')
  })

  test('what comes while nobody is bound is kept by the network', async () => {
    const { link } = await bound()
    network.behave({ receiptDelayMs: 300 })
    await link.send(sms('x'))
    await link.close()
    await pause(350)
    const { heard } = await bound()
    await until(() => heard.reports.length === 1, 'the receipt after the restart')
  })
})
