import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase, type Queryable } from '../../../src/database/database.ts'
import { addDays, dateAt, type IsoDate } from '../../../src/domain/dates.ts'
import { fundWallet } from '../../../src/ledger/accounts.ts'
import { type ClosedDay, type DayContent, type DayVerdict, readClosedDays } from '../../../src/ledger/closed-days.ts'
import { type CloseOutcome, closeDay } from '../../../src/ledger/day-close.ts'
import { dueDay, startDayCloser } from '../../../src/ledger/day-closer.ts'
import { makeDaySigner } from '../../../src/ledger/day-signature.ts'
import { OLD_AFTER_MS, type Proof, proveLedger, proveSnapshot } from '../../../src/ledger/prove-ledger.ts'
import { makeAudit } from '../../../src/security/audit.ts'
import { makeKey } from '../../../src/security/keys.ts'
import { type LedgerWorld, openWorld, type Person, quoted, resolve } from '../world.ts'
import { backdate, NOON, openAsSuperuser, standAtNoon, tamper, undone } from './tamper.ts'

const signer = makeDaySigner(makeKey(Buffer.alloc(32, 5)))
const audit = makeKey(Buffer.alloc(32, 5))
const today = (): IsoDate => dateAt(Date.now(), NOON)
const ago = (days: number): IsoDate => addDays(today(), -days)

/** A ledger with two people, and hands to close its days. */
type Place = {
  readonly world: LedgerWorld
  readonly payer: Person
  readonly payee: Person
  readonly ample: Database
  close(day?: IsoDate | null): Promise<CloseOutcome>
  send(amount: bigint): Promise<void>
  days(): Promise<ClosedDay[]>
  findings(sinceLastClose?: boolean): Promise<string[]>
  drop(): Promise<void>
}

async function openPlace(): Promise<Place> {
  const world = await openWorld()
  await standAtNoon(world)
  const ample = openDatabase(world.url, {
    maxConnections: 4,
    applicationName: 'test-close',
    statementTimeoutMs: 60_000,
  })
  const [payer, payee] = [await world.person(500_000n), await world.person(100_000n)]
  const services = {
    database: ample,
    signer,
    audit: makeAudit(audit, world.sealer),
    by: { kind: 'staff', id: 'amina' } as const,
  }
  return {
    ...{ world, payer, payee, ample },
    close: (day = null) => closeDay(services, day),
    async send(amount) {
      const quote = quoted(await world.quoteSend(payer, payee, amount))
      await world.hold(quote)
      await resolve(world.app, quote.id, 'post')
    },
    days: () => readClosedDays(world.app, signer),
    findings: async (sinceLastClose = false) =>
      namesOf(await proveLedger(world.app, { sinceLastClose, oldAfterMs: OLD_AFTER_MS })),
    async drop() {
      await ample.close()
      await world.drop()
    },
  }
}

function namesOf({ found }: Proof): string[] {
  return found.map(({ name }) => name)
}

function contentOf(day: ClosedDay | undefined): DayContent {
  return JSON.parse(day?.content ?? '{}') as DayContent
}

