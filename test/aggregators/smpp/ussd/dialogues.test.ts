import { afterEach, describe, expect, test } from 'vitest'
import { SPOKEN } from '../../../../scripts/fakes/network/ussd-octets.ts'
import { type FakeNetwork, startFakeNetwork } from '../../../../scripts/fakes/network.ts'
import type { UssdEnd, UssdRequest, UssdTurn } from '../../../../src/aggregators/aggregator.ts'
import { STATUS } from '../../../../src/aggregators/smpp/codec.ts'
import type { SmppLink } from '../../../../src/aggregators/smpp/link.ts'
import type { UssdDialect } from '../../../../src/aggregators/smpp/ussd/dialect.ts'
import { ussdDialects } from '../../../../src/aggregators/smpp/ussd/dialects.ts'
import { makeUssdDialogues, type UssdDialogues } from '../../../../src/aggregators/smpp/ussd/dialogues.ts'
import type { UssdPush } from '../../../../src/aggregators/ussd-push.ts'
import type { Msisdn } from '../../../../src/domain/msisdn.ts'
import { AMINA, pause, until } from '../support.ts'
import { ussdLinkTo } from './support.ts'

const MARIAM = '+254700000077' as Msisdn

type Heard = { id: string; kind: string; text: string; fresh: boolean; alias: string }
type Side = {
  network: FakeNetwork
  link: SmppLink
  dialogues: UssdDialogues
  push: UssdPush
  heard: Heard[]
  ended: UssdEnd[]
  doubted: string[]
  events: { name: string; outcome?: string; callback?: string; status?: string }[]
}

const opened: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

/** A link in a dialect to a network that speaks it, and a conversation that says what it is told to. */
async function side(
  name: string,
  say: (
    request: UssdRequest,
    hop: number,
  ) => Partial<UssdTurn['reply']> & { outcome?: UssdTurn['outcome']; afterMs?: number },
  changes: Partial<UssdDialect> = {},
  binds = 1,
): Promise<Side> {
  const known = ussdDialects.get(name)
  if (known === undefined) throw new Error(`${name} is no dialect`)
  const dialect = { ...known, ...changes }
  const network = await startFakeNetwork({ smppPort: 0, httpPort: 0, ussdDialect: name })
  const heard: Heard[] = []
  const [ended, doubted, events]: [UssdEnd[], string[], Side['events']] = [[], [], []]
  const event = (kind: string) => (fields: object) => void events.push({ name: kind, ...fields })
  const dialogues = makeUssdDialogues({
    conversation: {
      async converse(request) {
        const { sessionId: id, text, single } = request
        heard.push({
          id,
          text: text.reveal(),
          kind: `${single?.kind}`,
          fresh: single?.fresh === true,
          alias: `${single?.alias}`,
        })
        const {
          text: words = `screen ${heard.length}`,
          end = false,
          outcome = 'answered',
          afterMs = 0,
        } = say(request, heard.length)
        if (afterMs > 0) await pause(afterMs)
        return { reply: { text: words, end }, outcome }
      },
      end: async (end) => void ended.push(end),
      doubt: async ({ sessionId }) => void doubted.push(sessionId),
    },
    serviceCodes: ['*384#', '*384*77#'],
    events: {
      ussdSubmitted: event('submitted'),
      callbackRefused: event('refused'),
      sessionEnded: event('ended'),
      hopFailed: event('failed'),
    },
  })
  const link = ussdLinkTo(network.smppPort, dialect, dialogues, binds)
  opened.push(
    () => network.close(),
    () => link.close(),
    () => dialogues.close(),
  )
  await until(() => link.status().binds.every(({ state }) => state === 'bound'), 'the link is up')
  return { network, link, dialogues, push: dialogues.pushOver([{ dialect, link }]), heard, ended, doubted, events }
}

const LAST = 3
const talk = (_: UssdRequest, hop: number) => ({ end: hop === LAST })

test('every dialect of the program has a centre that speaks it, and the other way round', () => {
  expect([...ussdDialects.keys()].sort()).toEqual(Object.keys(SPOKEN).sort())
})

