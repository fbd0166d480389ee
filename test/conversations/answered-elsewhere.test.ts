import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import type { World } from '../../scripts/dialogues/world.ts'
import { pause, until } from '../aggregators/smpp/support.ts'
import { openWorld } from '../support/world.ts'

let world: World
const { amina, juma } = demoPeople
const toJuma = `0${juma.number.slice(4)}`

beforeAll(async () => {
  world = await openWorld([], { ussdDialect: 'standard' })
  await until(() => world.test.network.links().length > 0, 'the link')
})
// A phone with a dialogue on its screen is shown no other one.
afterEach(() => world.test.network.ussd.hangUp(juma.number))
afterAll(async () => {
  await world?.prove()
  await world?.close()
})

/** Types on a phone of the other network; the last screen. */
async function typed(from: typeof amina, ...inputs: string[]): Promise<string> {
  const client = makeAfricasTalkingClient({ url: world.test.url, key: world.test.callbackKey })
  const session = await dialAnew(client, from.number)
  let shown = ''
  for (const input of inputs) shown = await session.answer(input)
  return shown
}

type Question = { readonly id: string; readonly state: string; readonly held: boolean }

/** The message behind the dialogue that opened on Juma's phone. */
async function question(words: string): Promise<Question | undefined> {
  const { rows } = await world.test.database.owner.query<Question>(
    `SELECT id, state, not_before > now() + interval '90 seconds' AS held FROM sms_outbox WHERE fact_key LIKE '%:' || $1 ORDER BY id DESC LIMIT 1`,
    [words],
  )
  return rows[0]
}

async function heldQuestion(words: string): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await question(words)
    if (found?.held === true) return found.id
    await pause(20)
  }
  throw new Error('no message is held')
}

const toldToJuma = (words: RegExp): number =>
  world.test.network.messages(juma.number).filter(({ text }) => words.test(text)).length

test.each([
  ['declined', '2'],
  ['paid', '1', juma.pin ?? ''],
])('a request that was %s at another network is not asked again by SMS', async (what, ...answer) => {
  const amount = what === 'paid' ? '51' : '52'
  expect(await typed(amina, '7', '2', toJuma, amount, '1')).toContain('is asked')
  const id = await heldQuestion('asked')
  expect(await typed(juma, '7', '1', '1', ...answer)).toMatch(/^END (You said no|Sent KES 51)/)
  // As when its time has come and nobody has answered the dialogue.
  await world.test.database.owner.query(
    `UPDATE sms_outbox SET not_before = now(), ring_at = now() WHERE id = $1 AND state = 'queued'`,
    [id],
  )
  await expect.poll(async () => (await question('asked'))?.state, { timeout: 10_000 }).toBe('refused')
  expect(toldToJuma(new RegExp(`asks you for KES ${amount}`))).toBe(0)
})

test('money that was given back at another network is not asked back again by SMS', async () => {
  expect(await typed(amina, '1', toJuma, '53', amina.pin ?? '')).toMatch(/^END Sent KES 53/)
  expect(await typed(amina, '7', '3', amina.pin ?? '', '1', '1')).toContain('We keep')
  await heldQuestion('payer')
  expect(await typed(juma, '7', '1', '1', '1', juma.pin ?? '')).toContain('You gave KES 53')
  const { rows } = await world.test.database.owner.query(
    `SELECT m.state FROM sms_outbox m JOIN reversal v ON m.fact_key = v.transfer_id || ':payer'`,
  )
  expect(rows).toEqual([{ state: 'expired' }])
  expect(toldToJuma(/was sent to you by mistake/)).toBe(0)
})
