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
    `PIN_KEY is ${pin.id}, but PINs on file were made with ${fitting.pin.id}.`,
  ])
  expect(await keyProblems(store.app, { ...fitting, data })).toEqual([
    `DATA_KEY is ${data.id}, but numbers on file are sealed under ${fitting.data.id}.`,
  ])
})