describe.each([...ussdDialects.keys()])('in the dialect %s', (name) => {
  test('a dialogue begins, goes on and ends', async () => {
    const { network, heard, events } = await side(name, talk)
    expect(await network.ussd.dial(AMINA, '*384#')).toEqual({ kind: 'screen', text: 'screen 1', end: false })
    expect(await network.ussd.answer(AMINA, '1')).toEqual({ kind: 'screen', text: 'screen 2', end: false })
    expect(await network.ussd.answer(AMINA, '73915')).toEqual({ kind: 'screen', text: 'screen 3', end: true })
    expect(heard.map(({ kind, text }) => [kind, text])).toEqual([
      ['begin', ''],
      ['answer', '1'],
      ['answer', '73915'],
    ])
    expect(new Set(heard.map(({ id }) => id)).size).toBe(1)
    await until(() => events.some((each) => each.name === 'ended'), 'the end is counted')
    expect(network.ussd.faults).toEqual([])
  })

  test('the acknowledgement and a screen that takes its time come in the order that the network wants', async () => {
    const { network } = await side(name, () => ({ afterMs: 20 }))
    expect(await network.ussd.dial(AMINA, '*384#')).toMatchObject({ kind: 'screen' })
    expect(network.ussd.faults).toEqual([])
  })

  test('what was dialled after the code comes with the beginning', async () => {
    const { network, heard } = await side(name, talk)
    await network.ussd.dial(AMINA, '*384*1*0712345678*500#')
    expect(heard).toMatchObject([{ kind: 'begin', text: '1*0712345678*500' }])
    expect(network.ussd.faults).toEqual([])
  })

  test('a subscriber who leaves is heard of', async () => {
    const { network, heard, ended } = await side(name, talk)
    await network.ussd.dial(AMINA, '*384#')
    await network.ussd.hangUp(AMINA)
    expect(ended).toMatchObject([{ sessionId: heard[0]?.id, status: 'dropped' }])
    expect(heard).toHaveLength(1)
  })

  test('a dialogue that we begin is shown, answered under the name that the network gives it, and ended', async () => {
    const { network, push, heard } = await side(name, (_, hop) => ({ end: hop === 2 }))
    const shown: unknown[] = []
    opened.push(network.ussd.follow(AMINA, (screen) => shown.push(screen)))
    expect(await push(AMINA, ['1', '0712345678', '500'])).toEqual({ kind: 'shown', answerWithinMs: 120_000 })
    expect(shown).toEqual([{ kind: 'screen', text: 'screen 1', end: false }])
    expect(heard).toMatchObject([{ kind: 'begin', text: '1*0712345678*500' }])
    expect(await network.ussd.answer(AMINA, '73915')).toMatchObject({ kind: 'screen', text: 'screen 2', end: true })
    expect(heard[1]).toMatchObject({ kind: 'answer', text: '73915', alias: heard[0]?.id })
    expect(network.ussd.faults).toEqual([])
  })

  test('a notice is shown and its confirmation is no answer', async () => {
    const { network, push, heard } = await side(name, () => ({ end: true }))
    expect(await push(AMINA, [])).toEqual({ kind: 'shown', answerWithinMs: null })
    await pause(20)
    expect(heard).toHaveLength(1)
    expect(network.ussd.faults).toEqual([])
  })
})

describe('screens', () => {
  test.each([
    ['GSM-7 with its extension', 'KES 1,250 @ €{}[]~^|\\ ñ ù'],
    ['letters outside GSM-7', 'ሰላም, Wanjirũ'],
    ['160 septets', 'x'.repeat(160)],
    ['80 characters of UCS-2', 'ሰ'.repeat(80)],
  ])('%s arrive as they are', async (_, text) => {
    const { network } = await side('standard', () => ({ text }))
    expect(await network.ussd.dial(AMINA, '*384#')).toMatchObject({ text })
  })

  test.each(['x'.repeat(183), 'ሰ'.repeat(81)])('one that no network can show ends the dialogue', async (text) => {
    const { network, ended, events } = await side('standard', () => ({ text }))
    void network.ussd.dial(AMINA, '*384#')
    await until(() => ended.length > 0, 'the end')
    expect(ended).toMatchObject([{ status: 'failed' }])
    expect(events).toMatchObject([{ name: 'submitted', outcome: 'unshowable' }])
  })

  test('one that is refused ends the dialogue, and nothing is tried again', async () => {
    const { network, heard, ended } = await side('standard', talk)
    network.ussd.refuseScreens(STATUS.submitFailed)
    void network.ussd.dial(AMINA, '*384#')
    await until(() => ended.length > 0, 'the end')
    expect(ended).toMatchObject([{ status: 'failed' }])
    await pause(50)
    expect(heard).toHaveLength(1)
  })

  test('one that comes when the subscriber has left changes nothing', async () => {
    const { network, ended } = await side('standard', () => ({ afterMs: 80 }))
    void network.ussd.dial(AMINA, '*384#')
    await pause(20)
    await network.ussd.hangUp(AMINA)
    await pause(120)
    expect(ended).toMatchObject([{ status: 'dropped' }])
  })

  test('one of which nobody knows whether it arrived is doubted, and the dialogue goes on', async () => {
    const { network, heard, ended, doubted } = await side('standard', talk)
    network.behave({ loseResponses: true })
    await network.ussd.dial(AMINA, '*384#')
    await until(() => doubted.length > 0, 'the doubt')
    network.calm()
    expect(await network.ussd.answer(AMINA, '1')).toMatchObject({ kind: 'screen' })
    expect(heard[1]).toMatchObject({ text: '1', fresh: false })
    expect(ended).toEqual([])
  })
})

