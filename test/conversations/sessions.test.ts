import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { countSessions, makeSessions, type Sessions, type UssdSession } from '../../src/conversations/sessions.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import type { MenuSession } from '../../src/menu/session.ts'
import { createTestRedis } from '../support/redis.ts'

let redis: Redis
let sessions: Sessions

beforeAll(async () => {
  const store = await createTestRedis()
  redis = new Redis(store.url)
  sessions = makeSessions(redis, store.prefix, { id: 'aabbccdd', bytes: randomBytes(32), older: [] })
})
afterAll(() => redis.disconnect())

const menu: MenuSession = {
  language: 'en',
  channel: '',
  facts: { status: 'active', name: 'Amina Otieno', firstName: 'Amina', number: '+254700000001' as Msisdn },
  frames: [{ at: 'main.services', variables: {} }],
  history: [],
  away: false,
  state: 'shown',
  wrong: 0,
  pages: [0],
  next: null,
  typed: '',
  say: null,
}

const session = (hop: number): UssdSession => ({
  id: 'b7c4',
  program: 'hash',
  callerId: null,
  menu,
  hop,
  seen: { length: 0, mac: '' },
  reply: { text: `screen ${hop}`, end: false },
  atMs: 1_795_431_900_000,
  past: 'open',
})

test('a session reads back as it was written', async () => {
  const name = sessions.keyOf('africastalking', 'one')
  expect(await sessions.read(name)).toBeNull()
  expect(await sessions.write(name, 0, session(1))).toBe('written')
  expect(await sessions.read(name)).toEqual({ revision: 1, session: session(1) })
})

test('of two that begin or go on from the same revision one wins, and the other gets what the winner wrote', async () => {
  const name = sessions.keyOf('africastalking', 'two')
  const begun = await Promise.all([sessions.write(name, 0, session(1)), sessions.write(name, 0, session(2))])
  expect(begun.filter((result) => result === 'written')).toHaveLength(1)
  expect(begun.find((result) => result !== 'written')).toEqual(await sessions.read(name))
  const went = await Promise.all([3, 4, 5].map((hop) => sessions.write(name, 1, session(hop))))
  expect(went.filter((result) => result === 'written')).toHaveLength(1)
  expect((await sessions.read(name))?.revision).toBe(2)
})

test('what Redis lost in the middle of a hop is written anew', async () => {
  const name = sessions.keyOf('africastalking', 'three')
  expect(await sessions.write(name, 7, session(8))).toBe('written')
})

test('Redis holds neither the number, nor the session id, nor the words of a screen', async () => {
  const name = sessions.keyOf('africastalking', 'ATUid_four')
  await sessions.write(name, 0, session(1))
  const stored = `${name}${(await redis.getBuffer(name))?.toString('latin1')}`
  for (const open of ['254700000001', 'ATUid_four', 'screen', '384']) expect(stored).not.toContain(open)
  expect(await redis.pttl(name)).toBeGreaterThan(500_000)
})

test('a session sealed under one name cannot be read under another', async () => {
  const [one, other] = [sessions.keyOf('africastalking', 'five'), sessions.keyOf('africastalking', 'six')]
  await sessions.write(one, 0, session(1))
  await redis.set(other, (await redis.getBuffer(one)) ?? '')
  await expect(sessions.read(other)).rejects.toThrow()
})

test('sessions that share a command each get their own answer', async () => {
  const names = Array.from({ length: 150 }, (_, n) => sessions.keyOf('africastalking', `shared ${n}`))
  await Promise.all(names.filter((_, n) => n % 3 === 0).map((name) => sessions.write(name, 0, session(100))))
  const results = await Promise.all(names.map((name, n) => sessions.write(name, 0, session(n))))
  const read = await Promise.all(names.map((name) => sessions.read(name)))
  for (const [n, result] of results.entries()) {
    if (n % 3 === 0) expect(result).toEqual({ revision: 1, session: session(100) })
    else expect(result).toBe('written')
    expect(read[n]?.session.hop).toBe(n % 3 === 0 ? 100 : n)
  }
})

test('a write whose answer was lost counts as written once it is found to have arrived', async () => {
  const store = await createTestRedis()
  const lossy = new Redis(store.url)
  const own = makeSessions(lossy, store.prefix, { id: 'aabbccdd', bytes: randomBytes(32), older: [] })
  const scripted = lossy as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
  const command = scripted.nyotaCompareAndSetBuffer
  let lost = 0
  scripted.nyotaCompareAndSetBuffer = async (...given) => {
    const answer = await command?.apply(lossy, given)
    if (lost++ === 0) throw new Error('the answer was lost')
    return answer
  }
  const names = ['one', 'two'].map((id) => own.keyOf('africastalking', `lossy ${id}`))
  expect(await Promise.all(names.map((name) => own.write(name, 0, session(1))))).toEqual(['written', 'written'])
  expect(lost).toBe(3)
  lossy.disconnect()
})

describe('the live sessions of a program are counted', () => {
  const on = (program: string, hop: number, changes: Partial<UssdSession> = {}): UssdSession => ({
    ...session(hop),
    program,
    ...changes,
  })
  let prefix = ''
  let own: Sessions
  let counted: Redis

  beforeEach(async () => {
    const store = await createTestRedis()
    prefix = store.prefix
    counted = new Redis(store.url)
    own = makeSessions(counted, prefix, { id: 'aabbccdd', bytes: randomBytes(32), older: [] })
  })
  afterEach(() => counted.disconnect())
  const live = () => countSessions(counted, prefix, ['old', 'new', 'none'])

  test('from the first answer to the last, each once, whichever way they end', async () => {
    const names = ['one', 'two', 'three'].map((id) => own.keyOf('africastalking', id))
    const [one = '', two = '', three = ''] = names
    await Promise.all([
      own.write(one, 0, on('old', 1)),
      own.write(two, 0, on('old', 1)),
      own.write(three, 0, on('new', 1)),
    ])
    expect(await live()).toEqual([2, 1, 0])
    await own.write(one, 1, on('old', 2))
    expect(await live()).toEqual([2, 1, 0])
    await own.write(one, 2, on('old', 3, { reply: { text: 'Bye', end: true } }))
    await own.write(three, 1, on('new', 1, { closed: true }))
    expect(await live()).toEqual([1, 0, 0])
  })

  test('not by a copy that lost', async () => {
    const name = own.keyOf('africastalking', 'raced')
    await own.write(name, 0, on('new', 1, { reply: { text: 'Bye', end: true } }))
    await own.write(name, 0, on('old', 1))
    expect(await live()).toEqual([0, 0, 0])
  })

  test('until their time is over, and nothing of them stays', async () => {
    await own.write(own.keyOf('africastalking', 'dropped'), 0, on('old', 1))
    const name = own.keyOf('africastalking', 'dropped')
    expect(await live()).toEqual([1, 0, 0])
    expect(await counted.pttl(name)).toBeLessThanOrEqual(10 * 60_000)
    await counted.pexpire(name, 0)
    expect(await live()).toEqual([0, 0, 0])
  })

  test('and are none when Redis has lost everything', async () => {
    await own.write(own.keyOf('africastalking', 'lost'), 0, on('old', 1))
    await counted.flushdb()
    expect(await live()).toEqual([0, 0, 0])
  })
})
