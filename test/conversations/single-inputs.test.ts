import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import type { World } from '../../scripts/dialogues/world.ts'
import type { UssdShown } from '../../scripts/fakes/network/ussd.ts'
import { STATUS } from '../../src/aggregators/smpp/codec.ts'
import { REPEAT_WINDOW_MS } from '../../src/conversations/arrival.ts'
import type { SubscriberId } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { nameContext, numberContext, numberIndex } from '../../src/security/contexts.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { pause, until } from '../aggregators/smpp/support.ts'
import { openWorld } from '../support/world.ts'

let world: World
const AMINA = demoPeople.amina.number
const { juma } = demoPeople
const ownPin = demoPeople.amina.pin ?? ''

beforeAll(async () => {
  world = await openWorld([], { ussdDialect: 'standard' })
  await until(() => world.test.network.links().length > 0, 'the link')
})
afterAll(async () => {
  await world?.prove()
  await world?.close()
})

function words(shown: UssdShown): string {
  if (shown.kind === 'ended') throw new Error(shown.reason)
  return shown.text
}
const transfers = async (): Promise<number> => {
  const { rows } = await world.test.database.owner.query<{ count: string }>('SELECT count(*) FROM transfer')
  return Number(rows[0]?.count)
}

describe('a dialogue over SMPP', () => {
  test('sends money: the same menus, the same PIN, the same receipts as on every other channel', async () => {
    const { ussd } = world.test.network
    expect(words(await ussd.dial(AMINA, '*384#'))).toContain('1 Send money')
    expect(words(await ussd.answer(AMINA, '1'))).not.toBe('')
    await ussd.answer(AMINA, `0${juma.number.slice(4)}`)
    expect(words(await ussd.answer(AMINA, '500'))).toContain('PIN')
    const before = await transfers()
    const last = await ussd.answer(AMINA, ownPin)
    expect(last).toMatchObject({ kind: 'screen', end: true })
    expect(await transfers()).toBe(before + 1)
    await world.test.network.waitForMessages(juma.number, 1)
    expect(world.test.logs()).not.toContain(ownPin)
    expect(ussd.faults).toEqual([])
  })

  test('the PIN that the network brings twice is one payment, with the same words, also over another bind', async () => {
    const { network } = world.test
    const { ussd } = network
    await ussd.dial(AMINA, `*384*1*0${juma.number.slice(4)}*501#`)
    const before = await transfers()
    const first = ussd.answer(AMINA, ownPin)
    const again = ussd.repeat(AMINA)
    expect(words(await again)).toContain('501')
    await first
    expect(await transfers()).toBe(before + 1)

    await ussd.dial(AMINA, `*384*1*0${juma.number.slice(4)}*502#`)
    network.behave({ loseResponses: true })
    const shown = words(await ussd.answer(AMINA, ownPin))
    network.calm()
    const count = await transfers()
    network.dropLinks()
    await until(() => network.links().length === 0, 'the drop')
    await until(() => network.links().length === 1, 'the next bind')
    expect(shown).toContain('502')
    expect(words(await ussd.repeat(AMINA))).toBe(shown)
    expect(await transfers()).toBe(count)
  })

  test('a screen that the network refuses after the PIN moves nothing twice, and the receipt tells', async () => {
    const { network } = world.test
    const { ussd } = network
    await ussd.dial(AMINA, `*384*1*0${juma.number.slice(4)}*503#`)
    const before = await transfers()
    ussd.refuseScreens(STATUS.submitFailed)
    void ussd.answer(AMINA, ownPin)
    await until(() => world.test.logs().includes('"outcome":"refused","cause":"ESME_RSUBMITFAIL"'), 'the refusal')
    ussd.refuseScreens(0)
    ussd.fallSilent(AMINA)
    expect(await transfers()).toBe(before + 1)
    await until(() => network.messages(AMINA).some(({ text }) => text.includes('503')), 'the receipt')
    expect(await transfers()).toBe(before + 1)
  })

  test('a dial on a live session is a new one, which offers to go on with the old', async () => {
    const { ussd } = world.test.network
    await ussd.dial(juma.number, '*384#')
    await ussd.answer(juma.number, '1')
    expect(words(await ussd.dial(juma.number, '*384#'))).toContain('1 Continue')
    await ussd.hangUp(juma.number)
  })

  test('an answer to a session that nobody knows gets polite words and no first screen', async () => {
    const { ussd } = world.test.network
    await ussd.dial(juma.number, '*384#', 'standard')
    const redis = new Redis(world.test.settings.redis.url)
    await redis.flushdb()
    redis.disconnect()
    expect(await ussd.answer(juma.number, '1')).toMatchObject({ kind: 'screen', end: true })
  })

  test('a push asks for the PIN of what was begun elsewhere, and the PIN completes it', async () => {
    const { network, app } = world.test
    const shown: UssdShown[] = []
    const stop = network.ussd.follow(AMINA, (screen) => shown.push(screen))
    const before = await transfers()
    const outcome = await app.push(AMINA as Msisdn, ['1', `0${juma.number.slice(4)}`, '504'])
    stop()
    expect(outcome).toEqual({ kind: 'shown', answerWithinMs: 120_000 })
    expect(shown).toMatchObject([{ kind: 'screen', end: false, text: expect.stringMatching(/504[\s\S]*PIN/) }])
    expect(await transfers()).toBe(before)
    expect(await network.ussd.answer(AMINA, ownPin)).toMatchObject({ kind: 'screen', end: true })
    expect(await transfers()).toBe(before + 1)
    expect(network.ussd.faults).toEqual([])
  })

  test('a push never meets a PIN that is being typed into another dialogue, over whatever network that runs', async () => {
    const { app, url, callbackKey } = world.test
    const hop = async (text: string): Promise<string> => {
      const form = {
        sessionId: 'elsewhere',
        serviceCode: '*384#',
        phoneNumber: juma.number,
        networkCode: '63902',
        text,
      }
      const body = new URLSearchParams(form)
      return (await fetch(`${url}/africastalking/${callbackKey}/ussd`, { method: 'POST', body })).text()
    }
    const dialled = `1*0${AMINA.slice(4)}*100`
    expect(await hop(dialled)).toMatch(/100[\s\S]*PIN/)
    expect(await app.push(juma.number as Msisdn, ['1', `0${AMINA.slice(4)}`, '900'])).toMatchObject({ kind: 'refused' })
    expect(await hop(`${dialled}*${juma.pin}`)).toMatch(/^END [\s\S]*100/)
  })
})

