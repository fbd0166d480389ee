import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/database/database.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { uuidv7 } from '../../src/domain/ids.ts'
import { type Confirmation, type HoldOutcome, holdTransfers } from '../../src/ledger/hold.ts'
import { postTransfer, postTransfers } from '../../src/ledger/post.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import type { Quote } from '../../src/ledger/quote.ts'
import { chargeOf } from '../../src/ledger/tariff.ts'
import { kenya } from '../support/tariffs.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, resolve } from './world.ts'

const PEOPLE = 4
const OPENING = 100_000n
/** Some have little, so that one of several in a batch takes what the next would need. */
const OPENINGS = [100_000n, 100_000n, 30_000n, 45_000n]
const limits = { perTransaction: 40_000n, perDay: 90_000n, balance: 160_000n }
const further = { perMonth: 150_000n, receivePerDay: 70_000n, receivePerMonth: 110_000n }

let world: LedgerWorld
let crowd: Database
let accounts: { fee: string; tax: string }
beforeAll(async () => {
  world = await openWorld({ ...kenya, version: 'batches', tiers: { standard: limits, restricted: limits } })
  await world.owner.query('ALTER TABLE tier_limit DISABLE TRIGGER USER')
  await world.owner.query('UPDATE tier_limit SET per_month = $1, receive_per_day = $2, receive_per_month = $3', [
    further.perMonth,
    further.receivePerDay,
    further.receivePerMonth,
  ])
  await world.owner.query('ALTER TABLE tier_limit ENABLE TRIGGER USER')
  const { rows } = await world.owner.query<{ kind: string; id: string }>('SELECT kind, id FROM account')
  const of = (kind: string): string => rows.find((row) => row.kind === kind)?.id ?? ''
  accounts = { fee: of('fee_income'), tax: of('tax_payable') }
  crowd = openDatabase(world.url, { maxConnections: 12, applicationName: 'crowd', statementTimeoutMs: 30_000 })
})
afterAll(async () => {
  expect(await proveBalances(world.app)).toEqual([])
  expect(await trialBalance(world.app)).toEqual([{ currency: 'KES', difference: 0n }])
  await crowd?.close()
  await world?.drop()
})

/** As the quote would be without asking whether it may be: that is for the hold to say. */
function quoteOf(payer: Person, payee: Person, amount: bigint, id: TransferId = newTransferId()): Quote {
  const { fee, tax } = chargeOf(kenya, 'send', amount) ?? { fee: 0n, tax: 0n }
  const legs = [
    { credit: payee.wallet, amount, what: 'amount' },
    { credit: accounts.fee as Person['wallet'], amount: fee - tax, what: 'fee' },
    { credit: accounts.tax as Person['wallet'], amount: tax, what: 'tax' },
  ] as const
  return {
    ...{ id, kind: 'send', payerId: payer.id, payerAccount: payer.wallet, payeeId: payee.id },
    ...{ payeeAccount: payee.wallet, biller: null, payeeName: 'Payee P.', currency: 'KES', tariff: 'batches' },
    ...{
      amount: String(amount),
      fee: String(fee),
      tax: String(tax),
      total: String(amount + fee),
      payeeReceives: String(amount),
    },
    legs: legs
      .filter((leg) => leg.amount > 0n)
      .map((leg) => ({ ...leg, debit: payer.wallet, amount: String(leg.amount) })),
    quotedAtMs: Date.now(),
  }
}

const confirmed = (quote: Quote): Confirmation => ({ quote, sessionId: uuidv7() })
const holdAll = (quotes: readonly Quote[], db: Database = world.app): Promise<HoldOutcome[]> =>
  db.transaction((tx) => holdTransfers(tx, world.sealer, quotes.map(confirmed)))

type Draw =
  | { do: 'new'; from: number; step: number; amount: bigint; old: boolean }
  | { do: 'again' | 'altered'; which: number }