describe('what the network repeats', () => {
  test('is answered once while it is being answered', async () => {
    const { network, heard } = await side('standard', () => ({ afterMs: 60 }))
    const first = network.ussd.dial(AMINA, '*384#')
    await pause(20)
    const again = network.ussd.repeat(AMINA)
    expect(await again).toMatchObject({ text: 'screen 1' })
    expect(heard).toHaveLength(1)
    void first
  })

  test('is not called fresh over another bind, nor the first time', async () => {
    const { network, link, heard } = await side('standard', () => ({}))
    await network.ussd.dial(AMINA, '*384#')
    await network.ussd.answer(AMINA, '1')
    expect(heard.map(({ fresh }) => fresh)).toEqual([false, true])
    network.dropLinks()
    await until(() => !link.isUp(), 'the drop')
    await until(() => link.isUp(), 'the new bind')
    await network.ussd.answer(AMINA, '2')
    expect(heard[2]?.fresh).toBe(false)
  })

  test('is not called fresh where the screen went over another bind than its input came', async () => {
    const { network, heard } = await side('standard', () => ({}), {}, 2)
    // The network takes its binds in turn; screens go over the first while nothing else is under way.
    await network.ussd.dial(MARIAM, '*384#')
    await network.ussd.dial(AMINA, '*384#')
    await network.ussd.answer(MARIAM, 'over the second')
    await network.ussd.answer(AMINA, 'over the first')
    expect(heard.slice(2)).toMatchObject([
      { text: 'over the second', fresh: false },
      { text: 'over the first', fresh: true },
    ])
  })

  test('does not end the dialogue when the network refuses the same screen twice', async () => {
    const { network, ended } = await side('standard', (_, hop) => (hop === 1 ? {} : { outcome: 'repeat' }))
    await network.ussd.dial(AMINA, '*384#')
    network.ussd.refuseScreens(STATUS.submitFailed)
    void network.ussd.repeat(AMINA)
    await pause(60)
    expect(ended).toEqual([])
  })
})

