import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TransferId } from '../../src/domain/ids.ts'
import type { Rounds } from '../../src/domain/rounds.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { openSettlement, type Settlement } from '../../src/settlement/queue.ts'
import { startSettlementSweeper, sweepTransfers } from '../../src/settlement/sweep.ts'
import { type SettlementWorkers, startSettlementWorkers } from '../../src/settlement/worker.ts'
import type { Person } from '../ledger/world.ts'
import { createTestRedis, type TestRedis } from '../support/redis.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
let redis: TestRedis
let settlement: Settlement
let workers: SettlementWorkers | null = null
let sweeper: Rounds | null = null
let amina: Person
let juma: Person

beforeAll(async () => {
  world = await openSettlementWorld()
  redis = await createTestRedis()
})
beforeEach(async () => {
  await redis.flush()
  settlement = openSettlement(options())
  amina = await world.person(100_000n)
  juma = await world.person(0n)
})
afterEach(async () => {
  await Promise.all([workers?.close(), sweeper?.close()])
  await settlement.close()
  workers = null
  sweeper = null
  for (const id of world.services.billers.keys()) world.partners.control(id, {})
  expect(await proveBalances(world.app)).toEqual([])
})
afterAll(() => world?.drop())

const options = () => ({
  store: { redisUrl: redis.url, prefix: redis.prefix },
  database: world.app,
  billers: world.services.billers.keys(),
  onError: () => undefined,
})
const startWorkers = (): void => {
  workers = startSettlementWorkers({
    store: options().store,
    services: world.services,
    events: world.services.events as never,
  })
}
const sweepServices = () => ({ ...world.services, settlement, events: world.services.events as never })
const startSweeper = (): void => {
  sweeper = startSettlementSweeper(sweepServices(), 50)
}
const ring = (id: TransferId, biller: string | null = null): void => settlement.ring({ id, version: 1, biller })

test('who confirmed sees the end without waiting out the time', async () => {
  startWorkers()
  const id = await world.heldSend(amina, juma, 20_000n)
  ring(id)
  const startedAt = Date.now()
  expect(await settlement.waitFor(id, 5_000)).toBe('SETTLED')
  expect(Date.now() - startedAt).toBeLessThan(2_000)
  expect(await settlement.waitFor(id, 5_000)).toBe('SETTLED')
  expect(await world.receipts(id)).toHaveLength(1)
})

test('who waits for what does not end is told so in time', async () => {
  const id = await world.heldSend(amina, juma, 20_000n)
  const startedAt = Date.now()
  expect(await settlement.waitFor(id, 200)).toBeNull()
  expect(Date.now() - startedAt).toBeLessThan(1_000)
})

test('a transfer whose ring was lost is rung for again, and settles once', async () => {
  startWorkers()
  const id = await world.heldSend(amina, juma, 20_000n)
  expect(await sweepTransfers(sweepServices())).toBe(0)
  await world.age(id, 6)
  startSweeper()
  expect(await settlement.waitFor(id, 5_000)).toBe('SETTLED')
  expect(await world.receipts(id)).toHaveLength(1)
})

test('losing all of Redis with jobs waiting loses no transfer', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => world.heldSend(amina, juma, 10_000n)))
  for (const id of ids) ring(id)
  await expect.poll(() => waitingJobs('settlement')).toBe(5)
  await redis.flush()
  for (const id of ids) await world.age(id, 6)
  startWorkers()
  startSweeper()
  for (const id of ids) expect(await settlement.waitFor(id, 5_000)).toBe('SETTLED')
  expect((await balanceOf(world.app, juma.id)).available).toBe(50_000n)
})

test('losing all of Redis under running workers loses no transfer', async () => {
  startWorkers()
  startSweeper()
  const first = await world.heldSend(amina, juma, 10_000n)
  ring(first)
  expect(await settlement.waitFor(first, 5_000)).toBe('SETTLED')
  await redis.flush()
  const second = await world.heldSend(amina, juma, 10_000n)
  ring(second)
  expect(await settlement.waitFor(second, 8_000)).toBe('SETTLED')
})

test('the same ring twice is one job, a new version is another', async () => {
  const id = await world.heldSend(amina, juma, 10_000n)
  ring(id)
  ring(id)
  await expect.poll(() => waitingJobs('settlement')).toBe(1)
  settlement.ring({ id, version: 2, biller: null })
  await expect.poll(() => waitingJobs('settlement')).toBe(2)
})