const draw: fc.Arbitrary<Draw> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('new' as const),
      from: fc.nat(PEOPLE - 1),
      step: fc.integer({ min: 1, max: PEOPLE - 1 }),
      amount: fc.oneof(fc.bigInt(90n, 45_000n), fc.constantFrom(99n, 100n, 10_000n, 10_001n, 40_000n, 40_001n)),
      old: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('again' as const, 'altered' as const), which: fc.nat(30) }),
  },
)

/** The plainest ledger that can be: one hold, one posting at a time, in lists. */
function makeModel(people: readonly Person[]) {
  const state = people.map((_, n) => ({ balance: OPENINGS[n] ?? 0n, out: 0n, in: 0n, dayOut: 0n, dayIn: 0n }))
  const of = (wallet: string) => state[people.findIndex((person) => person.wallet === wallet)] as (typeof state)[0]
  const stored = new Map<string, { content: string; outcome: string; posted: boolean; quote: Quote }>()
  return {
    state,
    hold(quote: Quote): string {
      const content = JSON.stringify(quote)
      const known = stored.get(quote.id)
      if (known !== undefined) {
        if (known.content !== content) return 'conflict'
        return known.outcome === 'held' ? 'known' : known.outcome
      }
      const outcome = this.judge(quote)
      stored.set(quote.id, { content, outcome, posted: false, quote })
      if (outcome !== 'held') return outcome
      const [payer, payee, amount] = [of(quote.payerAccount), of(quote.payeeAccount), BigInt(quote.amount)]
      payer.out += BigInt(quote.total)
      payer.dayOut += amount
      payee.in += amount
      payee.dayIn += amount
      return outcome
    },
    judge(quote: Quote): string {
      const [payer, payee, amount] = [of(quote.payerAccount), of(quote.payeeAccount), BigInt(quote.amount)]
      if (quote.quotedAtMs < Date.now() - 600_000) return 'expired'
      if (amount < 100n) return 'below_minimum'
      if (amount > limits.perTransaction) return 'over_transaction_limit'
      if (BigInt(quote.total) > payer.balance - payer.out) return 'insufficient'
      if (payer.dayOut + amount > limits.perDay) return 'over_day_limit'
      if (payer.dayOut + amount > further.perMonth) return 'over_month_limit'
      if (payee.balance + payee.in + amount > limits.balance) return 'payee_full'
      return payee.dayIn + amount > further.receivePerDay || payee.dayIn + amount > further.receivePerMonth
        ? 'payee_full'
        : 'held'
    },
    post(id: string): { kind: string; payerAvailable?: bigint; payerBalance?: bigint; payeeAvailable?: bigint } {
      const transfer = stored.get(id)
      if (transfer === undefined || transfer.posted) return { kind: 'already' }
      const { quote } = transfer
      const [payer, payee] = [of(quote.payerAccount), of(quote.payeeAccount)]
      transfer.posted = true
      payer.out -= BigInt(quote.total)
      payer.balance -= BigInt(quote.total)
      payee.in -= BigInt(quote.amount)
      payee.balance += BigInt(quote.amount)
      return {
        kind: 'posted',
        ...{ payerAvailable: payer.balance - payer.out, payerBalance: payer.balance },
        payeeAvailable: payee.balance - payee.out,
      }
    },
  }
}

