import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TransferId } from '../../src/domain/ids.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { tellRest } from '../../src/settlement/breakers.ts'
import { readPartners } from '../../src/settlement/partners.ts'
import { settleTransfer } from '../../src/settlement/settle-transfer.ts'
import { countTroubled, listTroubled } from '../../src/settlement/troubled.ts'
import type { Person } from '../ledger/world.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
let amina: Person

beforeAll(async () => {
  // A rest is longer than any test: it ends where a test says so.
  world = await openSettlementWorld({ unknownsToOpen: 5, restMs: 60_000, longestRestMs: 240_000, probeMs: 60_000 })
})
beforeEach(async () => {
  await world.owner.query('DELETE FROM partner_breaker')
  amina = await world.person(100_000n)
})
afterEach(async () => {
  for (const id of world.services.billers.keys()) world.partners.control(id, {})
  expect(await proveBalances(world.app)).toEqual([])
})
afterAll(() => world?.drop())

const settle = (id: TransferId) => settleTransfer(world.services, id)
const power = (): Promise<TransferId> => world.heldBill(amina, 'city-power', 1_000n)
const standing = async () => (await readPartners(world.app, ['city-power'])).find((p) => p.partner === 'city-power')
const received = (id: string): number =>
  world.partners.payments().find(({ reference }) => reference === id)?.received ?? 0

/** As if the rest, or the probe's time, were over. */
const rested = () => world.owner.query('UPDATE partner_breaker SET until = now()')

/** Five bills that City Power takes without a word. */
async function open(): Promise<TransferId[]> {
  world.partners.control('city-power', { silent: true })
  const ids = await Promise.all(Array.from({ length: 5 }, power))
  await Promise.all(ids.map(settle))
  return ids
}

describe('a partner that says nothing five times', () => {
  test('rests: a bill waits HELD and unsent, and is tried alone once the rest is over', async () => {
    await open()
    expect(await standing()).toMatchObject({ breaker: 'open', until: expect.any(Date) })
    const [first, second] = [await power(), await power()]
    expect(await Promise.all([settle(first), settle(second)])).toEqual([{ kind: 'idle' }, { kind: 'idle' }])
    expect([await world.stateOf(first), received(first)]).toEqual(['HELD', 0])
    expect((await balanceOf(world.app, amina.id)).held).toBe(7_000n)

    await rested()
    await Promise.all([settle(first), settle(second)])
    const states = await Promise.all([first, second].map(world.stateOf))
    expect(states.sort()).toEqual(['HELD', 'IN_DOUBT'])
    expect(await standing()).toMatchObject({ breaker: 'open' })
  })

  test('works again: what waited is rung for at once, and each bill is paid once', async () => {
    const doubtful = await open()
    const waiting = [await power(), await power(), await power()]
    for (const id of waiting) await settle(id)
    world.partners.control('city-power', {})
    await rested()
    const [probe = waiting[0] as TransferId, ...others] = waiting
    expect(await settle(probe)).toEqual({ kind: 'moved', to: 'SETTLED' })
    expect(await standing()).toMatchObject({ breaker: 'closed', until: null })
    const { rows } = await world.app.query<{ due: boolean }>(
      'SELECT ring_at <= now() AS due FROM transfer WHERE id = ANY($1)',
      [others],
    )
    expect(rows).toEqual([{ due: true }, { due: true }])
    for (const id of others) expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
    for (const id of doubtful) {
      await world.age(id, 10)
      expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
    }
    expect([...waiting, ...doubtful].map(received)).toEqual(Array.from({ length: 8 }, () => 1))
  })

  test('an answered question ends its rest', async () => {
    const [doubtful = '' as TransferId] = await open()
    world.partners.control('city-power', {})
    await world.age(doubtful, 10)
    expect(await settle(doubtful)).toEqual({ kind: 'moved', to: 'SETTLED' })
    expect(await settle(await power())).toEqual({ kind: 'moved', to: 'SETTLED' })
    expect(await standing()).toMatchObject({ breaker: 'closed' })
  })

  test('says at the menu that it is not available, and no other biller does', async () => {
    await open()
    const billers = tellRest(world.services.billers, world.app)
    expect(await billers.get('city-power')?.check('12345678901')).toEqual({ kind: 'unavailable' })
    expect((await billers.get('city-water')?.check('1234567'))?.kind).toBe('known')
    await rested()
    world.partners.control('city-power', {})
    expect((await billers.get('city-power')?.check('12345678901'))?.kind).toBe('known')
  })

  test('holds up no other partner and no deadline: what was never sent is given back after a day', async () => {
    await open()
    const water = await world.heldBill(amina, 'city-water', 1_000n, '1234567')
    expect(await settle(water)).toEqual({ kind: 'moved', to: 'SETTLED' })
    const late = await power()
    await settle(late)
    await world.age(late, 86_500)
    expect(await settle(late)).toEqual({ kind: 'moved', to: 'REJECTED' })
    expect(await world.receipts(late)).toMatchObject([{ kind: 'rejected' }])
  })
})