let at: Place
describe('closing', () => {
  beforeAll(async () => {
    at = await openPlace()
  })
  afterAll(() => at?.drop())

  const fees = (change: number) =>
    tamper(at.world, `UPDATE account SET debits = debits + ${change} WHERE kind = 'fee_income'`)
  const nothing = async (): Promise<void> => undefined

  /** One after another on the same books. */
  test.each<[string, () => Promise<unknown>, () => IsoDate | null, CloseOutcome['kind'], () => Promise<unknown>]>([
    ['nothing while nothing was posted on a day that is over', nothing, () => null, 'nothing', nothing],
    ['not today', () => backdate(at.world, 4), today, 'not_over', nothing],
    ['not tomorrow', nothing, () => ago(-1), 'not_over', nothing],
    ['not while the books are wrong', () => fees(1), () => ago(4), 'unproven', () => fees(-1)],
    ['the first day, and with it all before', nothing, () => ago(4), 'closed', nothing],
    ['not the same day again', nothing, () => ago(4), 'already', nothing],
    ['not a day before it', nothing, () => ago(9), 'already', nothing],
    ['not a day after the next one', nothing, () => ago(2), 'out_of_order', nothing],
    ['the next one, by itself', () => holdLong(), () => null, 'closed', nothing],
    ['the next one, by name', nothing, () => ago(2), 'closed', nothing],
  ])('closes %s', async (_, given, day, outcome, afterwards) => {
    await given()
    const before = await at.days()
    const told = await at.close(day())
    await afterwards()
    expect(
      told.kind,
      JSON.stringify(told, (_key, value) => (typeof value === 'bigint' ? String(value) : value)),
    ).toBe(outcome)
    expect((await at.days()).length - before.length).toBe(outcome === 'closed' ? 1 : 0)
    if (told.kind === 'out_of_order') expect(told.next).toBe(ago(3))
    if (told.kind === 'unproven') expect(namesOf(told.proof)).toContain('trial-balance')
  })

  test('of two at once, one closes the day', async () => {
    const outcomes = await Promise.all([at.close(ago(1)), at.close(ago(1))])
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['already', 'closed'])
  })

  test('is on the audit record', async () => {
    const { rows } = await at.world.owner.query(`SELECT actor_id, action, subject FROM audit_event ORDER BY subject`)
    expect(rows).toEqual([4, 3, 2, 1].map((n) => ({ actor_id: 'amina', action: 'day.closed', subject: ago(n) })))
  })

  test('shows what is kept back, and does not wait for it', async () => {
    expect(await at.findings()).toEqual(['old-holds'])
    const open = [{ state: 'HELD', count: '1', amount: '20700', oldestS: expect.stringMatching(/^18\d{4}$/) }]
    expect(contentOf((await at.days()).at(-1))).toMatchObject({ currencies: { KES: { open } } })
  })

  test('what comes from now on falls on today', async () => {
    await at.send(10_000n)
    const { rows } = await at.world.app.query<{ day: string }>(`SELECT max(business_day)::text AS day FROM journal`)
    expect(rows).toEqual([{ day: today() }])
  })

  async function holdLong(): Promise<void> {
    await at.world.hold(quoted(await at.world.quoteSend(at.payer, at.payee, 20_000n)))
    await tamper(at.world, `UPDATE transfer SET created_at = created_at - interval '50 hours'`)
    expect(await at.findings()).toEqual(['old-holds'])
  }
})

