import { randomBytes, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimHop } from '../../src/conversations/hops.ts'
import { type PreviousDependencies, readPrevious } from '../../src/conversations/previous.ts'
import type { UssdDependencies } from '../../src/conversations/round.ts'
import { makeSessions, type UssdSession } from '../../src/conversations/sessions.ts'
import { makeUssdConversation, type UssdConversation } from '../../src/conversations/ussd.ts'
import type { SubscriberId } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { type Program, programFromJson, type Route } from '../../src/menu/program.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import type { Subscriber } from '../../src/subscribers/find.ts'
import type { Events } from '../../src/telemetry/events.ts'
import { compiled } from '../menu/support.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { openGuard } from '../support/open-guard.ts'
import { createTestRedis } from '../support/redis.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 10, 23, 11, 5)
const number = '+254700000001' as Msisdn
const amina: Subscriber = {
  ...{
    id: randomUUID() as SubscriberId,
    number,
    name: 'Amina Otieno',
    language: 'en',
    status: 'active',
    tier: 'basic',
    isAsked: false,
  },
  ...{ termsVersion: '1', restrictedUntil: null },
}

/** Of a program only what is asked about it. */
const offering: Program = programFromJson(JSON.stringify({ hash: 'offering', resume: { withinMs: 5 * MINUTE } }))
const silent: Program = programFromJson(JSON.stringify({ hash: 'silent', resume: null }))

let database: TestDatabase
let redis: Redis
let dependencies: PreviousDependencies
beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createTestRedis()
  redis = new Redis(store.url)
  const key = { id: 'aabbccdd', bytes: randomBytes(32), older: [] }
  const programs = [offering, silent]
  dependencies = {
    services: {
      database: database.app,
      sealer: makeSealer(key),
      billers: new Map(),
      messages: () => ({ render: (name) => name }),
    },
    sessions: makeSessions(redis, store.prefix, key),
    programs: {
      current: () => silent,
      find: async (hash) => programs.find((each) => each.hash === hash) ?? null,
      refresh: async () => undefined,
      close: async () => undefined,
    },
  }
})
afterAll(async () => {
  redis?.disconnect()
  await database?.drop()
})

/** Somebody who was asked for an amount a minute ago. */
const dropped: UssdSession = {
  ...{ id: randomUUID(), program: 'offering', callerId: amina.id, hop: 3, seen: { length: 0, mac: '' } },
  menu: {
    language: 'en',
    facts: { status: 'active', name: 'Amina Otieno', firstName: 'Amina', number },
    frames: [{ at: 'main.send', variables: {} }],
    history: [{ at: 'main.services', depth: 1, pages: [0], typed: '', undo: {} }],
    ...{
      away: false,
      state: 'shown',
      wrong: 0,
      pages: [0],
      next: null,
      say: null,
      channel: 'africastalking',
      typed: '',
    },
  },
  ...{ reply: { text: 'Amount:', end: false }, atMs: NOW - MINUTE, past: 'open' },
}

async function previousOf(session: UssdSession, subscriber: Subscriber = amina): Promise<string> {
  const name = dependencies.sessions.keyOf('africastalking', randomUUID())
  expect(await dependencies.sessions.write(name, 0, session)).toBe('written')
  expect(await dependencies.sessions.lastOf(number)).toBe(name)
  return (await readPrevious(dependencies, name, subscriber, NOW)).kind
}

test('a session that was dropped at a screen can go on, whether or not the network told of it', async () => {
  expect(await previousOf(dropped)).toBe('dropped')
  expect(await previousOf({ ...dropped, closed: true })).toBe('dropped')
  expect(await previousOf({ ...dropped, menu: { ...dropped.menu, state: 'offered' } })).toBe('dropped')
})

