import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SubscriberId } from '../../src/domain/ids.ts'
import { openRedis } from '../../src/redis/connection.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { type LookupLimit, makeLookupLimit } from '../../src/subscribers/lookup-limit.ts'
import { needsRedis } from '../support/needs.ts'
import { createTestRedis, type TestRedis } from '../support/redis.ts'

needsRedis()

let store: TestRedis
let redis: Awaited<ReturnType<typeof openRedis>>
let limit: LookupLimit
beforeAll(async () => {
  store = await createTestRedis()
  redis = await openRedis(store.url, () => undefined)
  limit = makeLookupLimit(redis, store.prefix, makeSealer(makeKey(randomBytes(32))))
})
afterAll(() => redis?.disconnect())

const newPayer = (): SubscriberId => randomUUID() as SubscriberId
const number = (n: number): string => `+2547${String(n).padStart(8, '0')}`
const lookAt = (payer: SubscriberId, from: number, to: number): Promise<boolean[]> =>
  Promise.all(Array.from({ length: to - from + 1 }, (_, n) => limit(payer, number(from + n))))

test('thirty strangers may be looked up in an hour, and not one more; who was looked up already still may', async () => {
  const payer = newPayer()
  expect((await lookAt(payer, 1, 30)).every(Boolean)).toBe(true)
  expect(await limit(payer, number(31))).toBe(false)
  expect(await limit(payer, number(7))).toBe(true)
  expect(await limit(newPayer(), number(31))).toBe(true)
})

test('the same payee costs once, however often', async () => {
  const payer = newPayer()
  for (let time = 0; time < 100; time++) expect(await limit(payer, number(1))).toBe(true)
  expect((await lookAt(payer, 2, 30)).every(Boolean)).toBe(true)
  expect(await limit(payer, number(31))).toBe(false)
})

test('all at once no more than thirty are allowed', async () => {
  expect((await lookAt(newPayer(), 1, 200)).filter(Boolean)).toHaveLength(30)
})

test('it ends after an hour, and nothing in Redis tells who was looked up, nor that two looked up the same', async () => {
  const [one, other] = [newPayer(), newPayer()]
  for (const payer of [one, other]) await limit(payer, number(12_345_678))
  const keys = [one, other].map((payer) => `${store.prefix}looked-up:${payer}`)
  for (const key of keys) {
    expect(await redis.ttl(key)).toBeGreaterThan(3_500)
    await limit(one, number(1))
    expect(await redis.ttl(key)).toBeLessThanOrEqual(3_600)
  }
  const [first = [], second = []] = await Promise.all(keys.map((key) => redis.smembers(key)))
  expect([...first, ...second].join()).not.toMatch(/12345678/)
  expect(first.filter((digest) => second.includes(digest))).toEqual([])
})
