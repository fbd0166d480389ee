import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Behaviour, behaviourFields, readBehaviour } from '../../../scripts/fakes/network/behaviour.ts'
import { makeLoad, readLoadRequest } from '../../../scripts/fakes/network/load.ts'
import { readOptions } from '../../../scripts/fakes/network/options.ts'
import { type FakeNetwork, startFakeNetwork } from '../../../scripts/fakes/network.ts'
import type { Pdu } from '../../../src/aggregators/smpp/codec.ts'
import { type Esme, openEsme } from '../../aggregators/smpp/esme.ts'
import { linkTo, pause, sms, until } from '../../aggregators/smpp/support.ts'

let network: FakeNetwork
const cleanUps: (() => unknown)[] = []

beforeEach(async () => {
  network = await startFakeNetwork({ smppPort: 0, httpPort: 0, accounts: { demo: 'demo', other: 'other' } })
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
  await network.close()
})

/** A bare client that knows nothing of windows and pacing. */
async function esme(systemId = 'demo', bind = 'bind_transceiver'): Promise<Esme> {
  const opened = await openEsme(network.smppPort)
  cleanUps.push(() => opened.destroy())
  opened.ask(bind, { system_id: systemId, password: systemId })
  await until(() => opened.answers.length > 0, 'bound')
  opened.answers.splice(0)
  return opened
}

const submit = { destination_addr: '254700000001', source_addr: 'NYOTA', registered_delivery: 1 }
const statuses = (answers: readonly Pdu[]): number[] => answers.map(({ status }) => status)
const outcomes = (answers: readonly Pdu[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe('limits, each account on its own', () => {
  test('submits above the pace are throttled', async () => {
    network.behave({ throttleAbove: 5, receipts: 'none' })
    const [one, other] = [await esme(), await esme('other')]
    for (let number = 0; number < 8; number += 1) one.ask('submit_sm', submit)
    for (let number = 0; number < 3; number += 1) other.ask('submit_sm', submit)
    await until(() => one.answers.length === 8 && other.answers.length === 3, 'all answered')
    // The clock's second may end in between.
    expect(outcomes(one.answers)[0x58] ?? 0).toBeLessThanOrEqual(3)
    expect(outcomes(other.answers)).toEqual({ 0: 3 })
    for (let number = 0; number < 20; number += 1) one.ask('submit_sm', submit)
    await until(() => one.answers.length === 28, 'all answered')
    expect(outcomes(one.answers)[0x58]).toBeGreaterThanOrEqual(10)
    expect(network.stats().demo?.refused.ESME_RTHROTTLED).toBe(outcomes(one.answers)[0x58])
    expect(network.stats().other).toMatchObject({ submits: 3, taken: 3, refused: {} })
  })

  test('submits above the queue are refused, the rest answered late', async () => {
    network.behave({ queueAbove: 4, delayMs: 60, receipts: 'none' })
    const [one, other] = [await esme(), await esme('other')]
    for (let number = 0; number < 6; number += 1) one.ask('submit_sm', submit)
    for (let number = 0; number < 4; number += 1) other.ask('submit_sm', submit)
    await until(() => one.answers.length === 6 && other.answers.length === 4, 'all answered')
    expect(outcomes(one.answers)).toEqual({ 0: 4, 20: 2 })
    expect(outcomes(other.answers)).toEqual({ 0: 4 })
    expect(network.stats().demo).toMatchObject({ maxOutstanding: 6, outstanding: 0, maxPerSecond: 6 })
    expect(network.stats().demo?.answerMs.p50).toBeGreaterThanOrEqual(59)
  })
})

describe('answers', () => {
  async function answersTo(count: number, behaviour: Partial<Behaviour>, waitMs = 150): Promise<number[]> {
    network.behave({ receipts: 'none', ...behaviour })
    const one = await esme()
    for (let number = 0; number < count; number += 1) one.ask('submit_sm', submit)
    await until(() => network.taken() >= count || one.answers.length === count, 'all came')
    await pause(waitMs)
    return one.answers.map(({ sequence }) => sequence - 1)
  }

  test('every third is lost, and the messages arrive', async () => {
    expect(await answersTo(7, { loseEvery: 3 })).toEqual([1, 2, 4, 5, 7])
    expect(network.messages('+254700000001').length).toBe(7)
    expect(network.stats().demo).toMatchObject({ taken: 7, lost: 2, outstanding: 0 })
  })

  test('every third is late', async () => {
    expect(await answersTo(7, { lateEvery: 3, lateMs: 80 })).toEqual([1, 2, 4, 5, 7, 3, 6])
  })

  test('a share is lost, the same one in every run with one seed', async () => {
    const first = await answersTo(60, { loseShare: 0.3, seed: 7 })
    await network.close()
    network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
    const again = await answersTo(60, { loseShare: 0.3, seed: 7 })
    await network.close()
    network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
    const other = await answersTo(60, { loseShare: 0.3, seed: 8 })
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    expect(first.length).toBeGreaterThan(25)
    expect(first.length).toBeLessThan(58)
  })

  test('they leave in another order, none is kept for ever', async () => {
    const order = await answersTo(10, { reorder: 4 })
    expect(order).not.toEqual([...order].sort((a, b) => a - b))
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1))
  })

  test('a connection breaks in place of every second', async () => {
    network.behave({ dropEvery: 2 })
    const one = await esme()
    one.ask('submit_sm', submit)
    await until(() => one.answers.length === 1, 'the first is answered')
    one.ask('submit_sm', submit)
    await until(() => one.isClosed(), 'broken')
    expect(one.answers.length).toBe(1)
    expect(network.taken()).toBe(2)
  })

  test('a share of the submits is refused', async () => {
    network.behave({ refuse: 'ESME_RSYSERR', refuseShare: 0.5, receipts: 'none' })
    const one = await esme()
    for (let number = 0; number < 60; number += 1) one.ask('submit_sm', submit)
    await until(() => one.answers.length === 60, 'all answered')
    const { 0: taken = 0, 8: refused = 0 } = outcomes(one.answers)
    expect(taken + refused).toBe(60)
    expect(Math.min(taken, refused)).toBeGreaterThan(10)
  })
})