test('a batch has the outcome of its items one by one, posted together or alone: refusals, replays, altered replays, limits, money of the same batch', async () => {
  const batch = fc.record({ draws: fc.array(draw, { minLength: 1, maxLength: 12 }), alone: fc.boolean() })
  const rounds = fc.array(batch, { minLength: 2, maxLength: 5 })
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(rounds, async (batches) => {
      const people = await Promise.all(OPENINGS.map((opening) => world.person(opening)))
      const model = makeModel(people)
      const made: Quote[] = []
      for (const { draws, alone } of batches) {
        const quotes = draws.map((each): Quote => {
          const before = each.do === 'new' ? undefined : made[each.which % Math.max(made.length, 1)]
          if (before !== undefined) return each.do === 'again' ? before : { ...before, payeeName: 'Somebody else' }
          const fresh = each.do === 'new' ? each : { from: 0, step: 1, amount: 500n, old: false }
          const [payer, payee] = [people[fresh.from], people[(fresh.from + fresh.step) % PEOPLE]]
          const quote = quoteOf(payer as Person, payee as Person, fresh.amount)
          made.push(fresh.old ? { ...quote, quotedAtMs: quote.quotedAtMs - 700_000 } : quote)
          return made.at(-1) as Quote
        })
        const outcomes = await holdAll(quotes)
        const expected = quotes.map((quote) => model.hold(quote))
        expect(outcomes.map(({ kind }) => kind)).toEqual(expected)
        for (const kind of expected) seen.add(kind)
        const held = quotes.filter((_, n) => expected[n] === 'held').map(({ id }) => id)
        if (alone) {
          for (const id of held) expect(await postTransfer(world.app, id)).toMatchObject(model.post(id))
        } else {
          const posted = await world.app.transaction((tx) => postTransfers(tx, [...held].reverse()))
          for (const id of held) expect(posted.get(id)).toMatchObject(model.post(id))
        }
        for (const id of held.slice(0, 2)) expect(await postTransfer(world.app, id)).toEqual({ kind: 'already' })
      }
      const { rows } = await world.app.query<{ id: string; balance: bigint; day_out: bigint; day_in: bigint }>(
        'SELECT id, credits - debits AS balance, day_out, day_in FROM account WHERE id = ANY ($1)',
        [people.map(({ wallet }) => wallet)],
      )
      for (const [n, { balance, dayOut, dayIn }] of model.state.entries()) {
        const row = rows.find(({ id }) => id === people[n]?.wallet)
        expect(row).toMatchObject({ balance, day_out: dayOut, day_in: dayIn })
      }
    }),
    { numRuns: 60 },
  )
  const refusals = [
    'over_transaction_limit',
    'below_minimum',
    'insufficient',
    'over_day_limit',
    'payee_full',
    'expired',
  ]
  for (const kind of ['held', 'known', 'conflict', ...refusals]) expect(seen).toContain(kind)
}, 60_000)

test('the month’s limit counts what other days sent, and a new day starts from nothing', async () => {
  const [payer, payee] = [await world.person(OPENING), await world.person(0n)]
  const [first, second, third] = [20_000n, 30_000n, 1_000n].map((amount) => quoteOf(payer, payee, amount)) as [
    Quote,
    Quote,
    Quote,
  ]
  expect(await holdAll([first])).toMatchObject([{ kind: 'held' }])
  await world.owner.query(`UPDATE account SET day = day - 1, day_out = 89999, month_out = 125000 WHERE id = $1`, [
    payer.wallet,
  ])
  expect(await holdAll([second, third])).toMatchObject([{ kind: 'over_month_limit', left: 25_000n }, { kind: 'held' }])
  const { rows } = await world.owner.query('SELECT day_out, month_out FROM account WHERE id = $1', [payer.wallet])
  expect(rows).toEqual([{ day_out: 1_000n, month_out: 126_000n }])
})

test('what one person sends another is counted by day and month, and given back with the hold', async () => {
  const [payer, payee] = [await world.person(OPENING), await world.person(0n)]
  const quotes = [1_000n, 2_000n, 4_000n].map((amount) => quoteOf(payer, payee, amount))
  await holdAll(quotes)
  await resolve(world.app, quotes[1]?.id as TransferId, 'void')
  await resolve(world.app, quotes[2]?.id as TransferId, 'post')
  const { rows } = await world.app.query(
    'SELECT day_out, day_count, month_out, month_count FROM pair_counter WHERE payer_account = $1 AND payee_account = $2',
    [payer.wallet, payee.wallet],
  )
  expect(rows).toEqual([{ day_out: 5_000n, day_count: 2, month_out: 5_000n, month_count: 2 }])
})