describe('dialogues', () => {
  test('a silent one is over after the time of its dialect', async () => {
    const { network, ended } = await side('standard', talk, { silenceMs: 60 })
    const beganMs = Date.now()
    await network.ussd.dial(AMINA, '*384#')
    network.ussd.fallSilent(AMINA)
    await until(() => ended.length > 0, 'the end')
    expect(ended).toMatchObject([{ status: 'dropped', msisdn: AMINA }])
    expect(ended[0]?.silentSinceMs).toBeGreaterThanOrEqual(beganMs)
    expect(ended[0]?.silentSinceMs).toBeLessThanOrEqual(Date.now() - 59)
  })

  test('the word that an older one is over takes nothing from the one that is there now', async () => {
    const { network, heard, ended, dialogues, link } = await side('standard', talk, { silenceMs: 200 })
    const dialect = ussdDialects.get('standard')
    if (dialect === undefined) throw new Error('the standard dialect is gone')
    await network.ussd.dial(AMINA, '*384#')
    await network.ussd.dial(AMINA, '*384#')
    const [older, newer] = heard.map(({ id }) => id)
    const session = Buffer.from((older?.split(':')[1] ?? '').padStart(4, '0'), 'hex')
    const abort = {
      ...{ source_addr: AMINA.slice(1), destination_addr: '384', short_message: Buffer.alloc(0) },
      ...{ service_type: 'USSD', ussd_service_op: 0x81, its_session_info: session },
    }
    const pdu = { command: 'deliver_sm', status: 0, sequence: 1, fields: abort }
    expect(await dialogues.hear({ dialect, link }, pdu, {})).toBe(STATUS.ok)
    expect(ended.map(({ sessionId }) => sessionId)).toEqual([older, older])
    // Still waited for, and still told apart: its silence is heard of.
    await until(() => ended.length === 3, 'the silence')
    expect(ended[2]?.sessionId).toBe(newer)
  })

  test('a phone has one: whoever dials again under another name has left the first', async () => {
    const { network, heard, ended } = await side('standard', talk)
    await network.ussd.dial(AMINA, '*384#')
    await network.ussd.dial(AMINA, '*384#')
    expect(heard[0]?.id).not.toBe(heard[1]?.id)
    expect(ended).toMatchObject([{ sessionId: heard[0]?.id, status: 'dropped' }])
  })

  test('the longest of our codes is the one that was dialled; another is refused', async () => {
    const codes: string[] = []
    const { network, events } = await side('standard', ({ serviceCode }) => ({ text: String(codes.push(serviceCode)) }))
    await network.ussd.dial(AMINA, '*384*77*5#')
    await network.ussd.dial(AMINA, '*384*7#')
    expect(codes).toEqual(['*384*77#', '*384#'])
    expect(await network.ussd.dial(AMINA, '*999#')).toEqual({ kind: 'ended', reason: 'status 101' })
    expect(events).toContainEqual({ name: 'refused', aggregator: 'smpp', callback: 'code_not_served' })
  })

  test('an SMS over the same link is no dialogue', async () => {
    const { network, heard } = await side('standard', talk)
    expect(network.send(AMINA, '384', 'BAL')).toBe(true)
    await pause(50)
    expect(heard).toEqual([])
  })
})

describe('what comes while a screen is on its way', () => {
  test('an older input that comes late takes nothing from the newer: nobody knows whether its screen arrived', async () => {
    const { network, doubted, ended } = await side('standard', (_, hop) => (hop === 3 ? { outcome: 'stale' } : {}))
    await network.ussd.dial(AMINA, '*384#')
    network.behave({ loseResponses: true })
    await network.ussd.answer(AMINA, '2')
    void network.ussd.answer(AMINA, '1')
    await until(() => doubted.length > 0, 'the doubt')
    expect(ended).toEqual([])
  })

  test.each(['standard', 'huawei'])(
    'in the dialect %s a dial on the last screen leaves that dialogue completed, once',
    async (name) => {
      const { network, ended, events } = await side(name, (_, hop) => ({ end: hop === 2 }))
      await network.ussd.dial(AMINA, '*384#')
      network.behave({ delayMs: 50 })
      await network.ussd.answer(AMINA, '9')
      await network.ussd.dial(AMINA, '*384#')
      network.calm()
      await until(() => events.some((each) => each.name === 'ended'), 'the end')
      await pause(60)
      expect(ended).toEqual([])
      expect(events.filter((each) => each.name === 'ended')).toMatchObject([{ status: 'completed' }])
    },
  )
})

test('a link that takes no more ends the dialogues it has, begins none, and does again when it is resumed', async () => {
  const { network, push, link, heard } = await side('standard', () => ({}))
  await network.ussd.dial(AMINA, '*384#')
  link.setMode('suspended')
  expect(await network.ussd.answer(AMINA, '1')).toEqual({ kind: 'screen', text: 'screen 2', end: false })
  expect(await network.ussd.dial(MARIAM, '*384#')).toEqual({ kind: 'ended', reason: `status ${STATUS.throttled}` })
  expect(await push(MARIAM, [])).toEqual({ kind: 'unavailable' })
  expect(heard.map(({ kind }) => kind)).toEqual(['begin', 'answer'])
  link.setMode('active')
  expect(await network.ussd.dial(MARIAM, '*384#')).toEqual({ kind: 'screen', text: 'screen 3', end: false })
})

