import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Queryable } from '../../src/database/database.ts'
import { openMessages } from '../../src/http/open-work.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import type { SmsBell } from '../../src/sms/queue.ts'
import { recordDelivery } from '../../src/sms/record-delivery.ts'
import { sweepSms } from '../../src/sms/sweep.ts'
import { losing, makeLink, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.db.drop())

test.each([
  ['an event', `INSERT INTO sms_event (outbox_id, kind) VALUES ($1, 'queued')`],
  [
    'an event among others',
    `INSERT INTO sms_event (outbox_id, kind) SELECT id, 'queued' FROM (SELECT id FROM sms_outbox UNION ALL SELECT $1) AS ids (id)`,
  ],
  [
    'an attempt',
    `INSERT INTO sms_attempt (outbox_id, number, link, segments, reports, recipient_index) VALUES ($1, 1, 'mno1', 1, 1, '')`,
  ],
  [
    'a part',
    `INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index) VALUES ($1, 1, 1, 'mno1', '1', '1', '')`,
  ],
])('PostgreSQL refuses %s of a message that there is not', async (_, sql) => {
  await world.enqueue()
  await expect(world.db.app.query(sql, [randomUUID()])).rejects.toMatchObject({ code: '23503' })
})

test('a part of an attempt that was never made is refused although there is the message', async () => {
  const { id } = await world.enqueue()
  const sql = `INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index) VALUES ($1, 1, 1, 'mno1', '1', '1', '')`
  await expect(world.db.app.query(sql, [id])).rejects.toMatchObject({ code: '23503' })
})

test('a claim and a report write to no index of the outbox: none names what they change', async () => {
  const { rows } = await world.db.owner.query<{ name: string }>(
    `SELECT DISTINCT attname AS name FROM pg_index
      JOIN pg_depend ON pg_depend.objid = indexrelid AND refobjid = indrelid AND refobjsubid > 0
      JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
      WHERE indrelid = 'sms_outbox'::regclass ORDER BY attname`,
  )
  const named = rows.map(({ name }) => name)
  expect(named).toContain('ring_at')
  expect(named.filter((name) => ['state', 'attempts', 'settled_at', 'version'].includes(name))).toEqual([])
})

test('a message that is rung for while it is under way is sent once', async () => {
  const { id } = await world.enqueue()
  const rung: string[] = []
  const bell: SmsBell = { ring: (row) => void rung.push(row.id), close: async () => undefined }
  const link = makeLink('mno1', {
    script: async () => {
      await world.age(id, 60)
      await sweepSms(world.services.database, bell)
      await deliverSms(world.services, id)
      return { kind: 'accepted', providerIds: ['once'], segments: 1 }
    },
  })
  world.services.links = [link]
  await deliverSms(world.services, id)
  expect([rung.includes(id), link.sent.length, await world.stateOf(id)]).toEqual([true, 1, 'sent'])
})

test('both halves of a message reported in one moment to two processes make it delivered', async () => {
  const count = 40
  const messages = await Promise.all(Array.from({ length: count }, async () => (await world.enqueue()).id))
  const halvesOf = (id: string): string[] => [`${id}-1`, `${id}-2`]
  world.services.links = [
    makeLink('mno1', {
      segments: () => 2,
      script: ({ id }) => ({ kind: 'accepted', providerIds: halvesOf(id), segments: 2 }),
    }),
  ]
  await Promise.all(messages.map((id) => deliverSms(world.services, id)))
  const processes: Queryable[] = [{ ...world.db.app }, { ...world.db.app }]
  await Promise.all(
    processes.flatMap((database, half) =>
      messages.map((id) =>
        recordDelivery(
          { database, sealer: world.services.sealer },
          { link: 'mno1', providerId: halvesOf(id)[half] ?? '', state: 'delivered', reason: null },
        ),
      ),
    ),
  )
  expect(await Promise.all(messages.map((id) => world.stateOf(id)))).toEqual(messages.map(() => 'delivered'))
})

test('messages of unknown outcome are among those that wait, until a report settles them', async () => {
  const states = async (): Promise<string[]> =>
    (await openMessages(world.db.app)).map(({ state }) => state).filter((state) => state !== 'queued')
  const { id } = await world.enqueue()
  world.services.links = [makeLink('mno1', { script: losing })]
  await deliverSms(world.services, id)
  expect(await states()).toEqual(['unknown'])
  await world.db.owner.query(`UPDATE sms_outbox SET state = 'delivered' WHERE id = $1`, [id])
  expect(await states()).toEqual([])
})
