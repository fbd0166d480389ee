import { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type FakeNetwork, startFakeNetwork } from '../../scripts/fakes/network.ts'
import type { SmppLink } from '../../src/aggregators/smpp/link.ts'
import { openSmsBell, type SmsBell } from '../../src/sms/queue.ts'
import { recordDelivery } from '../../src/sms/record-delivery.ts'
import { sweepSms } from '../../src/sms/sweep.ts'
import { type SmsWorker, startSmsWorker } from '../../src/sms/worker.ts'
import { linkTo, pause, until } from '../aggregators/smpp/support.ts'
import { createTestRedis, type TestRedis } from '../support/redis.ts'
import { JUMA, makeLink, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
let redis: TestRedis
let bell: SmsBell
let worker: SmsWorker | null
const errors: Error[] = []

beforeAll(async () => {
  world = await makeWorld()
  redis = await createTestRedis()
})
beforeEach(() => {
  errors.length = 0
  worker = null
  bell = openSmsBell(store(), (error) => errors.push(error))
})
afterEach(async () => {
  await worker?.close()
  await bell.close()
})
afterAll(() => world.db.drop())

function store(): { redisUrl: string; prefix: string } {
  return { redisUrl: redis.url, prefix: redis.prefix }
}

function start(options: { sweepEveryMs?: number; concurrency?: number } = {}): void {
  worker = startSmsWorker(world.services, {
    store: store(),
    bell,
    onError: (error) => errors.push(error),
    sweepEveryMs: 60_000,
    ...options,
  })
}

async function delivered(id: string): Promise<void> {
  const endMs = Date.now() + 10_000
  while ((await world.stateOf(id)) !== 'sent') {
    if (Date.now() > endMs) throw new Error(`message is ${await world.stateOf(id)}`)
    await pause(10)
  }
}

test('a ring sends the message', async () => {
  const link = makeLink('mno1')
  world.services.links = [link]
  start()
  const queued = await world.enqueue()
  bell.ring(queued)
  bell.ring(queued)
  await delivered(queued.id)
  await pause(50)
  expect(link.sent).toHaveLength(1)
})

test('a job carries an id and nothing else', async () => {
  const queued = await world.enqueue({ body: { kind: 'text', text: 'canary' } })
  bell.ring(queued)
  const queue = new Queue('sms', { connection: { url: redis.url }, prefix: redis.prefix })
  let job = await queue.getJob(`${queued.id}-1`)
  for (let tries = 0; tries < 100 && !job; tries += 1) {
    await pause(10)
    job = await queue.getJob(`${queued.id}-1`)
  }
  await queue.close()
  expect(job?.data).toEqual({ id: queued.id })
})

test('what Redis lost is rung again, and sent once', async () => {
  const link = makeLink('mno1')
  world.services.links = [link]
  const rows = await Promise.all([1, 2, 3].map(() => world.enqueue()))
  for (const row of rows) bell.ring(row)
  await pause(100)
  await redis.flush()
  for (const { id } of rows) await world.age(id, 11)
  start({ sweepEveryMs: 50 })
  await Promise.all(rows.map(({ id }) => delivered(id)))
  expect(rows.map(({ id }) => link.sent.filter((message) => message.id === id).length)).toEqual([1, 1, 1])
})

test('a sweep rings what is due, under a new version, and nothing twice', async () => {
  const rung: { id: string; version: number }[] = []
  const listening: SmsBell = { ring: (row) => void rung.push(row), close: async () => undefined }
  const due = await world.enqueue()
  const early = await world.enqueue()
  await world.age(due.id, 11)
  await Promise.all([1, 2, 3].map(() => sweepSms(world.db.app, listening)))
  expect(rung.filter(({ id }) => id === due.id)).toEqual([
    expect.objectContaining({ id: due.id, version: 2, priority: 'receipt' }),
  ])
  expect(rung.filter(({ id }) => id === early.id)).toEqual([])
})

test('codes overtake receipts that wait', async () => {
  const link = makeLink('mno1')
  world.services.links = [link]
  const receipts = await Promise.all(Array.from({ length: 20 }, () => world.enqueue()))
  for (const row of receipts) bell.ring(row)
  const code = await world.enqueue({ body: { kind: 'code', challengeId: 'c1', text: 'Code {code}' } })
  bell.ring(code)
  // Whatever receipt is under way when the worker begins stays so until the code has gone.
  let codeGone: () => void = () => undefined
  const untilCodeGone = new Promise<void>((resolve) => {
    codeGone = resolve
  })
  const { send } = link
  link.send = async (message) => {
    const sent = send(message)
    if (message.id === code.id) codeGone()
    else await untilCodeGone
    return sent
  }
  await pause(200)
  start({ concurrency: 1 })
  await Promise.all([...receipts, code].map(({ id }) => delivered(id)))
  expect(
    link.sent
      .filter((message) => [...receipts, code].some(({ id }) => id === message.id))
      .map((message) => message.id)
      .indexOf(code.id),
  ).toBeLessThanOrEqual(1)
})

test('without Redis ringing neither throws nor waits, and closing takes moments', async () => {
  const lonely = openSmsBell({ redisUrl: 'redis://127.0.0.1:1', prefix: 'x:' }, (error) => errors.push(error))
  const startMs = Date.now()
  lonely.ring({ id: 'i', version: 1 })
  await lonely.close()
  expect(Date.now() - startMs).toBeLessThan(6_000)
})

test('a delivery that throws is told as such, and not as a store that is away', async () => {
  const link = makeLink('mno1', {
    script: () => {
      throw new Error('a bug')
    },
  })
  world.services.links = [link]
  start()
  bell.ring(await world.enqueue())
  await until(() => world.failures.length > 0, 'the failure is told')
  expect(world.failures).toEqual([new Error('a bug')])
  expect(errors).toEqual([])
})

test('closing waits for a message under way', async () => {
  const link = makeLink('mno1')
  link.script = async () => {
    await pause(500)
    return { kind: 'accepted', providerIds: ['slow'], segments: 1 }
  }
  world.services.links = [link]
  start()
  const queued = await world.enqueue()
  bell.ring(queued)
  await until(() => link.sent.some((message) => message.id === queued.id), 'the link is asked')
  await worker?.close()
  expect(await world.stateOf(queued.id)).toBe('sent')
})

test('from the outbox to the phone over SMPP, and the receipts back, through a lost connection', async () => {
  const network: FakeNetwork = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
  const recorded: Promise<unknown>[] = []
  const { link, heard }: { link: SmppLink; heard: { reports: unknown[] } } = linkTo(network.smppPort, {}, (report) => {
    const done = recordDelivery(world.services, report)
    recorded.push(done)
    return done
  })
  try {
    await until(() => link.isUp(), 'bound')
    world.services.links = [link]
    start({ sweepEveryMs: 50 })
    network.behave({ receiptEarly: true, receiptTwice: true, ids: 'hex-then-decimal', receipts: 'both' })
    const before = network.messages(JUMA).length
    const text = `${'You sent KES 1,250 to Wanjirũ. '.repeat(6)}`
    const rows = await Promise.all(
      Array.from({ length: 30 }, () => world.enqueue({ to: JUMA, body: { kind: 'text', text } })),
    )
    for (const row of rows) bell.ring(row)
    await network.waitForMessages(JUMA, before + 10)
    network.dropLinks()
    const endMs = Date.now() + 40_000
    let states: (string | undefined)[] = []
    do {
      for (const { id } of rows) if ((await world.stateOf(id)) === 'queued') await world.age(id, 5)
      states = await Promise.all(rows.map(({ id }) => world.stateOf(id)))
    } while (Date.now() < endMs && states.some((state) => state !== 'delivered' && state !== 'unknown'))
    await Promise.all(recorded)
    // Each went to the phone at most once: what was under way when the connection broke is unknown and was not repeated.
    const texts = network.messages(JUMA).slice(before)
    expect(texts.every((message) => message.text === text)).toBe(true)
    expect(texts.length).toBeLessThanOrEqual(rows.length)
    expect(states.filter((state) => state === 'delivered').length).toBeGreaterThanOrEqual(10)
    expect(new Set(states)).toEqual(new Set(states.includes('unknown') ? ['delivered', 'unknown'] : ['delivered']))
    expect(heard.reports.length).toBeGreaterThan(0)
  } finally {
    await worker?.close()
    await link.close()
    await network.close()
  }
}, 60_000)
