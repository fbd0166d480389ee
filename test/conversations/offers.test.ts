import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import type { World } from '../../scripts/dialogues/world.ts'
import type { UssdShown } from '../../scripts/fakes/network/ussd.ts'
import { pause, until } from '../aggregators/smpp/support.ts'
import { openWorld } from '../support/world.ts'

let world: World
const { amina, juma } = demoPeople
const to = `0${juma.number.slice(4)}`

beforeAll(async () => {
  world = await openWorld([], { ussdDialect: 'standard' })
  await until(() => world.test.network.links().length > 0, 'the link')
})
afterAll(async () => {
  await world?.prove()
  await world?.close()
})

/** Has Amina send money by SMS, and waits for the dialogue that opens on her phone and for the message held behind it. */
async function begin(amount: number): Promise<void> {
  const { network } = world.test
  const shown: UssdShown[] = []
  const stop = network.ussd.follow(amina.number, (screen) => shown.push(screen))
  network.send(amina.number, '384', `SEND ${to} ${amount}`)
  await until(() => shown.length > 0, 'the push')
  stop()
  for (let tries = 0; (await last()).held_for < 120; tries += 1) {
    if (tries > 100) throw new Error('the hold stays short')
    await pause(20)
  }
}

/** The last answer to an SMS of hers; `held_for` in seconds. */
async function last(): Promise<{ state: string; held_for: number }> {
  const { rows } = await world.test.database.owner.query<{ state: string; held_for: number }>(
    `SELECT state, extract(epoch FROM not_before - now())::float8 AS held_for
      FROM sms_outbox WHERE fact_key LIKE 'inbox:%' ORDER BY id DESC LIMIT 1`,
  )
  return rows[0] ?? { state: 'none', held_for: 0 }
}

const told = (amount: number) =>
  world.test.network.messages(amina.number).filter(({ text }) => text.startsWith(`Dial *384*1*${to}*${amount}#`)).length

test('the string to dial is held while nobody has answered the pushed screen, and taken back by the first answer', async () => {
  const { ussd } = world.test.network
  await begin(601)
  expect(await last()).toMatchObject({ state: 'queued' })
  expect(await ussd.answer(amina.number, amina.pin ?? '')).toMatchObject({ kind: 'screen', end: true })
  expect(await last()).toMatchObject({ state: 'expired' })
  await pause(100)
  expect(told(601)).toBe(0)
})

test('it goes at once, and once, to who leaves the screen without an answer', async () => {
  const { ussd } = world.test.network
  await begin(602)
  await ussd.hangUp(amina.number)
  await until(() => told(602) > 0, 'the string to dial')
  await ussd.hangUp(amina.number)
  await pause(100)
  expect(told(602)).toBe(1)
})

test('it goes to who dials a code instead of answering', async () => {
  const { ussd } = world.test.network
  await begin(603)
  await ussd.dial(amina.number, '*384#')
  await until(() => told(603) > 0, 'the string to dial')
  await ussd.hangUp(amina.number)
  expect(told(603)).toBe(1)
})

test('who leaves after an answer gets none', async () => {
  const { ussd } = world.test.network
  await begin(604)
  await ussd.answer(amina.number, '1')
  await ussd.hangUp(amina.number)
  await pause(100)
  expect(await last()).toMatchObject({ state: 'expired' })
  expect(told(604)).toBe(0)
})
