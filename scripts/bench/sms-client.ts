import { randomUUID } from 'node:crypto'
import type { SmsLink } from '../../src/aggregators/sms-link.ts'
import { type Database, openDatabase, type Queryable } from '../../src/database/database.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { startQueueWorker } from '../../src/redis/worker.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { enqueueSms, type QueuedSms } from '../../src/sms/outbox.ts'
import { openSmsBell, SMS_QUEUE } from '../../src/sms/queue.ts'
import { recordDelivery } from '../../src/sms/record-delivery.ts'
import { startSmsWorker } from '../../src/sms/worker.ts'
import { openBoundLink } from './bound-link.ts'

/**
 * The worker of `bench sms`, in a process of its own. First rings for as many rows that do not exist, with workers that do nothing: what BullMQ
 * alone can do. Then writes rows, rings, and waits until each was submitted. Prints what it took and where the time went.
 */
export type SmsResult = {
  readonly jobsPerSecond: number
  readonly rowsPerSecond: number
  /** From the ring to the submit's answer. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUs: number
  /** Milliseconds of waiting for one message, by what was waited for. */
  readonly waits: Readonly<Record<string, number>>
}

const CONCURRENCY = 64
const TEXT = 'You sent KES 1,250 to Juma K. Fee KES 13. Balance KES 3,737. Reference QX7T2M4K9A.'

const [port, total, pace, databaseUrl, redisUrl] = process.argv.slice(2)
const [count, perSecond] = [Number(total), Number(pace)]
const waits = new Map<string, number>()
const fail = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}
const database = timed(openDatabase(databaseUrl ?? '', { maxConnections: 16, applicationName: 'bench' }))
const sealer = makeSealer(makeKey(Buffer.alloc(32, 1)))
const store = { redisUrl: redisUrl ?? '', prefix: 'bench' }

const jobsPerSecond = await jobsAlone()
const rows: QueuedSms[] = []
const seed = async (): Promise<void> => {
  while (rows.length < count) {
    const to = `+2547${String(10_000_000 + rows.length)}` as Msisdn
    const body = { kind: 'text', text: TEXT } as const
    const sms = { factKey: randomUUID(), subscriberId: null, to, body, priority: 'receipt', expiresAt: null } as const
    const queued = await enqueueSms(database, sealer, sms)
    if (queued !== null) rows.push(queued)
  }
}
await Promise.all(Array.from({ length: 16 }, seed))

const opened = await openBoundLink(Number(port), 100, {
  onDeliveryReport: async (report) => void (await recordDelivery({ database, sealer }, report)),
  onMessage: async () => undefined,
})
const link: SmsLink = { ...opened, send: (message) => wait('submit', opened.send(message)) }
const rung = new Map<string, number>()
const latencies: number[] = []
let done = (): void => undefined
const all = new Promise<void>((resolve) => {
  done = resolve
})
const bell = openSmsBell(store, fail)
const events = {
  smsSubmitted({ id }: { id: string }) {
    latencies.push(performance.now() - (rung.get(id) ?? 0))
    if (latencies.length >= rows.length) done()
  },
  ...{ smsFailed: ({ error }: { error: unknown }) => fail(error), swept: () => undefined, sweepFailed: fail },
}
const quiet = { hours: null, timeZone: 'Africa/Nairobi', now: Date.now }
const otpKey = makeKey(Buffer.alloc(32, 2))
const services = { database, sealer, otpKey, links: [link], from: 'NYOTA', quiet, events }
const worker = startSmsWorker(services, { store, bell, concurrency: CONCURRENCY, sweepEveryMs: 600_000, onError: fail })
waits.clear()
const cpuFrom = process.cpuUsage()
const fromMs = performance.now()
// All at once, or as many a second as were asked for.
for (let next = 0; next < rows.length; ) {
  const owed = perSecond === 0 ? rows.length : Math.ceil(((performance.now() - fromMs) * perSecond) / 1000)
  for (; next < Math.min(owed, rows.length); next += 1) {
    const row = rows[next]
    if (row === undefined) continue
    rung.set(row.id, performance.now())
    bell.ring(row)
  }
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await all
const seconds = (performance.now() - fromMs) / 1000
const { user, system } = process.cpuUsage(cpuFrom)
const sorted = latencies.toSorted((a, b) => a - b)
const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
const result: SmsResult = {
  ...{ jobsPerSecond, rowsPerSecond: count / seconds, p50Ms: at(0.5), p99Ms: at(0.99), cpuUs: (user + system) / count },
  waits: Object.fromEntries([...waits].map(([name, ms]) => [name, ms / count])),
}
process.stdout.write(`${JSON.stringify(result)}\n`)
await worker.close()
await Promise.all([bell.close(), opened.close()])
await database.close()
process.exit(0)

async function jobsAlone(): Promise<number> {
  const bell = openSmsBell({ ...store, prefix: 'bench-alone' }, fail)
  let [seen, done] = [0, (): void => undefined]
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const worker = startQueueWorker(
    {
      ...{ store: { ...store, prefix: 'bench-alone' }, queues: [SMS_QUEUE], concurrency: CONCURRENCY },
      ...{ finishTimeoutMs: 1_000, onError: fail },
    },
    async () => {
      seen += 1
      if (seen === count) done()
    },
  )
  const fromMs = performance.now()
  for (let n = 0; n < count; n += 1) bell.ring({ id: randomUUID(), version: 1 })
  await all
  const jobs = (count * 1000) / (performance.now() - fromMs)
  await worker.close()
  await bell.close()
  return jobs
}

/** The same database, with what was waited for each statement by its name. */
function timed(database: Database): Database {
  const query: Queryable['query'] = (statement, values) =>
    wait(typeof statement === 'string' ? 'other' : (statement.name ?? 'other'), database.query(statement, values))
  return { ...database, query }
}

async function wait<Result>(name: string, work: Promise<Result>): Promise<Result> {
  const fromMs = performance.now()
  try {
    return await work
  } finally {
    waits.set(name, (waits.get(name) ?? 0) + performance.now() - fromMs)
  }
}