describe('dead links', () => {
  test('a silent network takes everything and never says a word, until it does again', async () => {
    const one = await esme()
    network.behave({ silent: true })
    one.ask('submit_sm', submit)
    one.ask('enquire_link', {})
    await until(() => network.taken() === 1, 'taken')
    await pause(50)
    expect(one.answers).toEqual([])
    network.calm()
    one.ask('enquire_link', {})
    await until(() => one.answers.length > 0, 'it speaks')
    expect(one.answers[0]?.command).toBe('enquire_link_resp')
  })

  test('our link notices a silent network and is bound again when it speaks', async () => {
    const { link, heard } = linkTo(network.smppPort, {
      timings: { enquireEveryMs: 80, responseTimeoutMs: 80, connectTimeoutMs: 100 },
    })
    cleanUps.push(() => link.close())
    await until(() => link.isUp(), 'bound')
    network.behave({ silent: true })
    await until(() => !link.isUp(), 'noticed')
    await until(() => heard.states.length > 3, 'tries and fails')
    network.calm()
    await until(() => link.isUp(), 'bound again')
  })

  test('binds are refused, and clients unbound', async () => {
    const one = await esme()
    network.unbindLinks()
    await until(() => one.requests.some(({ command }) => command === 'unbind'), 'asked to go')
    network.behave({ refuseBinds: 'ESME_RBINDFAIL' })
    const two = await openEsme(network.smppPort)
    cleanUps.push(() => two.destroy())
    two.ask('bind_transceiver', { system_id: 'demo', password: 'demo' })
    await until(() => two.answers.length === 1, 'answered')
    expect(statuses(two.answers)).toEqual([0x0d])
  })
})