describe('closed days', () => {
  let superuser: Database
  beforeAll(async () => {
    at = await openPlace()
    await at.send(100_000n)
    await backdate(at.world, 3)
    await at.close(ago(3))
    await at.close()
    await at.send(20_000n)
    await backdateNew(1)
    await fundWallet(at.world.owner, at.payee.id, 7n, 'today’s')
    await at.close()
    superuser = openAsSuperuser(at.world)
  })
  afterAll(async () => {
    await superuser?.close()
    await at?.drop()
  })

  test('hold what was posted up to their end, and are chained to the day before', async () => {
    const [first, second, third] = await at.days()
    expect([first?.verdict, second?.verdict, third?.verdict]).toEqual(['sound', 'sound', 'sound'])
    expect(contentOf(first)).toEqual({
      version: 1,
      day: ago(3),
      previous: null,
      currencies: {
        KES: {
          journals: '3',
          entries: '5',
          kinds: {
            fee_income: { debits: '0', credits: '1130' },
            tax_payable: { debits: '0', credits: '170' },
            trust: { debits: '600000', credits: '0' },
            wallet: { debits: '101300', credits: '700000' },
          },
          trialBalance: { debits: '701300', credits: '701300' },
          ...{ eMoney: '598700', inTransit: '0', house: '1300', trust: '600000' },
          bank: null,
          open: [],
        },
      },
    })
    expect(contentOf(second)).toMatchObject({
      previous: first?.digest,
      currencies: { KES: { journals: '0', entries: '0', trust: '600000' } },
    })
    // What was posted today is not in yesterday's figures.
    expect(contentOf(third)).toMatchObject({
      previous: second?.digest,
      currencies: { KES: { journals: '1', entries: '3', eMoney: '598000', house: '2000', trust: '600000' } },
    })
    expect(await at.findings()).toEqual([])
    expect(await at.findings(true)).toEqual([])
  })

  test('cannot be judged with another key', async () => {
    const other = await readClosedDays(at.world.app, makeDaySigner(makeKey(Buffer.alloc(32, 6))))
    expect(other.map(({ verdict }) => verdict)).toEqual(['other_key', 'other_key', 'other_key'])
  })

  test('cannot be made up out of order, or changed', async () => {
    const { app, owner } = at.world
    const call = `SELECT ledger_close_day($1, $2, NULL, '00000000', decode(repeat('00', 64), 'hex'), 'x')`
    await expect(app.query(call, [ago(2), `{"day":"${ago(2)}"}`])).rejects.toThrow('is to be closed')
    await expect(app.query(call, [today(), `{"day":"${today()}"}`])).rejects.toThrow('is not over')
    await expect(app.query(`UPDATE day_close SET closed_by = 'x'`)).rejects.toThrow('permission denied')
    await expect(owner.query(`UPDATE day_close SET closed_by = 'x'`)).rejects.toThrow('append-only')
    await expect(owner.query(`DELETE FROM day_close_account`)).rejects.toThrow('append-only')
    await expect(owner.query(`TRUNCATE trust_statement`)).rejects.toThrow('append-only')
  })

  test.each<['app' | 'owner', number, RegExp | null]>([
    ['app', 2, /permission denied/],
    ['owner', 1, /the day \S+ is closed/],
    ['owner', 7, /the day \S+ is closed/],
    ['owner', 0, null],
  ])('when the %s posts %i days ago: %s', async (role, daysAgo, refusal) => {
    const posted = undone(at.world[role], (tx) =>
      tx.query(
        `INSERT INTO journal (id, kind, reference, business_day) VALUES (gen_random_uuid(), 'funding', 'late', $1)`,
        [ago(daysAgo)],
      ),
    )
    if (refusal === null) expect((await posted).rowCount).toBe(1)
    else await expect(posted).rejects.toThrow(refusal)
  })

  const content = (eMoney: string) => `regexp_replace(content, '"eMoney":"[0-9]+"', '"eMoney":"${eMoney}"')`
  const rehash = `UPDATE day_close SET content = ${content('1')}, digest = sha256(convert_to(${content('1')}, 'UTF8'))`
  const copy = 'UPDATE day_close c SET content = d.content, digest = d.digest, signature = d.signature FROM day_close d'
  const both = ['closed-days', 'closed-totals']

  /** What signatures and chain say of the three days, and what the proof says, which has no key. */
  test.each<[string, string, readonly DayVerdict[], readonly string[]]>([
    [
      'in its figures',
      `UPDATE day_close SET content = ${content('1')} WHERE business_day = '${ago(2)}'`,
      ['sound', 'changed', 'sound'],
      ['closed-days'],
    ],
    [
      'with its digest',
      `${rehash} WHERE business_day = '${ago(2)}'`,
      ['sound', 'not_signed', 'broken_chain'],
      ['closed-days'],
    ],
    [
      'as the last one, with its digest',
      `${rehash} WHERE business_day = '${ago(1)}'`,
      ['sound', 'sound', 'not_signed'],
      [],
    ],
    [
      'to be of another day',
      `UPDATE day_close SET business_day = business_day - 5 WHERE business_day = '${ago(3)}'`,
      ['changed', 'broken_chain', 'sound'],
      both,
    ],
    ['away', `DELETE FROM day_close WHERE business_day = '${ago(2)}'`, ['sound', 'broken_chain'], ['closed-days']],
    [
      'to bear another signature',
      `UPDATE day_close SET signature = decode(repeat('07', 64), 'hex') WHERE business_day = '${ago(1)}'`,
      ['sound', 'sound', 'not_signed'],
      [],
    ],
    [
      'into a copy of another',
      `${copy} WHERE c.business_day = '${ago(1)}' AND d.business_day = '${ago(2)}'`,
      ['sound', 'sound', 'changed'],
      both,
    ],
  ])('that were edited %s are told', async (_, sql, verdicts, found) => {
    const seen = await tampered([sql], async (tx) => ({
      verdicts: (await readClosedDays(tx, signer)).map(({ verdict }) => verdict),
      found: await prove(tx, false),
    }))
    expect(seen).toEqual({ verdicts, found })
  })

  test.each<[string, () => readonly string[], readonly string[], readonly string[]]>([
    [
      'entries below them were edited',
      () => [
        `UPDATE entry SET amount = amount + 1 WHERE debit = (SELECT id FROM account WHERE kind = 'trust') AND debit_seq = 1`,
      ],
      ['account-counters', 'entry-chain', 'closed-totals'],
      [],
    ],
    [
      'something was slipped into them',
      () => [
        `SELECT ledger_fund(gen_random_uuid(), 'slipped', '${at.payee.wallet}', 5)`,
        `UPDATE journal SET business_day = '${ago(1)}' WHERE reference = 'slipped'`,
      ],
      both,
      ['closed-days'],
    ],
    [
      'something was moved into them that was posted before',
      () => [`UPDATE journal SET business_day = '${ago(1)}' WHERE reference = 'today’s'`],
      ['closed-totals'],
      [],
    ],
  ])('are told of when %s', async (_, sql, everything, since) => {
    expect(await tampered(sql(), (tx) => prove(tx, false))).toEqual(everything)
    expect(await tampered(sql(), (tx) => prove(tx, true))).toEqual(since)
  })

  test.each<[string, () => string, readonly string[]]>([
    [
      'a counter',
      () => `UPDATE account SET credits = credits + 3, debits = debits + 3 WHERE id = '${at.payee.wallet}'`,
      ['account-counters'],
    ],
    [
      'a counter of an account that rests',
      () => `UPDATE account SET credits = credits + 3, debits = debits + 3 WHERE kind = 'fee_income'`,
      ['account-counters'],
    ],
    ['a number', () => `UPDATE account SET seq = seq + 1 WHERE id = '${at.payee.wallet}'`, ['entry-chain']],
    [
      'a running balance',
      () => `UPDATE entry SET credit_balance = 1 WHERE credit = '${at.payee.wallet}' AND credit_seq = 5`,
      ['entry-chain'],
    ],
    [
      'a running balance before the close, which it believes',
      () => `UPDATE entry SET credit_balance = 1 WHERE credit = '${at.payee.wallet}' AND credit_seq = 1`,
      [],
    ],
    ['a hold', () => `UPDATE account SET held_out = 1 WHERE id = '${at.payer.wallet}'`, ['held-counters']],
  ])('are what a later proof of the rest stands on: %s that is wrong', async (_, sql, names) => {
    // Funded after the close in every case, so that there is a rest.
    const rest = `SELECT ledger_fund(gen_random_uuid(), 'rest', '${at.payee.wallet}', 11)`
    const [everything, since] = await undone(superuser, async (tx) => {
      await tx.query(rest)
      expect(await prove(tx, true)).toEqual([])
      await tx.query('SET LOCAL session_replication_role = replica')
      await tx.query(sql())
      return [await prove(tx, false), await prove(tx, true)]
    })
    expect(since).toEqual(names)
    expect(everything).not.toEqual([])
  })

  async function prove(tx: Queryable, sinceLastClose: boolean): Promise<string[]> {
    return namesOf(await proveSnapshot(tx, { sinceLastClose, oldAfterMs: OLD_AFTER_MS }))
  }

  function tampered<T>(statements: readonly string[], look: (tx: Queryable) => Promise<T>): Promise<T> {
    return undone(superuser, async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica')
      for (const statement of statements) await tx.query(statement)
      return look(tx)
    })
  }

  /** Moves what was posted today to that many days ago. */
  function backdateNew(days: number): Promise<void> {
    const before = `business_day = '${today()}'`
    return tamper(
      at.world,
      `UPDATE journal SET business_day = business_day - ${days}, recorded_at = recorded_at - ${days} * interval '1 day' WHERE ${before}`,
      `UPDATE transfer SET business_day = business_day - ${days} WHERE ${before}`,
      `UPDATE account SET day = day - ${days} WHERE day = '${today()}'`,
    )
  }
})

