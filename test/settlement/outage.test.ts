import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../scripts/local/process.ts'
import { isRedisInstalled } from '../../scripts/local/redis.ts'
import { openSettlement } from '../../src/settlement/queue.ts'
import { startSettlementSweeper } from '../../src/settlement/sweep.ts'
import { startSettlementWorkers } from '../../src/settlement/worker.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
let directory: string
let server: ChildProcess | null = null

beforeAll(async () => {
  world = await openSettlementWorld()
  directory = await mkdtemp(join(tmpdir(), 'redis-'))
})
afterAll(async () => {
  server?.kill('SIGKILL')
  await world?.drop()
  await rm(directory, { recursive: true, force: true })
})

async function startRedis(port: number): Promise<void> {
  server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory], {
    stdio: 'ignore',
  })
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null })
  redis.on('error', () => undefined)
  await redis.ping()
  redis.disconnect()
}

test.skipIf(!isRedisInstalled())(
  'Redis killed, empty when it comes back: what was confirmed meanwhile settles once',
  async () => {
    const port = await freePort(0)
    await startRedis(port)
    const store = { redisUrl: `redis://127.0.0.1:${port}`, prefix: 'outage' }
    const events = world.services.events as never
    const settlement = openSettlement({
      store,
      database: world.app,
      billers: world.services.billers.keys(),
      onError: () => undefined,
    })
    const workers = startSettlementWorkers({ store, services: world.services, events })
    const sweeper = startSettlementSweeper({ ...world.services, settlement, events }, 100)
    const [amina, juma] = [await world.person(100_000n), await world.person(0n)]

    const before = await world.heldSend(amina, juma, 10_000n)
    settlement.ring({ id: before, version: 1, biller: null })
    expect(await settlement.waitFor(before, 5_000)).toBe('SETTLED')

    server?.kill('SIGKILL')
    const during = await world.heldSend(amina, juma, 10_000n)
    settlement.ring({ id: during, version: 1, biller: null })
    expect(await settlement.waitFor(during, 500)).toBeNull()
    await startRedis(port)
    await world.age(during, 6)
    expect(await settlement.waitFor(during, 10_000)).toBe('SETTLED')
    expect(await world.receipts(during)).toHaveLength(1)

    server?.kill('SIGKILL')
    const startedAt = Date.now()
    await Promise.all([workers.close(), sweeper.close(), settlement.close()])
    expect(Date.now() - startedAt).toBeLessThan(5_000)
  },
  40_000,
)
