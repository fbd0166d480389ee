import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Job, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../scripts/local/process.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { connectionTo, openBell } from '../../src/redis/bell.ts'
import { storeProblems } from '../../src/redis/store-settings.ts'
import { openSettlement, type Settlement } from '../../src/settlement/queue.ts'
import { sweepTransfers } from '../../src/settlement/sweep.ts'
import { type SettlementWorkers, settlementJobs, startSettlementWorkers } from '../../src/settlement/worker.ts'
import type { Person } from '../ledger/world.ts'
import { needsRedis } from '../support/needs.ts'
import { createTestRedis, type TestRedis } from '../support/redis.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

// Each way in which the queue was seen to fail, and what makes it harmless.

needsRedis()

let world: SettlementWorld
let redis: TestRedis
let settlement: Settlement
let workers: SettlementWorkers | null = null
let amina: Person
let juma: Person

beforeAll(async () => {
  world = await openSettlementWorld()
  redis = await createTestRedis()
})
beforeEach(async () => {
  await redis.flush()
  settlement = openSettlement({
    ...{ store: store(), database: world.app, billers: world.services.billers.keys(), onError: () => undefined },
  })
  amina = await world.person(100_000n)
  juma = await world.person(0n)
})
afterEach(async () => {
  await workers?.close()
  await settlement.close()
  workers = null
})
afterAll(() => world?.drop())

const store = () => ({ redisUrl: redis.url, prefix: redis.prefix })
const ring = (id: TransferId): void => settlement.ring({ id, version: 1, biller: null })
const startWorkers = (): void => {
  workers = startSettlementWorkers({ store: store(), services: world.services, events: world.services.events as never })
}

/** Another process's worker that takes a job, with a lock as ours has, and is killed or frozen with it. */
async function takenByTheDead<T>(work: (job: Job, token: string) => Promise<T>): Promise<T> {
  const dead = new Worker('settlement', null, {
    ...{
      connection: { url: redis.url },
      prefix: redis.prefix,
      lockDuration: settlementJobs.lockDuration,
      autorun: false,
    },
  })
  try {
    const token = 'dead'
    await expect.poll(() => withQueue((queue) => queue.getWaitingCount())).toBe(1)
    return await work((await dead.getNextJob(token, { block: false })) as Job, token)
  } finally {
    await dead.close(true)
  }
}

async function withQueue<T>(work: (queue: Queue) => Promise<T>, name = 'settlement'): Promise<T> {
  const queue = new Queue(name, { connection: { url: redis.url }, prefix: redis.prefix })
  try {
    return await work(queue)
  } finally {
    await queue.close()
  }
}

test('a worker killed with a job: the job runs elsewhere once its short lock is over, without the sweeper', async () => {
  const id = await world.heldSend(amina, juma, 10_000n)
  ring(id)
  await takenByTheDead(async () => undefined)
  startWorkers()
  expect(await settlement.waitFor(id, 12_000)).toBe('SETTLED')
  expect(await world.receipts(id)).toHaveLength(1)
}, 20_000)

test('a job that the queue gave up: the same ring is deaf, and the sweeper brings it back under a new id', async () => {
  const id = await world.heldSend(amina, juma, 10_000n)
  ring(id)
  await takenByTheDead((job, token) =>
    job.moveToFailed(new Error('job stalled more than allowable limit'), token, false),
  )
  ring(id)
  startWorkers()
  expect(await settlement.waitFor(id, 500)).toBeNull()
  await world.age(id, 6)
  await sweepTransfers({ ...world.services, settlement, events: world.services.events as never })
  expect(await settlement.waitFor(id, 5_000)).toBe('SETTLED')
})

test('a finished id is kept, so a ring that comes again runs nothing', async () => {
  startWorkers()
  const id = await world.heldSend(amina, juma, 10_000n)
  ring(id)
  expect(await settlement.waitFor(id, 5_000)).toBe('SETTLED')
  const finishedOn = (queue: Queue) => queue.getJob(`${id}-1`).then((job: Job | undefined) => job?.finishedOn)
  await withQueue(async (queue) => {
    await expect.poll(() => finishedOn(queue)).toBeGreaterThan(0)
    const before = await finishedOn(queue)
    ring(id)
    // A later ring of another transfer has been heard, so this one has been too.
    const other = await world.heldSend(amina, juma, 10_000n)
    ring(other)
    expect(await settlement.waitFor(other, 5_000)).toBe('SETTLED')
    expect(await finishedOn(queue)).toBe(before)
    expect(await queue.getCompletedCount()).toBe(2)
  })
})

describe('a Redis of its own', () => {
  let directory: string
  let port: number
  let server: ChildProcess | null = null

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redis-'))
    port = await freePort(0)
  })
  afterEach(() => stop())
  afterAll(() => rm(directory, { recursive: true, force: true }))

  async function start(...settings: string[]): Promise<Redis> {
    server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, ...settings], {
      stdio: 'ignore',
    })
    const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null })
    client.on('error', () => undefined)
    await client.ping()
    return client
  }

  async function stop(): Promise<void> {
    const running = server
    server = null
    if (running === null) return
    const gone = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await gone
  }

  test('what is rung for while it is away fails at once, and does not appear when it is back', async () => {
    ;(await start('--save', '')).disconnect()
    const errors: Error[] = []
    const own = { redisUrl: `redis://127.0.0.1:${port}`, prefix: 'away' }
    const bell = openBell(own, ['settlement'], (error) => void errors.push(error))
    const rung = async (id: string): Promise<void> => {
      bell.ring({ queue: 'settlement', name: 'settle', data: { id }, opts: { jobId: id } })
      expect(await queue.getJob(id)).toBeDefined()
    }
    const queue = new Queue('settlement', { connection: connectionTo(own.redisUrl), prefix: own.prefix })
    queue.on('error', () => undefined)
    try {
      await vi.waitFor(() => rung('a-1'), 5_000)
      await stop()
      const before = errors.length
      await expect(rung('b-1')).rejects.toThrow()
      await expect.poll(() => errors.length).toBeGreaterThan(before)
      ;(await start('--save', '')).disconnect()
      await vi.waitFor(() => rung('c-1'), 10_000)
      expect(await queue.getJob('b-1')).toBeUndefined()
    } finally {
      await bell.close()
      await queue.close()
    }
  }, 30_000)

  test.each<[string, string[], RegExp[]]>([
    ['as it must be', ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'], []],
    [
      'as Debian ships it',
      ['--appendonly', 'no'],
      [/^appendonly is no, so a restart forgets every session and job; run: /],
    ],
    [
      'as a cache',
      ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'],
      [/^maxmemory-policy is allkeys-lru, so sessions and jobs can vanish .*; run: /, /^appendonly is no/],
    ],
  ])('set up %s, the start check says so', async (_what, settings, problems) => {
    const client = await start('--save', '', ...settings)
    try {
      const found = await storeProblems(client)
      expect(found).toHaveLength(problems.length)
      for (const [at, problem] of problems.entries()) expect(found[at]).toMatch(problem)
    } finally {
      client.disconnect()
    }
  })
})
