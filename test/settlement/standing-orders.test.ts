import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database, Queryable } from '../../src/database/database.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { OLD_AFTER_MS, proveLedger } from '../../src/ledger/prove-ledger.ts'
import { MOST_ORDERS, runIdOf, type StandingOrder } from '../../src/ledger/standing-order.ts'
import { cancelOrder, skipRun } from '../../src/ledger/standing-run.ts'
import { numberContext, numberIndex } from '../../src/security/contexts.ts'
import { carryOutNext, type StandingServices } from '../../src/settlement/standing-orders.ts'
import { openStandingWorld, type Somebody, type StandingWorld, type Terms } from './standing-world.ts'

/** A Thursday: the first day of what is ordered here. */
const DAY = '2027-03-04'
const EVE = '2027-03-03 08:00'
const OPENING = `${DAY} 08:00`
const LATER = ['2027-03-11', '2027-03-18']

let world: StandingWorld
beforeAll(async () => {
  world = await openStandingWorld()
})
beforeEach(async () => {
  // Of the tests before nothing is due any more.
  await world.owner.query(
    `UPDATE standing_run SET state = 'skipped', reason = 'test', ended_at = now(), next_at = NULL WHERE ended_at IS NULL`,
  )
  world.rung.length = 0
  world.failures.length = 0
})
afterAll(async () => {
  expect(await proveBalances(world.app)).toEqual([])
  const proof = await proveLedger(world.app, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS })
  expect(proof.found.filter(({ grade }) => grade === 'wrong')).toEqual([])
  await world.drop()
})

type Case = { payer: Somebody; payee: Somebody; order: StandingOrder }

async function ordered(balance = 200_000n, terms: Partial<Terms> = {}): Promise<Case> {
  const [payer, payee] = [await world.somebody(balance), await world.somebody(0n)]
  return { payer, payee, order: await world.order(payer, payee, terms) }
}

/** Announced the day before, and now it is the day. */
async function announced(balance?: bigint, terms?: Partial<Terms>): Promise<Case> {
  const made = await ordered(balance, terms)
  world.at(EVE)
  expect(await world.work()).toBe(1)
  world.at(OPENING)
  return made
}

const ANNOUNCED = 'standing_tomorrow 50000 Juma K. *384*5*6*2#'

