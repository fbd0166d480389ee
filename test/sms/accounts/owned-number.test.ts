import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { IncomingSms } from '../../../src/aggregators/aggregator.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { hasOptedOut } from '../../../src/sms/consent.ts'
import { type KeywordWorld, makeKeywordWorld, numberOf } from '../../conversations/sms-world.ts'

let world: KeywordWorld
const shop = randomUUID()
beforeAll(async () => {
  world = await makeKeywordWorld()
  await world.db.owner.query(
    `INSERT INTO smpp_account (id, system_id, password_hash, bind_types, max_binds, tps, window_size, senders, owned, priority, message_ids, category)
      VALUES ($1, 'shop', '-', '{receiver}', 1, 1, 1, '{Shop}', '{40404,384}', 'bulk', 'uuid', 'campaign')`,
    [shop],
  )
})
afterAll(() => world.db.drop())

const waiting = async () => (await world.db.owner.query('SELECT FROM smpp_delivery WHERE name IS NOT NULL')).rowCount

test('what is written to a client’s number waits for the client, once, and no keyword answers it', async () => {
  const message: IncomingSms = {
    ...{ link: 'mno1', id: 'm1', from: numberOf('amina'), to: '40404', text: new Secret('BAL') },
  }
  const conversation = world.conversation()
  await conversation.receive(message)
  await conversation.receive(message)
  expect(await waiting()).toBe(1)
  expect(await world.outbox()).toEqual([])
  await conversation.receive({ ...message, id: 'm2', to: '22384' })
  expect(await waiting()).toBe(1)
  expect(await world.outbox()).toHaveLength(1)
})

/** Whether Amina wants nothing unasked: of ours, of the client's. */
const refuses = (): Promise<boolean[]> =>
  Promise.all([undefined, shop].map((account) => hasOptedOut(world.db.app, world.sealer, numberOf('amina'), account)))

/** One SMS of Amina's; the network gives it no id, so that only its words tell a copy. */
const write = (text: string, to: string): Promise<void> =>
  world.conversation().receive({ link: 'mno1', id: null, from: numberOf('amina'), to, text: new Secret(text) })

test('STOP to a client’s number is about that client alone, and is forwarded', async () => {
  const before = await waiting()
  await write('Stop', '40404')
  expect(await refuses()).toEqual([false, true])
  expect(await waiting()).toBe(Number(before) + 1)
  await write('START', '40404')
  expect(await refuses()).toEqual([false, false])
})

test('STOP, START, STOP within seconds ends with a stop there too', async () => {
  await world.forget()
  for (const text of ['STOP', 'START', 'STOP']) await write(text, '40404')
  expect(await refuses()).toEqual([false, true])
})

test('words with more to them are the client’s business', async () => {
  await world.forget()
  for (const text of ['STOP 12345', 'please stop', 'STOPS']) await write(text, '40404')
  expect(await refuses()).toEqual([false, false])
})

test('STOP to the service speaks for clients too, and START to a client takes nothing of it back', async () => {
  await world.forget()
  await write('STOP', '22384')
  expect(await refuses()).toEqual([true, true])
  await write('START', '40404')
  expect(await refuses()).toEqual([true, true])
  await write('START', '22384')
  expect(await refuses()).toEqual([false, false])
})

test('what is written to the service’s own number is no client’s, even where an account claims it', async () => {
  await world.forget()
  const before = await waiting()
  await write('STOP', '384')
  expect(await waiting()).toBe(before)
  expect(await refuses()).toEqual([true, true])
})
