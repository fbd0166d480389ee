import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeKey } from '../../src/security/keys.ts'
import { keyProblems } from '../../src/subscribers/check-keys.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { addPerson, makeServices } from './people.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await createTestDatabase()
})
afterAll(() => store.drop())

test('keys that the data was not made with are named, each in a sentence', async () => {
  const [pin, data] = [makeKey(randomBytes(32)), makeKey(randomBytes(32))]
  expect(await keyProblems(store.app, { pin, data })).toEqual([])

  const services = makeServices(store.app)
  await addPerson(services, { pin: '73915' })
  const fitting = { pin: services.pinKey, data: services.dataKey }
  expect(await keyProblems(store.app, fitting)).toEqual([])
  expect(await keyProblems(store.app, { ...fitting, pin })).toEqual([
    `PIN_KEY is ${pin.id}, but rows were made with ${fitting.pin.id}: 1 of credential. Put that key back, behind the new one; each moves at its next right PIN or answer.`,
  ])
  expect(await keyProblems(store.app, { ...fitting, data })).toEqual([
    `DATA_KEY is ${data.id}, but rows were made with ${fitting.data.id}: 1 of subscriber. Put that key back, behind the new one; run npm run security -- rotate.`,
  ])
  const both = makeKey(data.bytes, [fitting.data])
  expect(await keyProblems(store.app, { ...fitting, data: both })).toEqual([])
})

test('a key goes once no row carries it, and not before, wherever the row is', async () => {
  const own = await createTestDatabase()
  try {
    const services = makeServices(own.app)
    const [old, now] = [services.dataKey, makeKey(randomBytes(32), [services.dataKey])]
    const pin = services.pinKey
    expect(await keyProblems(own.app, { pin, data: old })).toEqual([])
    // The ends of the indexes are under the new key, and one row in the middle of another table is not.
    await own.owner.query(
      `INSERT INTO sms_campaign (id, name, category, texts_sealed, audience, recipients, waiting, per_minute, segment_price, currency)
        VALUES (gen_random_uuid(), 'n', 'campaign', $1, '{}', 1, 1, 1, 0, 'KES')`,
      [services.sealer.seal('{}', 'any')],
    )
    expect(await keyProblems(own.app, { pin, data: now })).toEqual([])
    const alone = makeKey(now.bytes)
    expect(await keyProblems(own.app, { pin, data: alone })).toEqual([
      expect.stringContaining(`rows were made with ${old.id}: 1 of sms_campaign.`),
    ])
    await own.owner.query('DELETE FROM sms_campaign')
    expect(await keyProblems(own.app, { pin, data: alone })).toEqual([])
    const { rows } = await own.owner.query('SELECT key_id FROM key_in_use WHERE retired_at IS NOT NULL')
    expect(rows).toEqual([{ key_id: old.id }])
  } finally {
    await own.drop()
  }
})
