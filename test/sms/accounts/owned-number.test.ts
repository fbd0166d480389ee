import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { IncomingSms } from '../../../src/aggregators/aggregator.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { type KeywordWorld, makeKeywordWorld, numberOf } from '../../conversations/sms-world.ts'

let world: KeywordWorld
beforeAll(async () => {
  world = await makeKeywordWorld()
  await world.db.owner.query(
    `INSERT INTO smpp_account (id, system_id, password_hash, bind_types, max_binds, tps, window_size, senders, owned, priority, message_ids)
      VALUES ($1, 'shop', '-', '{receiver}', 1, 1, 1, '{Shop}', '{40404}', 'bulk', 'uuid')`,
    [randomUUID()],
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