/** When today began where it is about noon. */
function midnightMs(): number {
  const atUtc = Date.parse(`${today()}T00:00:00Z`)
  const hours = Number(/[+-]\d+$/.exec(NOON)?.[0] ?? 0)
  return atUtc + hours * 3_600_000
}

describe('the worker', () => {
  const MIDNIGHT_MS = midnightMs()
  const MINUTE_MS = 60_000
  beforeAll(async () => {
    at = await openPlace()
  })
  afterAll(() => at?.drop())

  test('lets a posting that is under way end before it closes its day, and has it in the figures', async () => {
    await backdate(at.world, 4)
    const slow = '00000000-0000-7000-8000-000000000009'
    const { closing } = await at.world.owner.transaction(async (tx) => {
      await tx.query(`INSERT INTO journal (id, kind, reference, business_day) VALUES ($1, 'funding', 'slow', $2)`, [
        slow,
        ago(4),
      ])
      const closing = at.close(ago(4))
      expect(await Promise.race([closing, new Promise((wake) => setTimeout(wake, 300, 'waits'))])).toBe('waits')
      await tx.query(
        `SELECT ledger_write_entries(ARRAY[$1::uuid], ARRAY[1::smallint], ARRAY[t.id], ARRAY[$2::uuid], ARRAY[9::bigint], '{}', '{}', '{}')
           FROM account t WHERE t.kind = 'trust'`,
        [slow, at.payee.wallet],
      )
      return { closing }
    })
    expect((await closing).kind).toBe('closed')
    expect(contentOf((await at.days())[0])).toMatchObject({ currencies: { KES: { journals: '3', trust: '600009' } } })
    expect(await at.findings()).toEqual([])
  })

  /** One after another on the same books. */
  test.each<[string, number, number, number, number]>([
    ['says that the books are wrong, closes nothing and asks again only later', 1, 70, 0, 1],
    ['closes what is due, oldest first, and leaves yesterday until its time has come', 0, 50, 2, 0],
    ['closes yesterday when its time has come', 0, 70, 1, 0],
    ['does nothing where all is closed', 0, 70, 0, 0],
  ])('%s', async (_, wrong, minutes, closes, failures) => {
    await tamper(at.world, `UPDATE account SET debits = debits + ${wrong} WHERE kind = 'fee_income'`)
    const told = await runCloser(MIDNIGHT_MS + minutes * MINUTE_MS)
    await tamper(at.world, `UPDATE account SET debits = debits - ${wrong} WHERE kind = 'fee_income'`)
    expect(told.closed).toHaveLength(closes)
    expect(told.closed).toEqual([...told.closed].sort())
    expect(told.failed).toHaveLength(failures)
    if (failures > 0) expect(told.failed[0]).toContain('trial-balance')
    expect((await at.days()).every(({ verdict }) => verdict === 'sound')).toBe(true)
  })

  test('is late with a day only some time after it is due', () => {
    const state = { lastClosed: ago(2), lastOver: ago(1), posted: true }
    const time = { atMinutes: 60, timeZone: NOON }
    expect(dueDay(state, time, MIDNIGHT_MS + 59 * MINUTE_MS)).toBe(null)
    expect(dueDay(state, time, MIDNIGHT_MS + 60 * MINUTE_MS)).toBe(ago(1))
    expect(dueDay({ ...state, lastClosed: ago(1) }, time, MIDNIGHT_MS + 60 * MINUTE_MS)).toBe(null)
    expect(dueDay({ lastClosed: null, lastOver: null, posted: false }, time, MIDNIGHT_MS)).toBe(null)
  })

  /** Until it has looked and found nothing to do, or has failed and had time to try again. */
  async function runCloser(nowMs: number): Promise<{ closed: string[]; failed: (readonly string[])[] }> {
    const [closed, failed]: [string[], (readonly string[])[]] = [[], []]
    let idle = 0
    const watched: Queryable = {
      query: (...query) => {
        idle += 1
        return at.world.app.query(...query)
      },
    }
    const running = startDayCloser(
      {
        ...{
          database: watched,
          signer,
          audit: makeAudit(audit, at.world.sealer),
          time: { atMinutes: 60, timeZone: NOON },
        },
        openForProof: () => {
          idle = -1
          return openDatabase(at.world.url, {
            maxConnections: 2,
            applicationName: 'test-closer',
            statementTimeoutMs: 60_000,
          })
        },
        events: {
          dayClosed: ({ day }) => void closed.push(day),
          dayNotClosed: ({ wrong }) => void failed.push(wrong),
          dayCloseFailed: ({ error }) => void failed.push([String(error)]),
        },
      },
      () => nowMs,
      10,
    )
    for (let turn = 0; turn < 1_000 && idle < 3 && failed.length === 0; turn += 1)
      await new Promise((wake) => setTimeout(wake, 10))
    if (failed.length > 0) await new Promise((wake) => setTimeout(wake, 100))
    await running.close()
    return { closed, failed }
  }
})