test.each<[string, Partial<UssdSession>]>([
  ['that ended', { reply: { text: 'Goodbye.', end: true } }],
  ['in which a PIN, a code or an answer was right', { past: 'secret' }],
  ['in which something was written', { past: 'write' }],
  ['that is older than its menus allow', { atMs: NOW - 5 * MINUTE - 1 }],
  ['of somebody else', { callerId: randomUUID() as SubscriberId }],
  ['whose menus offer nothing', { program: 'silent' }],
  ['whose menus nobody has any more', { program: 'gone' }],
  ['that was only dialled', { menu: { ...dropped.menu, history: [] } }],
])('a session %s cannot go on', async (_which, change) => {
  expect(await previousOf({ ...dropped, ...change })).toBe('none')
})

test('a session of somebody whose account changed since cannot go on', async () => {
  expect(await previousOf(dropped, { ...amina, status: 'closed' })).toBe('none')
})

test('a session with a hop that may still act cannot go on', async () => {
  const session = { ...dropped, id: randomUUID() }
  expect(await previousOf(session)).toBe('dropped')
  const hop = { hop: 4, conversation: 'any', callerMac: 'any', seen: { length: 5, mac: 'any' } }
  expect(await claimHop(database.app, dependencies.services.sealer, { ...hop, sessionId: session.id }, NOW)).toEqual({
    kind: 'claimed',
  })
  expect(await previousOf(session)).toBe('none')
})

test('a session whose transfer is stored while it is asked about cannot go on', async () => {
  const name = dependencies.sessions.keyOf('africastalking', randomUUID())
  await dependencies.sessions.write(name, 0, dropped)
  let asked = 0
  // The hop that is open at the first question has stored its transfer and is answered at the next.
  const moving = {
    query: async (statement: string | { readonly text: string }) => {
      asked += 1
      const isHop = (typeof statement === 'string' ? statement : statement.text).includes('ussd_hop')
      return isHop === (asked === 1) ? { rows: [{ reference: 'ABCDEFGHJK' }], rowCount: 1 } : { rows: [], rowCount: 0 }
    },
  } as unknown as PreviousDependencies['services']['database']
  const services = { ...dependencies.services, database: moving }
  expect((await readPrevious({ ...dependencies, services }, name, amina, NOW)).kind).toBe('transferred')
  expect(asked).toBeGreaterThan(1)
})

/** A conversation of Amina's over `program`; what failed is put into `failed`. */
function conversation(program: Program, actions: ReadonlyMap<string, unknown>, failed: unknown[]): UssdConversation {
  return makeUssdConversation({
    ...dependencies,
    services: { ...dependencies.services, findByNumber: async () => amina } as unknown as UssdDependencies['services'],
    programs: {
      ...dependencies.programs,
      current: () => program,
      find: async (hash) => (hash === program.hash ? program : dependencies.programs.find(hash)),
    },
    events: new Proxy({ hopFailed: ({ error }: { error: unknown }) => failed.push(error) } as unknown as Events, {
      get: (known, name) => Reflect.get(known, name) ?? (() => undefined),
    }),
    actions: actions as UssdDependencies['actions'],
    ...{ guard: openGuard, stopping: () => false, now: () => NOW, watch: null },
  })
}

test('a dropped session on menus that cannot be shown any more keeps nobody from dialling', async () => {
  const failed: unknown[] = []
  const { answer } = conversation(await compiled(), new Map(), failed)
  expect(await previousOf(dropped)).toBe('dropped')
  const dial = { aggregator: 'africastalking', sessionId: randomUUID(), msisdn: number, serviceCode: '*384#' }
  const reply = await answer({ ...dial, text: new Secret('') })
  expect(reply).toEqual({ text: expect.stringContaining('Send money'), end: false })
  expect(failed).toHaveLength(1)
})