test('the keyword SEND over the same link opens a dialogue, and the PIN there completes it', async () => {
  const { network } = world.test
  const shown: UssdShown[] = []
  const stop = network.ussd.follow(AMINA, (screen) => shown.push(screen))
  const before = await transfers()
  network.send(AMINA, '384', `SEND 507 0${juma.number.slice(4)}`)
  await until(() => shown.length > 0, 'the push')
  stop()
  expect(shown).toMatchObject([{ kind: 'screen', end: false, text: expect.stringMatching(/507[\s\S]*PIN/) }])
  expect(await network.ussd.answer(AMINA, ownPin)).toMatchObject({ kind: 'screen', end: true })
  expect(await transfers()).toBe(before + 1)
})

describe('a dialogue that only its number names', () => {
  let huawei: World
  beforeAll(async () => {
    huawei = await openWorld([], { ussdDialect: 'huawei' })
    await until(() => huawei.test.network.links().length > 0, 'the link')
  })
  afterAll(() => huawei?.close())

  test('is left for a new one by a dial, and offered again', async () => {
    const { ussd } = huawei.test.network
    await ussd.dial(AMINA, '*384#')
    await ussd.answer(AMINA, '1')
    expect(words(await ussd.dial(AMINA, '*384#'))).toContain('1 Continue')
    expect(huawei.test.logs()).toContain('"event":"session_ended","aggregator":"smpp","status":"dropped"')
    expect(words(await ussd.answer(AMINA, '2'))).toContain('1 Send money')
  })

  test('pays once in each of two sessions, with the same PIN, one right after the other', async () => {
    const { ussd } = huawei.test.network
    const count = async (): Promise<number> =>
      Number(
        (await huawei.test.database.owner.query<{ count: string }>('SELECT count(*) FROM transfer')).rows[0]?.count,
      )
    for (const amount of ['505', '506']) {
      await ussd.dial(AMINA, `*384*1*0${juma.number.slice(4)}*${amount}#`)
      expect(words(await ussd.answer(AMINA, ownPin))).toContain(amount)
    }
    expect(await count()).toBe(2)
  })

  test('whose session is lost is not told of the payment before, though the PIN is the same', async () => {
    const { ussd } = huawei.test.network
    await ussd.dial(AMINA, `*384*1*0${juma.number.slice(4)}*508#`)
    expect(words(await ussd.answer(AMINA, ownPin))).toContain('Sent KES 508')
    await pause(REPEAT_WINDOW_MS + 200)
    await ussd.dial(AMINA, `*384*1*0${juma.number.slice(4)}*509#`)
    const redis = new Redis(huawei.test.settings.redis.url)
    await redis.flushdb()
    redis.disconnect()
    expect(words(await ussd.answer(AMINA, ownPin))).toContain('Your session was lost.')
  })

  test('shows the same screen again, however late its input is repeated, while nobody knows whether the screen arrived', async () => {
    const { network } = huawei.test
    const { ussd } = network
    await ussd.dial(juma.number, '*384#')
    network.behave({ loseResponses: true })
    const first = words(await ussd.answer(juma.number, '1'))
    network.dropLinks()
    network.calm()
    await until(() => network.links().length === 0, 'the drop')
    await until(() => network.links().length === 1, 'the next bind')
    await pause(REPEAT_WINDOW_MS + 200)
    expect(words(await ussd.repeat(juma.number))).toBe(first)
    expect(ussd.faults).toEqual([])
  })
})