test('with breakers that cannot be kept, an answer still counts', async () => {
  const id = await power()
  const breakers = {
    ...world.services.breakers,
    learn: world.services.breakers.learn,
    admit: async () => ({ kind: 'admitted' }) as const,
  }
  await world.owner.query('ALTER TABLE partner_breaker RENAME TO away')
  try {
    expect(await settleTransfer({ ...world.services, breakers }, id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  } finally {
    await world.owner.query('ALTER TABLE away RENAME TO partner_breaker')
  }
})

describe('transfers in trouble', () => {
  const listed = async (id: TransferId) => (await listTroubled(world.app, 1_000)).find((each) => each.id === id)

  test('one that just began is none, one that waits two minutes is', async () => {
    const juma = await world.person(0n)
    const id = await world.heldSend(amina, juma, 1_000n)
    expect(await listed(id)).toBeUndefined()
    await world.age(id, 121)
    expect(await listed(id)).toMatchObject({
      kind: 'send',
      state: 'HELD',
      biller: null,
      why: 'waits_long',
      attempts: 0,
    })
    await settle(id)
    expect(await listed(id)).toBeUndefined()
  })

  test('one in doubt, with what was last said and how often it was asked', async () => {
    world.partners.control('city-power', { silent: true })
    const id = await power()
    await settle(id)
    await world.age(id, 10)
    await settle(id)
    expect(await listed(id)).toEqual({
      ...{
        id,
        reference: expect.stringMatching(/^[A-Z2-9]{10}$/),
        kind: 'bill',
        state: 'IN_DOUBT',
        biller: 'city-power',
      },
      ...{
        why: 'in_doubt',
        reason: 'timeout',
        ageMs: expect.any(Number),
        attempts: 2,
        nextAttemptAt: expect.any(Date),
      },
    })
  })

  test('one whose partner rests', async () => {
    await open()
    const id = await power()
    await settle(id)
    expect(await listed(id)).toMatchObject({ state: 'HELD', why: 'partner_rests', attempts: 0 })
  })

  test('one that is rung for again and again without moving', async () => {
    const id = await world.heldBill(amina, 'green-school', 1_000n, '12345678')
    for (let ring = 0; ring < 4; ring += 1) {
      await world.age(id, 20)
      await world.owner.query('UPDATE transfer SET ring_at = now(), version = version + 1 WHERE id = $1', [id])
      await world.app.query('SELECT FROM ledger_take_due(500)')
    }
    expect(await listed(id)).toMatchObject({ why: 'retried_often' })
  })

  test('one that people must decide stands before all others, and the counts say the same', async () => {
    world.partners.control('city-power', { silent: true })
    const id = await power()
    await settle(id)
    await world.age(id, 86_500)
    await settle(id)
    expect((await listTroubled(world.app, 1))[0]).toMatchObject({
      id,
      state: 'REVIEW',
      why: 'review',
      nextAttemptAt: null,
    })
    const counts = await countTroubled(world.app)
    const list = await listTroubled(world.app, 1_000)
    expect(Object.fromEntries(counts.map(({ why, count }) => [why, count]))).toEqual(
      Object.fromEntries(
        [...new Set(list.map(({ why }) => why))].map((why) => [why, list.filter((each) => each.why === why).length]),
      ),
    )
    expect((await standing())?.open).toContainEqual({ state: 'REVIEW', count: 1, oldestS: expect.any(Number) })
  })
})