test('a refused id stays refused, also when it could be held by now; with other content it is a conflict', async () => {
  const [payer, payee, giver] = [await world.person(0n), await world.person(0n), await world.person(OPENING)]
  const quote = quoteOf(payer, payee, 5_000n)
  expect(await holdAll([quote])).toEqual([{ kind: 'insufficient', available: 0n }])
  const gift = quoteOf(giver, payer, 20_000n)
  await holdAll([gift])
  await resolve(world.app, gift.id, 'post')
  expect(await holdAll([quote])).toEqual([{ kind: 'insufficient', available: 0n }])
  expect(await holdAll([{ ...quote, payeeName: 'Somebody else' }])).toEqual([{ kind: 'conflict' }])
  expect(await holdAll([quoteOf(payer, payee, 5_000n)])).toMatchObject([{ kind: 'held' }])
})

test('of a transfer less than was held can be posted: the rest goes back, the counters with it, the legs still as one', async () => {
  const [payer, payee] = [await world.person(OPENING), await world.person(0n)]
  const [quote] = [quoteOf(payer, payee, 20_000n)]
  await holdAll([quote])
  const parts = [
    { leg: 1, amount: 15_000n },
    { leg: 3, amount: 0n },
  ]
  await expect(postTransfer(world.app, quote.id, [{ leg: 1, amount: 20_001n }])).rejects.toThrow('held for that much')
  await expect(postTransfer(world.app, quote.id, [{ leg: 1, amount: 0n }])).rejects.toThrow('held for that much')
  await expect(postTransfer(world.app, quote.id, [{ leg: 7, amount: 1n }])).rejects.toThrow('held for that much')
  const income = BigInt(quote.legs[1]?.amount ?? 0)
  const left = OPENING - 15_000n - income
  const posted = await world.app.transaction((tx) => postTransfer(tx, quote.id, parts))
  expect(posted).toMatchObject({ kind: 'posted', payerAvailable: left, payerBalance: left, payeeAvailable: 15_000n })
  const { rows } = await world.app.query('SELECT held_out, day_out, month_out FROM account WHERE id = $1', [
    payer.wallet,
  ])
  expect(rows).toEqual([{ held_out: 0n, day_out: 15_000n, month_out: 15_000n }])
})

test('batches of the same people on many connections, with single holds, postings and voids among them, never deadlock', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, () => world.person(OPENING)))
  const at = (n: number): Person => people[n % people.length] as Person
  const outcomes = await Promise.allSettled(
    Array.from({ length: 24 }, async (_, job) => {
      const quotes = Array.from({ length: 10 }, (_, n) =>
        quoteOf(at(job * 5 + n), at(job * 5 + 2 * n + 1 + (n % 2)), 200n),
      )
      const fit = quotes.filter(({ payerId, payeeId }) => payerId !== payeeId)
      await holdAll(job % 2 === 0 ? fit : [...fit].reverse(), crowd)
      const ids = fit.map(({ id }) => id)
      const given = ids.filter((_, n) => n % 4 === 3)
      await Promise.all([
        crowd.transaction((tx) => postTransfers(tx, ids.filter((id) => !given.includes(id)).reverse())),
        ...given.map((id) => resolve(crowd, id, 'void')),
      ])
    }),
  )
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
  expect(await proveBalances(world.app)).toEqual([])
}, 30_000)

test('a batch posts in the order in which its transfers were confirmed, whatever order it is given in', async () => {
  const [payer, payee] = [await world.person(OPENING), await world.person(0n)]
  const quotes = Array.from({ length: 8 }, (_, n) => quoteOf(payer, payee, 100n + BigInt(n)))
  await holdAll(quotes)
  await postTransfers(world.app, quotes.map(({ id }) => id).reverse())
  const { rows } = await world.app.query<{ amount: bigint }>(
    'SELECT amount FROM entry WHERE debit = $1 AND leg = 1 ORDER BY debit_seq',
    [payer.wallet],
  )
  expect(rows.map(({ amount }) => amount)).toEqual(quotes.map(({ amount }) => BigInt(amount)))
})