test('500 dialogues at once on one link all come to their end', async () => {
  const { ussd } = world.test.network
  const numbers = Array.from({ length: 500 }, (_, number) => `+2547110${String(number).padStart(5, '0')}`)
  const { database, settings } = world.test
  await enrolMany(database.owner, makeSealer(settings.keys.data), numbers)
  const ends = await Promise.all(
    numbers.map(async (number) => {
      const screens = [await ussd.dial(number, '*384#')]
      // Twice the same answer, as fast as it can be given: the second is not taken for a repeat of the first.
      for (const input of ['1', '1']) screens.push(await ussd.answer(number, input))
      await ussd.hangUp(number)
      return screens.map((shown) => (shown.kind === 'screen' ? shown.text.split('\n')[0] : shown.reason)).join(' | ')
    }),
  )
  expect(new Set(ends)).toEqual(new Set([ends[0]]))
  expect(ends[0]).toMatch(/^Nyota: Many \| [^|]+ \| [^|]+$/)
  expect(ussd.faults).toEqual([])
}, 30_000)

/** As many as dial at once, in one statement: nobody's PIN or money is needed. */
async function enrolMany(
  owner: World['test']['database']['owner'],
  sealer: Sealer,
  numbers: readonly string[],
): Promise<void> {
  const ids = numbers.map(() => randomUUID())
  await owner.query(
    `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, tier, status, terms_version)
     SELECT id, number, index, name, 'en', 'standard', 'active', '1'
     FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) AS each (id, number, index, name)`,
    [
      ids,
      numbers.map((number, at) => sealer.seal(number, numberContext(ids[at] as SubscriberId))),
      numbers.map((number) => numberIndex(sealer, number as Msisdn)),
      ids.map((id) => sealer.seal('Many Others', nameContext(id as SubscriberId))),
    ],
  )
}