describe('an ordered transfer', () => {
  test('is announced the day before, held on its day under its run’s id, and due again a week later', async () => {
    const { payer, payee, order } = await ordered()
    world.at('2027-03-03 07:59')
    expect(await world.work()).toBe(0)
    world.at(EVE)
    expect(await world.work()).toBe(1)
    expect(await world.told(payer)).toEqual([ANNOUNCED])
    world.at(`${DAY} 07:59`)
    expect(await world.work()).toBe(0)
    world.at(OPENING)
    expect(await world.work()).toBe(1)
    const id = runIdOf(order.id, DAY)
    expect(world.rung).toEqual([{ id, version: 1, biller: null }])
    const { rows } = await world.owner.query(
      `SELECT kind, payer_id, payee_id, amount, fee, state FROM transfer WHERE id = $1`,
      [id],
    )
    expect(rows).toEqual([
      { kind: 'send', payer_id: payer.id, payee_id: payee.id, amount: 50_000n, fee: 700n, state: 'HELD' },
    ])
    expect(await world.heldOf(payer)).toBe(50_700n)
    expect(await world.runs(order)).toEqual([
      { due: DAY, state: 'sent', reason: null },
      { due: LATER[0], state: 'waiting', reason: null },
    ])
    expect(await world.work()).toBe(0)
    expect(await actionsOn(id)).toEqual(['standing.run'])
  })

  test('ends after its times, and the SMS before the last says so', async () => {
    const { payer, order } = await ordered(500_000n)
    for (const day of [DAY, ...LATER]) {
      world.at(`${dayBefore(day)} 09:00`)
      await world.work()
      world.at(`${day} 09:00`)
      await world.work()
    }
    world.at('2027-06-01 12:00')
    expect(await world.work()).toBe(0)
    expect((await world.runs(order)).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent'])
    expect((await world.told(payer)).map((text) => text.split(' ')[0])).toEqual([
      'standing_tomorrow',
      'standing_tomorrow',
      'standing_tomorrow_last',
    ])
  })

  test('of a day on which no worker ran is announced first, and made hours later', async () => {
    const { payer, order } = await ordered()
    world.at(`${DAY} 14:00`)
    expect(await world.work()).toBe(1)
    expect(await world.told(payer)).toEqual([`standing_soon 50000 Juma K. *384*5*6*2# ${DAY}`])
    expect(await world.work()).toBe(0)
    world.at(`${DAY} 16:59`)
    expect(await world.work()).toBe(0)
    world.at(`${DAY} 17:00`)
    expect(await world.work()).toBe(1)
    expect((await world.runs(order))[0]).toEqual({ due: DAY, state: 'sent', reason: null })
  })

  test('is not made when it was not announced, or too soon, or not as ordered, even by the application’s own hand', async () => {
    const { order } = await announced()
    const id = runIdOf(order.id, DAY)
    const sent = `UPDATE standing_run SET state = 'sent', next_at = NULL, ended_at = $2 WHERE id = $1`
    await expect(world.app.query(sent, [id, new Date('2027-03-04T08:00:00+03:00')])).rejects.toThrow('no transfer')
    await world.work()
    const next = runIdOf(order.id, LATER[0] ?? '')
    await expect(world.app.query(sent, [next, new Date('2027-03-11T08:00:00+03:00')])).rejects.toThrow('cannot go from')
    await expect(world.app.query(`UPDATE standing_run SET reason = 'x' WHERE id = $1`, [id])).rejects.toThrow(
      'cannot go from',
    )
    await expect(world.app.query(`DELETE FROM standing_run WHERE id = $1`, [id])).rejects.toThrow('permission denied')
    await expect(world.app.query(`UPDATE standing_order SET amount = 1`)).rejects.toThrow('permission denied')
    await expect(world.owner.query(`UPDATE standing_order SET amount = amount + 1`)).rejects.toThrow('nothing else')
  })
})

describe('whatever happens meanwhile', () => {
  test('two workers at once announce and make each once', async () => {
    const made: Case[] = []
    for (let n = 0; n < 6; n += 1) made.push(await ordered())
    for (const [now, count] of [
      [EVE, 6],
      [OPENING, 6],
    ] as const) {
      world.at(now)
      const counts = await Promise.all([world.work(), world.work(), world.work()])
      expect(counts.reduce((all, one) => all + one, 0)).toBe(count)
    }
    expect(world.failures).toEqual([])
    expect(world.rung).toHaveLength(6)
    for (const { payer, order } of made) {
      expect(await world.told(payer)).toEqual([ANNOUNCED])
      expect(await world.heldOf(payer)).toBe(50_700n)
      expect((await world.runs(order)).map(({ state }) => state)).toEqual(['sent', 'waiting'])
    }
  })

  // The last statement is the commit itself.
  test.each([EVE, OPENING])(
    'a worker that dies before any of its statements (%s) leaves nothing half done',
    async (now) => {
      const { payer, order } = now === EVE ? await ordered() : await announced()
      world.at(now)
      const [told, runs] = [await world.told(payer), await world.runs(order)]
      let died = 0
      for (let at = 1; died === at - 1; at += 1) {
        if (await diesAt(at)) died = at
        else break
        expect([await world.told(payer), await world.runs(order)]).toEqual([told, runs])
        expect(await world.heldOf(payer)).toBe(0n)
        await world.owner.query(`UPDATE standing_run SET next_at = '2027-03-01' WHERE ended_at IS NULL`)
      }
      expect(died).toBeGreaterThan(4)
      expect(await world.told(payer)).toEqual([ANNOUNCED])
      expect((await world.runs(order))[0]?.state).toBe(now === EVE ? 'announced' : 'sent')
    },
  )

  test('an order that was changed in the database is not carried out, and keeps nobody else waiting', async () => {
    const bad = await announced()
    await world.owner.query(`ALTER TABLE standing_order DISABLE TRIGGER guarded`)
    await world.owner.query(`UPDATE standing_order SET amount = 60000 WHERE id = $1`, [bad.order.id])
    await world.owner.query(`ALTER TABLE standing_order ENABLE TRIGGER guarded`)
    const good = await announcedToo()
    await world.work()
    expect(await world.heldOf(bad.payer)).toBe(0n)
    expect(await world.heldOf(good.payer)).toBe(50_700n)
    expect(String(world.failures)).toContain('is not what was confirmed')
  })

  test('what was cancelled or skipped is not made, and who cancels while it is made stops all that comes after', async () => {
    const cancelled = await announced()
    const skipped = await announcedToo()
    const racing = await announcedToo()
    const cancel = ({ payer, order }: Case): Promise<string> =>
      world.app.transaction((tx) => cancelOrder(tx, order.id, payer.id, 'cancelled by the payer'))
    const skip = ({ payer, order }: Case): Promise<string> =>
      world.app.transaction(
        async (tx) => (await skipRun(tx, world.sealer, runIdOf(order.id, DAY), payer.id, world.hours)).kind,
      )
    expect([await cancel(cancelled), await cancel(cancelled)]).toEqual(['cancelled', 'known'])
    expect([await skip(skipped), await skip(skipped), await skip(cancelled)]).toEqual(['skipped', 'known', 'gone'])
    expect(await cancel({ ...racing, payer: cancelled.payer })).toBe('gone')
    await Promise.all([world.work(), cancel(racing), world.work()])
    expect(await world.heldOf(cancelled.payer)).toBe(0n)
    expect(await world.heldOf(skipped.payer)).toBe(0n)
    expect(await world.runs(skipped.order)).toEqual([
      { due: DAY, state: 'skipped', reason: 'skipped by the payer' },
      { due: LATER[0], state: 'waiting', reason: null },
    ])
    const { rows } = await world.owner.query(
      `SELECT r.id FROM standing_run r JOIN standing_order o ON o.id = r.order_id WHERE o.cancelled_at IS NOT NULL AND r.ended_at IS NULL`,
    )
    expect(rows).toEqual([])
  })

  /** Another one that is announced already, while the day has come. */
  async function announcedToo(): Promise<Case> {
    const made = await ordered()
    world.at(EVE)
    await world.work()
    world.at(OPENING)
    return made
  }
})

describe('an order that is confirmed', () => {
  test('twice is one, with other content under its id is a conflict, and beyond ten is too many', async () => {
    const { payer, payee, order } = await ordered()
    expect(await world.store(order)).toBe('known')
    expect(await world.store({ ...order, amount: '1' })).toBe('conflict')
    const more = await Promise.allSettled(Array.from({ length: MOST_ORDERS }, () => world.order(payer, payee)))
    expect(more.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST_ORDERS - 1)
  })
})

describe('what is refused on its day', () => {
  const change = (sql: string, ...values: unknown[]): Promise<unknown> => world.owner.query(sql, values)
  const MONTH = `'2027-04-01'`

  test.each<[string, (of: Case) => Promise<unknown>, string, string]>([
    [
      'a payer whose PIN is locked',
      ({ payer }) =>
        change(`INSERT INTO pin_guard (subscriber_id, locked_until) VALUES ($1, now() + interval '1 hour')`, payer.id),
      'payer_held',
      'standing_payer_held',
    ],
    [
      'a payer held to lower limits',
      ({ payer }) => change(`UPDATE subscriber SET restricted_until = ${MONTH} WHERE id = $1`, payer.id),
      'payer_held',
      'standing_payer_held',
    ],
    [
      'a payer whose wallet is closed',
      ({ payer }) => change(`UPDATE account SET status = 'closed' WHERE owner_id = $1`, payer.id),
      'payer_held',
      'standing_payer_held',
    ],
    [
      'a payee whose wallet is closed',
      ({ payee }) => change(`UPDATE account SET status = 'closed' WHERE owner_id = $1`, payee.id),
      'payee_refused',
      'standing_payee_refused',
    ],
    [
      'a payee whose wallet is full',
      ({ payee }) => change(`UPDATE account SET ceiling = 1 WHERE owner_id = $1`, payee.id),
      'payee_refused',
      'standing_payee_refused',
    ],
    [
      'a payer over a limit',
      ({ payer }) => change(`UPDATE subscriber SET tier = 'basic' WHERE id = $1`, payer.id),
      'over_limit',
      'standing_over_limit',
    ],
  ])('%s is told, and the next time is still due', async (_, arrange, reason, message) => {
    const amount = reason === 'over_limit' ? 6_000_000n : 50_000n
    const made = await announced(7_000_000n, { amount, most: amount + 20_000n })
    await arrange(made)
    expect(await world.work()).toBe(1)
    expect(await world.runs(made.order)).toEqual([
      { due: DAY, state: 'skipped', reason },
      { due: LATER[0], state: 'waiting', reason: null },
    ])
    expect((await world.told(made.payer)).at(-1)).toBe(`${message} ${amount} Juma K.`)
    expect(await world.heldOf(made.payer)).toBe(0n)
    expect(await actionsOn(runIdOf(made.order.id, DAY))).toEqual(['standing.skipped'])
  })

  test('a fee beyond the bound is not paid', async () => {
    const { payer, order } = await announced(200_000n, { most: 50_699n })
    await world.work()
    expect((await world.runs(order))[0]).toEqual({ due: DAY, state: 'skipped', reason: 'too_dear' })
    expect((await world.told(payer)).at(-1)).toBe('standing_too_dear 50000 Juma K. 50699')
  })

  test.each<[string, (of: Case) => Promise<unknown>]>([
    ['left', ({ payee }) => change(`UPDATE subscriber SET status = 'closed' WHERE id = $1`, payee.id)],
    [
      'has another number',
      ({ payee }) =>
        change(
          `UPDATE subscriber SET number_sealed = $2, number_index = $3 WHERE id = $1`,
          ...[
            payee.id,
            world.sealer.seal('+254722222222', numberContext(payee.id)),
            numberIndex(world.sealer, payee.number),
          ],
        ),
    ],
  ])('a payee who %s gets nothing any more, and the payer is told', async (_, arrange) => {
    const made = await announced()
    await arrange(made)
    await world.work()
    expect(await world.runs(made.order)).toEqual([{ due: DAY, state: 'skipped', reason: 'payee_gone' }])
    expect((await world.told(made.payer)).at(-1)).toBe('standing_payee_gone 50000 Juma K.')
    expect(await actionsOn(made.order.id)).toEqual(['standing.cancelled'])
  })

  test('a payer who left pays nothing any more, and nobody is written to', async () => {
    const made = await announced()
    await change(`UPDATE subscriber SET status = 'closed' WHERE id = $1`, made.payer.id)
    await world.work()
    expect(await world.runs(made.order)).toEqual([{ due: DAY, state: 'skipped', reason: 'payer_gone' }])
    expect(await world.told(made.payer)).toEqual([ANNOUNCED])
  })
})

describe('without money enough', () => {
  test('it is tried every four hours until the hours end; the first and the last are told', async () => {
    const { payer, order } = await announced(50_699n)
    const found: number[] = []
    for (const time of ['08:00', '12:00', '16:00', '19:59', '20:00', '23:00']) {
      world.at(`${DAY} ${time}`)
      found.push(await world.work())
    }
    expect(found).toEqual([1, 1, 1, 0, 1, 0])
    expect(await world.told(payer)).toEqual([
      ANNOUNCED,
      `standing_again 50000 Juma K. ${Date.parse(`${DAY}T20:00:00+03:00`)}`,
      'standing_no_money 50000 Juma K.',
    ])
    expect((await world.runs(order)).map(({ state }) => state)).toEqual(['skipped', 'waiting'])
  })

  test('money that comes meanwhile is enough, under the same id', async () => {
    const { payer, order } = await announced(50_699n)
    await world.work()
    const { rows } = await world.owner.query(`SELECT id FROM account WHERE kind = 'wallet' AND owner_id = $1`, [
      payer.id,
    ])
    await world.owner.query(`SELECT ledger_fund(gen_random_uuid(), 'topup ' || $1, $2, 1)`, [payer.id, rows[0]?.id])
    world.at(`${DAY} 12:00`)
    await world.work()
    expect(await world.heldOf(payer)).toBe(50_700n)
    expect(world.rung.map(({ id }) => id)).toEqual([runIdOf(order.id, DAY)])
  })

  test('money that goes between the quote and the hold is refused without a trace, and the same id is tried again', async () => {
    const { payer, order } = await announced(101_000n)
    const { rows } = await world.owner.query<{ id: string }>(`SELECT id FROM account WHERE owner_id = $1`, [payer.id])
    const floorOf = (floor: bigint) =>
      world.owner.query(`UPDATE account SET floor = $2 WHERE id = $1`, [rows[0]?.id, floor])
    await world.work(
      watching(async (text) => (text.startsWith('SAVEPOINT') ? floorOf(101_000n).then(() => false) : false)),
    )
    expect(world.failures).toEqual([])
    expect((await world.runs(order))[0]).toEqual({ due: DAY, state: 'announced', reason: 'insufficient' })
    await floorOf(0n)
    world.at(`${DAY} 12:00`)
    await world.work()
    expect(await world.heldOf(payer)).toBe(50_700n)
  })
})

/** Whether the worker died at that statement, of those within its transaction; the last one is the commit. */
async function diesAt(statement: number): Promise<boolean> {
  let count = 0
  let died = false
  const dying = watching(async () => {
    count += 1
    died ||= count === statement
    return count === statement
  })
  await carryOutNext(dying).catch((error: unknown) => expect(String(error)).toContain('the worker died'))
  return died
}

/** Services that ask before each statement of a transaction, and at its end, whether to die there. */
function watching(dies: (text: string) => Promise<boolean>): StandingServices {
  const check = async (text: string): Promise<void> => {
    if (await dies(text)) throw new Error('the worker died')
  }
  const database: Database = {
    ...world.app,
    transaction: (work) =>
      world.app.transaction(async (tx) => {
        const watched: Queryable = {
          query: async (statement, values) => {
            await check(typeof statement === 'string' ? statement : statement.text)
            return tx.query(statement, values)
          },
        }
        const result = await work(watched)
        await check('COMMIT')
        return result
      }),
  }
  return { ...world.services, database }
}

async function actionsOn(subject: string): Promise<string[]> {
  const { rows } = await world.owner.query<{ action: string }>(
    `SELECT action FROM audit_event WHERE subject = $1 ORDER BY at`,
    [subject],
  )
  return rows.map(({ action }) => action)
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
}