test('two sweepers at once ring once', async () => {
  const rung: string[] = []
  const id = await world.heldSend(amina, juma, 10_000n)
  await world.age(id, 6)
  const services = { ...sweepServices(), settlement: { ring: (intent: { id: string }) => void rung.push(intent.id) } }
  await Promise.all(Array.from({ length: 4 }, () => sweepTransfers(services)))
  expect(rung.filter((each) => each === id)).toHaveLength(1)
})

test('a silent biller ends in doubt, is asked again by itself, and settles when it speaks', async () => {
  world.partners.control('city-power', { silent: true })
  startWorkers()
  startSweeper()
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  ring(id, 'city-power')
  await expect.poll(() => world.stateOf(id), { timeout: 5_000 }).toBe('IN_DOUBT')
  world.partners.control('city-power', {})
  expect(await settlement.waitFor(id, 8_000)).toBe('SETTLED')
  expect(world.partners.payments().find(({ reference }) => reference === id)?.received).toBe(1)
})

test('a slow biller with a full queue holds up neither another biller nor money between people', async () => {
  world.partners.control('city-power', { delayMs: 300 })
  startWorkers()
  const slow = await Promise.all(Array.from({ length: 80 }, () => world.heldBill(amina, 'city-power', 100n)))
  for (const id of slow) ring(id, 'city-power')
  const [send, water] = [
    await world.heldSend(amina, juma, 10_000n),
    await world.heldBill(amina, 'city-water', 100n, '1234567'),
  ]
  ring(send)
  ring(water, 'city-water')
  expect(await settlement.waitFor(send, 5_000)).toBe('SETTLED')
  expect(await settlement.waitFor(water, 5_000)).toBe('SETTLED')
  const unfinished = await Promise.all(slow.map((id) => world.stateOf(id)))
  expect(unfinished).toContain('HELD')
  startSweeper()
  for (const id of slow) expect(await settlement.waitFor(id, 10_000)).toBe('SETTLED')
})

test('a job holds an id and nothing else', async () => {
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  ring(id, 'city-power')
  await expect.poll(() => waitingJobs('settlement-city-power')).toBe(1)
  const client = new Redis(redis.url)
  const key = `${redis.prefix}:settlement-city-power:${id}-1`
  expect(await client.hget(key, 'data')).toBe(JSON.stringify({ id }))
  client.disconnect()
})

test('a failing settlement is reported, does not stop the worker, and is tried again', async () => {
  let broken = true
  const receipts = {
    ...world.services.receipts,
    settledAll: (...args: Parameters<typeof world.services.receipts.settledAll>) =>
      broken ? Promise.reject(new Error('outbox away')) : world.services.receipts.settledAll(...args),
  }
  const services = { ...world.services, receipts }
  workers = startSettlementWorkers({ store: options().store, services, events: services.events as never })
  const id = await world.heldSend(amina, juma, 10_000n)
  const before = world.failures.length
  ring(id)
  await expect.poll(() => world.failures.length).toBeGreaterThan(before)
  expect(await world.stateOf(id)).toBe('HELD')
  broken = false
  await world.age(id, 6)
  startSweeper()
  expect(await settlement.waitFor(id, 5_000)).toBe('SETTLED')
})

test('with Redis away, ringing, waiting and closing neither throw nor hang', async () => {
  const errors: Error[] = []
  const nowhere = {
    ...options(),
    store: { redisUrl: 'redis://127.0.0.1:1', prefix: 'none' },
    onError: (error: Error) => void errors.push(error),
  }
  const away = openSettlement(nowhere)
  const orphans = startSettlementWorkers({
    store: nowhere.store,
    services: world.services,
    events: world.services.events as never,
  })
  const id = await world.heldSend(amina, juma, 10_000n)
  away.ring({ id, version: 1, biller: null })
  expect(await away.waitFor(id, 300)).toBeNull()
  const startedAt = Date.now()
  await Promise.all([away.close(), orphans.close()])
  expect(Date.now() - startedAt).toBeLessThan(8_000)
  expect(errors.length).toBeGreaterThan(0)
})

async function waitingJobs(name: string): Promise<number> {
  const queue = new Queue(name, { connection: { url: redis.url }, prefix: redis.prefix })
  try {
    return await queue.getWaitingCount()
  } finally {
    await queue.close()
  }
}