describe('receipts and messages', () => {
  test.each<[Behaviour['receipts'], RegExp | null, readonly string[]]>([
    ['text', /^id:\d+ sub:001 dlvrd:001 .* stat:DELIVRD err:000 text:hello$/, []],
    ['tlv', /^$/, ['receipted_message_id', 'message_state']],
    ['both', /^id:\d+ sub:001/, ['receipted_message_id', 'message_state']],
    ['brief', /^id:\d+ stat:DELIVRD$/, []],
    ['payload', /^$/, ['message_payload']],
    ['ucs2', /^id:\d+ sub:001/, []],
    ['reference', /^id:msg_id_not_implemented /, ['message_state', 'user_message_reference']],
    ['none', null, []],
  ])('%s', async (receipts, words, tlvs) => {
    network.behave({ receipts, receiptDelayMs: 0 })
    const one = await esme()
    one.ask('submit_sm', { ...submit, user_message_reference: 77, short_message: Buffer.from('hello') })
    await until(() => one.answers.length === 1 && (words === null || one.requests.length === 1), 'the receipt')
    if (words === null) await pause(40)
    expect(one.requests.map(({ fields }) => String(fields.short_message))).toEqual(
      words === null ? [] : [expect.stringMatching(words)],
    )
    const fields: Pdu['fields'] = one.requests[0]?.fields ?? {}
    for (const name of ['receipted_message_id', 'message_state', 'message_payload', 'user_message_reference'])
      expect(name in fields).toBe(tlvs.includes(name))
    if (receipts === 'ucs2') expect(fields.data_coding).toBe(8)
  })

  test('on another bind of the account, and never on another account’s', async () => {
    network.behave({ receiptOn: 'another', receiptDelayMs: 0 })
    const [one, two, stranger] = [await esme(), await esme('demo', 'bind_receiver'), await esme('other')]
    for (let number = 0; number < 3; number += 1) one.ask('submit_sm', submit)
    await until(() => two.requests.length === 3, 'all came by the other')
    network.behave({ receiptOn: 'submitter' })
    one.ask('submit_sm', submit)
    await until(() => one.requests.length === 1, 'by the same')
    expect([two.requests.length, stranger.requests.length]).toEqual([3, 0])
  })

  test('receipts come in another order', async () => {
    network.behave({ receiptReorder: 5, receiptDelayMs: 0 })
    const one = await esme()
    for (let number = 0; number < 10; number += 1)
      one.ask('submit_sm', { ...submit, short_message: Buffer.from(`n${number}`) })
    await until(() => one.requests.length === 10, 'all receipts')
    const order = one.requests.map(({ fields }) => Number(/text:n(\d)/.exec(String(fields.short_message))?.[1]))
    expect(order).not.toEqual([...order].sort())
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('messages from phones come twice, in another order, and some never', async () => {
    const one = await esme()
    const texts = (): string[] => one.requests.splice(0).map(({ fields }) => String(fields.short_message))
    network.behave({ incomingTwice: true })
    network.send('+254700000001', '22384', 'BAL')
    await until(() => one.requests.length === 2, 'both')
    expect(texts()).toEqual(['BAL', 'BAL'])
    network.calm()
    network.behave({ incomingReorder: 6 })
    for (let number = 0; number < 6; number += 1) network.send('+254700000001', '22384', `${number}`)
    await until(() => one.requests.length === 6, 'all')
    expect(texts().join('')).not.toBe('012345')
    network.calm()
    network.behave({ incomingLoseEvery: 2 })
    for (const text of ['a', 'b', 'c', 'd']) network.send('+254700000001', '22384', text)
    await until(() => one.requests.length === 2, 'half of them')
    await pause(30)
    expect(one.requests.length).toBe(2)
  })
})

describe('load', () => {
  test('messages a second from numbers and texts that the seed decides', async () => {
    const one = await esme()
    const request = readLoadRequest({ perSecond: 200, seconds: 0.2, texts: ['BAL', 'HELP', 'MINI'] })
    if (typeof request === 'string') throw new Error(request)
    const run = async (): Promise<string[]> => {
      network.load.start(request)
      await until(() => !network.load.state().running && one.requests.length === 40, 'all sent')
      return one.requests.splice(0).map(({ fields }) => `${fields.source_addr} ${fields.short_message}`)
    }
    const first = await run()
    expect(network.load.state()).toMatchObject({ sent: 40, done: 40, failed: 0 })
    expect(await run()).toEqual(first)
    expect(new Set(first.map((line) => line.split(' ')[0])).size).toBe(40)
    expect(new Set(first.map((line) => line.split(' ')[1])).size).toBe(3)
    expect(first.every((line) => /^2547\d{8} /.test(line))).toBe(true)
  })

  test('dialogues are played to their end or hung up, and broken ones counted', async () => {
    const said: string[] = []
    let dialled = 0
    const load = makeLoad(
      {
        sms: () => false,
        ussd: {
          async dial(number, code) {
            dialled += 1
            said.push(`${number} dials ${code}`)
            if (dialled === 2) throw new Error('the network broke')
            return dialled === 3 ? { kind: 'ended', reason: 'no answer' } : { kind: 'screen', text: '1', end: false }
          },
          async answer(number, text) {
            said.push(`${number} says ${text}`)
            return { kind: 'screen', text: '2', end: text === '2' && dialled > 4 }
          },
          async hangUp(number) {
            said.push(`${number} hangs up`)
          },
        },
      },
      () => 1,
    )
    load.start({ kind: 'ussd', perSecond: 100, seconds: 0.05, to: '*384#', texts: ['1', '2'], prefix: '+2547' })
    await until(() => load.state().done + load.state().failed === 5, 'all played')
    expect(load.state()).toMatchObject({ running: false, sent: 5, done: 3, failed: 2, open: 0 })
    const first = said[0]?.split(' ')[0]
    expect(first).toMatch(/^\+2547\d{8}$/)
    expect(said.filter((line) => line.startsWith(`${first} `)).slice(0, 3)).toEqual([
      `${first} dials *384#`,
      `${first} says 1`,
      `${first} says 2`,
    ])
    expect(said.filter((line) => line.endsWith('hangs up')).length).toBeGreaterThan(0)
  })

  test('over SMPP, with nobody bound, every dialogue fails', async () => {
    const request = { kind: 'ussd', perSecond: 100, seconds: 0.03, to: '*384#' }
    const begun = await fetch(`${network.httpUrl}/load`, { method: 'POST', body: JSON.stringify(request) })
    expect(begun.status).toBe(200)
    await until(() => network.load.state().failed === 3, 'all failed')
    expect(network.load.state()).toMatchObject({ running: false, sent: 3, done: 0, open: 0 })
  })
})

describe('bad input gets a sentence, and changes nothing', () => {
  test.each<[unknown, RegExp]>([
    [7, /no JSON object/],
    [[], /no JSON object/],
    [{ delayMS: 5 }, /^delayMS is not known, so nothing was changed; known are seed, refuse/],
    [{ toString: 5 }, /^toString is not known/],
    [{ delayMs: -1 }, /^delayMs cannot be -1, so nothing was changed; give a whole number from 0/],
    [{ delayMs: 1.5 }, /whole number/],
    [{ loseShare: 2 }, /from 0 to 1/],
    [{ refuse: 'ESME_NO' }, /by its name in the specification/],
    [{ receipts: 'smoke' }, /one of text, tlv, both, brief, payload, ucs2, reference, none/],
    [{ frozen: 'yes' }, /true or false/],
    [{ receiptState: 'delivered' }, /a word in capitals/],
  ])('%j', (changes, sentence) => {
    expect(readBehaviour(changes)).toMatch(sentence)
  })

  test('every field takes what is ordinary', () => {
    for (const [name, { ordinary }] of Object.entries(behaviourFields))
      expect(readBehaviour({ [name]: ordinary })).toEqual({ [name]: ordinary })
  })

  test.each<[unknown, RegExp]>([
    [null, /no JSON object/],
    [{ kind: 'voice' }, /^kind is neither, so nothing was begun; give sms or ussd/],
    [{ perSecond: 0 }, /^perSecond/],
    [{ seconds: 'long' }, /^seconds/],
    [{ to: 'him' }, /^to is not right/],
    [{ texts: [] }, /^texts/],
    [{ prefix: '2547' }, /^prefix/],
    [{ rate: 5 }, /^rate is not known/],
  ])('load %j', (body, sentence) => {
    expect(readLoadRequest(body)).toMatch(sentence)
  })

  test.each<[string[], RegExp]>([
    [['--smpp-port', '70000'], /--smpp-port takes a port from 0 to 65535/],
    [['--http-port', 'x'], /--http-port/],
    [['--account', 'demo'], /--account takes a system_id/],
    [['--account', 'demo:far too long'], /up to 8/],
    [['--callback', 'here'], /--callback takes a URL/],
    [['--set', 'speed=3'], /speed is not known/],
    [['--set', 'delayMs'], /delayMs cannot be ""/],
    [['--dialect', 'swahili'], /--dialect takes one of standard, tata/],
    [['--fast'], /--fast/],
  ])('npm run fake-network -- %j', (args, sentence) => {
    const read = readOptions(args)
    expect(read.kind === 'wrong' ? read.sentence : read.kind).toMatch(sentence)
  })

  test.each([
    ['/control', '{'],
    ['/load', '{"kind":"voice"}'],
    ['/ussd', '{"from":"me"}'],
    ['/links/octets', '{"hex":"0"}'],
    ['/phones/254700000001/messages', '{"to":"22384"}'],
  ])('POST %s %s', async (path, body) => {
    const response = await fetch(`${network.httpUrl}${path}`, { method: 'POST', body })
    const { problem } = (await response.json()) as { problem: string }
    expect([response.status, problem]).toEqual([
      400,
      expect.stringMatching(/[nN]othing .*; ?.*\.$|so nothing was done/),
    ])
  })
})

test('GET / describes every path that is served, and every field of the behaviour', async () => {
  const description = (await (await fetch(`${network.httpUrl}/`)).json()) as {
    openapi: string
    paths: Record<string, Record<string, unknown>>
    components: { schemas: { Behaviour: { properties: Record<string, unknown> } } }
  }
  expect(description.openapi).toBe('3.1.0')
  expect(Object.keys(description.components.schemas.Behaviour.properties)).toEqual(Object.keys(behaviourFields))
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const method of Object.keys(methods)) {
      const url = `${network.httpUrl}${path.replace('{number}', '254700000001')}`
      const response = await fetch(url, { method: method.toUpperCase(), ...(method === 'get' ? {} : { body: '{}' }) })
      expect([path, method, response.status === 404]).toEqual([path, method, false])
    }
  }
})

test('octets of anybody’s choice reach every client', async () => {
  const one = await esme()
  await fetch(`${network.httpUrl}/links/octets`, {
    method: 'POST',
    body: JSON.stringify({ hex: '00000010000000150000000000000063' }),
  })
  await until(() => one.requests.length === 1, 'they came')
  expect(one.requests[0]).toMatchObject({ command: 'enquire_link', sequence: 0x63 })
})

test('counts begin anew when they are forgotten', async () => {
  const { link } = linkTo(network.smppPort)
  cleanUps.push(() => link.close())
  await until(() => link.isUp(), 'bound')
  await link.send(sms('x'))
  expect(network.stats().demo).toMatchObject({ submits: 1, taken: 1 })
  await fetch(`${network.httpUrl}/stats/forget`, { method: 'POST' })
  expect(network.stats().demo).toMatchObject({ submits: 0, taken: 0, refused: {}, maxOutstanding: 0 })
})
