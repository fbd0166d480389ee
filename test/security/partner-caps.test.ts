import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../../scripts/dialogues/client.ts'
import { makeGuard } from '../../src/conversations/guard.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { type PartnerMoney, startPartnerMoney } from '../../src/security/partner-money.ts'
import type { PartnerCaps, PartnerTrust } from '../../src/security/partner-trust.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { amina, juma } = demoPeople
const NUMBER = '+254712345678' as Msisdn
const NONE: PartnerCaps = { dials: null, hops: null, hourly: null, daily: null }
const trusted = (partner: string, caps: Partial<PartnerCaps>): PartnerTrust => ({
  ...{ partner, calls: true, addresses: null, signatureKey: null, certificates: null, caps: { ...NONE, ...caps } },
})

let world: TestGateway
const opened: PartnerMoney[] = []
beforeAll(async () => {
  world = await startTestGateway({
    people: [amina, juma],
    env: { PARTNERS: 'partner:africastalking?hourly=150' },
  })
})
afterAll(async () => {
  for (const money of opened) await money.close()
  await world?.stop()
})

const capped: unknown[] = []
function startMoney(partner: string, caps: Partial<PartnerCaps>): PartnerMoney {
  const money = startPartnerMoney({
    ...{ database: world.database.app, trust: [trusted(partner, caps)], flushEveryMs: 60_000 },
    audit: { record: async () => undefined, recordAll: async () => undefined, verify: () => true },
    events: {
      partnerCapped: (event) => void capped.push(event),
      housekeepingFailed: ({ error }) => void capped.push(error),
    },
  })
  opened.push(money)
  return money
}

test('of five orders at once no more are confirmed than the cap allows, and the others are told that no money moved', async () => {
  const client = makeAfricasTalkingClient({ url: world.url, key: 'demo' })
  const ready: UssdSession[] = []
  for (const amount of ['40', '41', '42', '43', '44']) {
    const session = await dialAnew(client, amina.number)
    for (const input of ['1', juma.number, amount]) await session.answer(input)
    ready.push(session)
  }
  // Nothing of the cap is used up by a PIN that is wrong.
  const wrong = await dialAnew(client, juma.number)
  for (const input of ['1', amina.number, '149', '00000']) await wrong.answer(input)
  const answers = await Promise.all(ready.map((session) => session.answer(amina.pin ?? '')))
  expect(answers.filter((answer) => answer.startsWith('END Sent'))).toHaveLength(3)
  const refused = answers.filter((answer) => /^END We are busy. No money moved/.test(answer))
  expect(refused).toHaveLength(2)
  expect((await world.database.owner.query('SELECT FROM transfer')).rowCount).toBe(3)
  // The same bytes for a copy, and still no money.
  expect(await Promise.all(ready.map((session) => session.repeat()))).toEqual(answers)
  expect((await world.database.owner.query('SELECT FROM transfer')).rowCount).toBe(3)
  await expect
    .poll(
      async () =>
        (await world.database.owner.query(`SELECT FROM audit_event WHERE action = 'partner.capped'`)).rowCount,
    )
    .toBe(1)
})

describe('money caps', () => {
  test('hold over all processes once each has reported, also after a restart', async () => {
    const [one, other] = [startMoney('a', { hourly: 100n }), startMoney('a', { hourly: 100n })]
    expect(one.reserve('a', 60n)).toBeNull()
    await one.flush()
    await other.flush()
    expect([other.reserve('a', 41n), other.reserve('a', 40n), other.reserve('a', 1n)]).toEqual([
      'hourly',
      null,
      'hourly',
    ])
    await other.flush()
    const restarted = startMoney('a', { hourly: 100n })
    await restarted.flush()
    expect(restarted.reserve('a', 1n)).toBe('hourly')
  })

  test('give back what was not confirmed, and ring the alarm once', async () => {
    const money = startMoney('b', { daily: 100n })
    capped.length = 0
    expect(money.reserve('b', 100n)).toBeNull()
    expect([money.reserve('b', 1n), money.reserve('b', 1n)]).toEqual(['daily', 'daily'])
    await money.flush()
    money.release('b', 50n)
    await money.flush()
    expect([money.reserve('b', 50n), money.reserve('b', 1n)]).toEqual([null, 'daily'])
    expect(capped).toEqual([
      { partner: 'b', cap: 'daily', first: true },
      { partner: 'b', cap: 'daily', first: false },
      { partner: 'b', cap: 'daily', first: false },
    ])
  })

  test('count what lies in their hour and day, and nothing of another partner', async () => {
    const old = (minutes: number, amount: number) =>
      world.database.owner.query(
        `INSERT INTO partner_money (partner, minute, amount) VALUES ('c', date_trunc('minute', now()) - make_interval(mins => $1), $2)`,
        [minutes, amount],
      )
    await old(30, 10)
    await old(90, 20)
    await old(60 * 25, 1000)
    const money = startMoney('c', { hourly: 100n, daily: 105n })
    await money.flush()
    expect([money.reserve('c', 76n), money.reserve('c', 75n)]).toEqual(['daily', null])
    expect(money.reserve('d', 1_000_000n)).toBeNull()
  })

  test('are kept while PostgreSQL is away', async () => {
    const money = startPartnerMoney({
      database: { query: () => Promise.reject(new Error('away')) } as never,
      ...{ trust: [trusted('e', { hourly: 100n })], flushEveryMs: 60_000 },
      audit: { record: async () => undefined, recordAll: async () => undefined, verify: () => true },
      events: { partnerCapped: () => undefined, housekeepingFailed: () => undefined },
    })
    opened.push(money)
    expect(money.reserve('e', 80n)).toBeNull()
    await expect(money.flush()).rejects.toThrow('away')
    expect(money.reserve('e', 21n)).toBe('hourly')
  })
})

describe('velocity', () => {
  test('holds what is beyond dials and hops a second, of each partner for itself, of all, and dials of one number', () => {
    let nowMs = 1_000_000
    const told: unknown[] = []
    const guard = makeGuard({
      trust: new Map([trusted('a', { dials: 2, hops: 4 }), trusted('b', {})].map((each) => [each.partner, each])),
      limits: { dialsPerNumber: 3, hopsPerSecond: 100, machineSpeed: 'off' },
      ...{ isStopped: () => false, now: () => nowMs, money: { reserve: () => null, release: () => undefined } },
      events: { hopHeld: (event) => void told.push(event) },
    })
    expect([1, 2, 3].map(() => guard.hold('a', true))).toEqual([null, null, 'busy'])
    expect([1, 2, 3].map(() => guard.hold('a', false))).toEqual([null, null, 'busy'])
    expect(Array.from({ length: 50 }, () => guard.hold('b', true)).every((held) => held === null)).toBe(true)
    nowMs += 1000
    expect(guard.hold('a', true)).toBeNull()
    expect([1, 2, 3, 4].map(() => guard.mayBegin(NUMBER))).toEqual([true, true, true, false])
    expect(guard.mayBegin(`${NUMBER}1` as Msisdn)).toBe(true)
    nowMs += 59_000
    expect(guard.mayBegin(NUMBER)).toBe(true)
    expect(Array.from({ length: 101 }, () => guard.hold('b', false)).filter((held) => held !== null)).toEqual(['busy'])
    expect(told.slice(0, 2)).toEqual([
      { partner: 'a', why: 'busy' },
      { partner: 'a', why: 'busy' },
    ])
  })
})
