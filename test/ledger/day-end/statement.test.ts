import { afterAll, beforeAll, expect, test } from 'vitest'
import { addDays, dateAt, type IsoDate } from '../../../src/domain/dates.ts'
import { fundWallet } from '../../../src/ledger/accounts.ts'
import {
  type Period,
  type PeriodLine,
  readStatementPage,
  type StatementCursor,
} from '../../../src/ledger/period-statement.ts'
import { type LedgerWorld, openWorld, type Person, quoted, resolve } from '../world.ts'
import { NOON, standAtNoon, tamper } from './tamper.ts'

const ago = (days: number): IsoDate => addDays(dateAt(Date.now(), NOON), -days)
const between = (from: number, to: number): Period => ({ from: ago(from), to: ago(to) })

let world: LedgerWorld
let amina: Person
let juma: Person
beforeAll(async () => {
  world = await openWorld()
  await standAtNoon(world)
  ;[amina, juma] = [await world.person(0n, { name: 'Amina Otieno' }), await world.person(0n, { name: 'Juma Kariuki' })]
  await world.biller('city-power')
  // The last of day 3 is numbered after the first of day 2, as can happen at midnight.
  await on(4, () => fundWallet(world.owner, amina.id, 1_000_000n, 'four days ago'))
  await on(3, () => send(amina, juma, 100_000n))
  await on(2, () => send(juma, amina, 20_000n))
  await on(3, () => send(amina, juma, 50_000n))
  await on(2, () => send(amina, juma, 5_000n))
  await on(0, () => fundWallet(world.owner, amina.id, 7n, 'today'))
  const held = quoted(await world.quoteSend(amina, juma, 30_000n))
  await world.hold(held)
})
afterAll(() => world?.drop())

/** Posts something, as if it had been that many days ago. */
async function on(days: number, post: () => Promise<unknown>): Promise<void> {
  const before = await world.app.query<{ id: string }>('SELECT id FROM journal')
  await post()
  const known = before.rows.map(({ id }) => `'${id}'`).join(', ') || 'NULL'
  await tamper(world, `UPDATE journal SET business_day = business_day - ${days} WHERE (id IN (${known})) IS NOT TRUE`)
}

async function send(payer: Person, payee: Person, amount: bigint): Promise<void> {
  const quote = quoted(await world.quoteSend(payer, payee, amount))
  await world.hold(quote)
  await resolve(world.app, quote.id, 'post')
}

async function read(person: Person, period: Period, limit = 100) {
  const lines: PeriodLine[] = []
  let after: StatementCursor | null = null
  for (let page = 0; page < 100; page += 1) {
    const found = await readStatementPage(world.app, world.sealer, person.wallet, period, { after, limit })
    if (found === null) throw new Error('no such account')
    lines.push(...found.lines)
    after = found.next
    if (after === null) return { opening: found.opening, closing: found.closing, lines }
  }
  throw new Error('it never ends')
}

type Told = readonly [opening: bigint, ...(readonly [string, bigint, bigint, bigint, bigint])[], closing: bigint]
const funded = ['Nyota', 1_000_000n, 0n, 0n, 1_000_000n] as const
const first = ['Juma K.', 0n, 100_000n, 1_300n, 898_700n] as const
const second = ['Juma K.', 0n, 50_000n, 700n, 848_000n] as const
const third = ['Juma K.', 20_000n, 0n, 0n, 868_000n] as const
const fourth = ['Juma K.', 0n, 5_000n, 0n, 863_000n] as const

test.each<[string, Period, Told]>([
  ['before there was anything', between(9, 5), [0n, 0n]],
  ['the first day', between(4, 4), [0n, funded, 1_000_000n]],
  [
    'a day whose last entry is numbered after the first of the next',
    between(3, 3),
    [1_000_000n, first, second, 848_000n],
  ],
  ['the day after it, to which that number belongs', between(2, 2), [848_000n, third, fourth, 863_000n]],
  ['a day without anything', between(1, 1), [863_000n, 863_000n]],
  ['today, without what is only held', between(0, 0), [863_000n, ['Nyota', 7n, 0n, 0n, 863_007n], 863_007n]],
  [
    'everything',
    between(9, 0),
    [
      0n,
      funded,
      first,
      ['Juma K.', 20_000n, 0n, 0n, 918_700n],
      ['Juma K.', 0n, 50_000n, 700n, 868_000n],
      fourth,
      ['Nyota', 7n, 0n, 0n, 863_007n],
      863_007n,
    ],
  ],
])('a statement of %s', async (_, period, [opening, ...rest]) => {
  const statement = await read(amina, period)
  const lines = statement.lines.map((line) => [line.party, line.in, line.out, line.fee, line.balance])
  expect([statement.opening, ...lines, statement.closing]).toEqual([opening, ...rest])
  expect(statement.lines.at(-1)?.balance ?? statement.opening).toBe(statement.closing)
})

test.each([1, 2, 3, 4, 5, 6, 7])('pages of %i lines make the same statement', async (limit) => {
  for (const period of [between(9, 0), between(3, 3), between(2, 2)]) {
    expect(await read(amina, period, limit)).toEqual(await read(amina, period))
  }
})

test('days follow one another without a gap: what one closes with the next opens with', async () => {
  for (const person of [amina, juma]) {
    for (let day = 6; day > 0; day -= 1) {
      const [one, next] = [await read(person, between(day, day)), await read(person, between(day - 1, day - 1))]
      expect(next.opening).toBe(one.closing)
    }
  }
})

test('the account that fees go to has them as its income, not as fees of its own', async () => {
  const { rows } = await world.app.query<{ id: Person['wallet'] }>(`SELECT id FROM account WHERE kind = 'fee_income'`)
  const house = { id: amina.id, wallet: rows[0]?.id as Person['wallet'] }
  const { lines } = await read(house, between(9, 0))
  expect(lines.map((line) => [line.party, line.in, line.out, line.fee])).toEqual([
    ['Amina O.', 1_130n, 0n, 0n],
    ['Juma K.', 609n, 0n, 0n],
    ['Amina O.', 609n, 0n, 0n],
  ])
})

test('there is none of an account that is not', async () => {
  const nobody = '00000000-0000-7000-8000-000000000000' as Person['wallet']
  const page = { after: null, limit: 5 }
  expect(await readStatementPage(world.app, world.sealer, nobody, between(1, 0), page)).toBe(null)
})