describe.each([...ussdDialects.keys()])('a link in the dialect %s that is drained', (name) => {
  test('is left when the answer under way has its screen, and not before', async () => {
    const { network, link, heard, events } = await side(name, () => ({ afterMs: 150 }))
    await network.ussd.dial(AMINA, '*384#')
    const answered = network.ussd.answer(AMINA, '1')
    await until(() => heard.length === 2, 'the answer is heard')
    link.setMode('drained')
    expect(await answered).toEqual({ kind: 'screen', text: 'screen 2', end: false })
    await until(() => link.status().binds.every(({ state }) => state === 'closed'), 'the link is left')
    expect(events.filter((each) => each.name === 'submitted').map(({ outcome }) => outcome)).toEqual([
      'accepted',
      'accepted',
    ])
  })
})

describe('before the links are closed', () => {
  test('what is being answered gets its screen, and what comes meanwhile is asked to go elsewhere', async () => {
    const { network, push, link, dialogues, heard } = await side('standard', () => ({ afterMs: 100 }))
    const begun = network.ussd.dial(AMINA, '*384#')
    await until(() => heard.length === 1, 'the dial is heard')
    const finished = dialogues.finish(5_000).then(() => link.close())
    expect(await network.ussd.dial(MARIAM, '*384#')).toEqual({ kind: 'ended', reason: `status ${STATUS.throttled}` })
    expect(await push(MARIAM, [])).toEqual({ kind: 'unavailable' })
    await finished
    expect(await begun).toEqual({ kind: 'screen', text: 'screen 1', end: false })
    expect(heard).toHaveLength(1)
  })

  test('a dialogue that somebody begins for a phone is shown', async () => {
    const { push, link, dialogues } = await side('standard', () => ({ afterMs: 50 }))
    const begun = push(AMINA, ['1'])
    await dialogues.finish(5_000)
    await link.close()
    expect(await begun).toMatchObject({ kind: 'shown' })
  })

  test('nobody waits longer than for the time given', async () => {
    const { network, dialogues, heard } = await side('standard', () => ({ afterMs: 400 }))
    let isShown = false
    const begun = network.ussd.dial(AMINA, '*384#').then(() => {
      isShown = true
    })
    await until(() => heard.length === 1, 'the dial is heard')
    await dialogues.finish(1)
    expect(isShown).toBe(false)
    await begun
  })
})

describe('pushes', () => {
  test('are unavailable without a link that is up and meant for the number', async () => {
    const { push, link } = await side('standard', talk)
    expect(await push('+256700000001' as Msisdn, [])).toEqual({ kind: 'unavailable' })
    await link.close()
    expect(await push(AMINA, [])).toEqual({ kind: 'unavailable' })
  })

  test('are unavailable where the peer takes none', async () => {
    const { push } = await side('standard', talk, { push: null })
    expect(await push(AMINA, [])).toEqual({ kind: 'unavailable' })
  })

  test('do not interrupt a dialogue, nor take for one input what would be two', async () => {
    const { network, push, heard } = await side('standard', talk)
    await network.ussd.dial(AMINA, '*384#')
    expect(await push(AMINA, ['1'])).toEqual({ kind: 'refused', reason: 'in_a_dialogue' })
    expect(await push(MARIAM, ['1*2'])).toEqual({ kind: 'refused', reason: 'not_diallable' })
    expect(heard).toHaveLength(1)
  })

  test('say when the network refuses, and when nobody knows', async () => {
    const { network, push, ended, doubted } = await side('standard', talk)
    network.ussd.refuseScreens(STATUS.submitFailed)
    expect(await push(AMINA, ['1'])).toEqual({ kind: 'refused', reason: 'ESME_RSUBMITFAIL' })
    expect(ended).toMatchObject([{ status: 'failed', msisdn: AMINA }])
    network.ussd.refuseScreens(0)
    network.behave({ loseResponses: true })
    expect(await push(MARIAM, ['1'])).toEqual({ kind: 'unknown', cause: 'no_answer' })
    expect(doubted).toHaveLength(1)
  })

  test('show nothing where the conversation could not begin', async () => {
    const { network, push } = await side('standard', () => ({ outcome: 'refused', end: true }))
    expect(await push(AMINA, ['1'])).toEqual({ kind: 'refused', reason: 'conversation_refused' })
    expect(network.ussd.isOpen(AMINA)).toBe(false)
  })
})