test('a session at a confirmation that may have written cannot go on, though the confirmation is shown again', async () => {
  const program = await compiled()
  const confirm = program.screens['send.confirm']
  if (confirm?.kind !== 'confirm') return expect.fail('send.confirm is gone')
  const again: Route = { set: [], say: null, go: 'again' }
  const outcomes = { ...confirm.outcomes, failed: again, wrong_pin: again }
  const insisting = { ...program, screens: { ...program.screens, 'send.confirm': { ...confirm, outcomes } } }
  const pastAfter = async (outcome: string): Promise<string | undefined> => {
    const { sessions } = dependencies
    const sessionId = randomUUID()
    const name = sessions.keyOf('africastalking', sessionId)
    const variables = { payee: 'juma', name: 'Juma K.', to: '+254700000002', amount: '500', fee: '0' }
    const seen = { length: 0, mac: sessions.macOf(name, number, '') }
    const menu = { ...dropped.menu, frames: [{ at: 'send.confirm', variables }] }
    await sessions.write(name, 0, { ...dropped, id: randomUUID(), program: insisting.hash, seen, menu })
    const action = { contract: {}, run: async () => ({ outcome, values: { left: 2 } }) }
    const { answer } = conversation(insisting, new Map([['send-money', action]]), [])
    const hop = { aggregator: 'africastalking', sessionId, msisdn: number, serviceCode: '*384#' }
    expect(await answer({ ...hop, text: new Secret('73915') })).toMatchObject({ end: false })
    return (await sessions.read(name))?.session.past
  }
  expect(await pastAfter('wrong_pin')).toBe('open')
  expect(await pastAfter('failed')).toBe('write')
})

test.each([
  ['is not over where another process went on with it', 1, false],
  ['is over where none did', 0, true],
])('a dialogue of which the process where it began hears nothing more %s', async (_which, laterMs, isOver) => {
  const { sessions } = dependencies
  const sessionId = randomUUID()
  const name = sessions.keyOf('smpp', sessionId)
  const silentSinceMs = NOW - MINUTE
  await sessions.write(name, 0, { ...dropped, atMs: silentSinceMs + laterMs })
  const { end } = conversation(await compiled(), new Map(), [])
  await end({ aggregator: 'smpp', sessionId, msisdn: number, status: 'dropped', silentSinceMs })
  expect((await sessions.read(name))?.session.closed === true).toBe(isOver)
})

test('the newest of a number’s sessions is its last, and only its beginning makes it so', async () => {
  const { sessions } = dependencies
  const [older, newer] = [sessions.keyOf('africastalking', 'older'), sessions.keyOf('africastalking', 'newer')]
  await sessions.write(older, 0, dropped)
  await sessions.write(newer, 0, dropped)
  await sessions.write(older, 1, dropped)
  expect(await sessions.lastOf(number)).toBe(newer)
  expect(await sessions.lastOf('+254700000002' as Msisdn)).toBeNull()
})

test('of sessions that begin, take another’s place and go on at the same moment, each becomes its own subscriber’s last', async () => {
  const { sessions } = dependencies
  const people = Array.from({ length: 6 }, (_, n) => ({
    number: `+25470000010${n}` as Msisdn,
    name: sessions.keyOf('smpp', `person ${n}`),
    dialled: n % 3,
  }))
  const sessionOf = (of: Msisdn): UssdSession => ({
    ...dropped,
    menu: { ...dropped.menu, facts: { ...dropped.menu.facts, number: of } },
  })
  for (const { number: of, name, dialled } of people)
    if (dialled > 0) await sessions.write(name, 0, { ...sessionOf(of), callerId: null })
  await Promise.all(
    people.map(({ number: of, name, dialled }) =>
      // Begins; begins in the place of another; goes on.
      sessions.write(name, Math.min(dialled, 1), sessionOf(of), dialled < 2),
    ),
  )
  for (const { number: of, name, dialled } of people) expect(await sessions.lastOf(of)).toBe(dialled < 2 ? name : null)
})

test('who is not on file has no last session, and no key of Redis tells a number', async () => {
  const stranger = '+254700000009' as Msisdn
  const { sessions } = dependencies
  const facts = { ...dropped.menu.facts, number: stranger }
  const menu = { ...dropped.menu, facts }
  await sessions.write(sessions.keyOf('africastalking', 'stranger'), 0, { ...dropped, callerId: null, menu })
  expect(await sessions.lastOf(stranger)).toBeNull()
  expect((await redis.keys('*')).join(' ')).not.toContain('2547')
})
