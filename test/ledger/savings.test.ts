import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import type { IsoDate } from '../../src/domain/dates.ts'
import type { AccountId, TransferId } from '../../src/domain/ids.ts'
import { applyCeilings } from '../../src/ledger/ceilings.ts'
import { holdTransfers } from '../../src/ledger/hold.ts'
import { readStatementPage } from '../../src/ledger/period-statement.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { isWrong, OLD_AFTER_MS, proveLedger } from '../../src/ledger/prove-ledger.ts'
import { type Quote, type QuoteOutcome, quoteTransfer } from '../../src/ledger/quote.ts'
import { type OwnWallet, openSavings, savingsOf } from '../../src/ledger/savings.ts'
import { balanceOf, miniStatement } from '../../src/ledger/statement.ts'
import { kenya } from '../support/tariffs.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted, resolve } from './world.ts'

const CEILING = 100_000n
const OPENING = 60_000n
/** So that a few steps fill a person’s wallets to the last unit. */
const NEARLY_FULL = 95_000n
const limits = { perTransaction: 40_000n, perDay: 1_000_000n, balance: CEILING }
/** A fee, so that what is moved out of savings costs more than it brings. */
const dearer = {
  minimum: 100n,
  bands: [
    { upTo: 9_999n, flat: 0n },
    { upTo: 500_000n, flat: 1_000n },
  ],
}

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld({
    ...kenya,
    version: 'savings',
    services: { ...kenya.services, send: { minimum: 100n, bands: [{ upTo: 40_000n, flat: 0n }] }, own: dearer },
    tiers: { standard: limits, basic: { ...limits, balance: 30_000n }, restricted: limits },
  })
})
afterAll(() => world?.drop())

type Saver = Person & { readonly savings: AccountId }

async function saver(balance: bigint, tier = 'standard'): Promise<Saver> {
  const person = await world.person(balance, { tier })
  const opened = await openSavings(world.app, person.id, 'KES')
  return { ...person, savings: opened?.id as AccountId }
}

const quoteOwn = (person: Person, into: OwnWallet, amount: bigint): Promise<QuoteOutcome> =>
  quoteTransfer(world.app, world.tariffs, {
    ...{ id: newTransferId(), atMs: Date.now(), payerId: person.id, amount },
    payee: { kind: 'own', id: into, name: 'Test P.' },
  })

/** Moves it all the way. */
async function move(person: Person, into: OwnWallet, amount: bigint): Promise<void> {
  const quote = quoted(await quoteOwn(person, into, amount))
  expect(await world.hold(quote)).toMatchObject({ kind: 'held' })
  expect(await resolve(world.app, quote.id, 'post')).toBe('posted')
}

const both = async (person: Person) => ({
  main: await balanceOf(world.app, person.id),
  savings: await savingsOf(world.app, person.id),
})

test('savings are opened once, empty, for who has a main wallet', async () => {
  const person = await world.person(0n)
  expect(await savingsOf(world.app, person.id)).toBeNull()
  const [first, again] = await Promise.all([1, 2].map(() => openSavings(world.app, person.id, 'KES')))
  expect(first?.id).toBe(again?.id)
  expect([first?.opened, again?.opened].sort()).toEqual([false, true])
  expect(await openSavings(world.app, newTransferId() as string as Person['id'], 'KES')).toBeNull()
  expect(await savingsOf(world.app, person.id)).toEqual({ available: 0n, held: 0n, currency: 'KES' })
})

test('who has no savings has nothing to take out, beside others who have', async () => {
  const [none, rich] = [await world.person(5_000n), await saver(50_000n)]
  await move(rich, 'savings', 5_000n)
  const outcomes = await Promise.all([quoteOwn(none, 'main', 100n), quoteOwn(rich, 'main', 100n)])
  expect(outcomes.map(({ kind }) => kind)).toEqual(['payee_unavailable', 'quoted'])
})

test('a quote names both wallets, and its fee is the tariff’s for `own`', async () => {
  const person = await saver(OPENING)
  expect(quoted(await quoteOwn(person, 'savings', 20_000n))).toMatchObject({
    ...{ kind: 'own', payerId: person.id, payeeId: person.id, biller: null },
    ...{ payerAccount: person.wallet, payeeAccount: person.savings, fee: '1000', total: '21000' },
  })
  await move(person, 'savings', 9_999n)
  expect(quoted(await quoteOwn(person, 'main', 5_000n))).toMatchObject({
    ...{ payerAccount: person.savings, payeeAccount: person.wallet, fee: '0' },
  })
  expect(await quoteOwn(person, 'main', 10_000n)).toEqual({ kind: 'insufficient', available: 9_999n })
  expect(await quoteOwn(person, 'main', 99n)).toEqual({ kind: 'below_minimum', minimum: 100n })
})

test('statements say to and from savings, of each wallet for itself', async () => {
  const [person, other] = [await saver(OPENING), await world.person(0n, { name: 'Juma Kariuki' })]
  await move(person, 'savings', 9_000n)
  await move(person, 'main', 4_000n)
  const sent = quoted(await world.quoteSend(person, other, 1_000n))
  await world.hold(sent)
  await resolve(world.app, sent.id, 'post')
  const short = await miniStatement(world.app, world.sealer, person.id, 3)
  expect(short.map(({ direction, amount, own }) => [direction, amount, own])).toEqual([
    ['out', 1_000n, false],
    ['in', 4_000n, true],
    ['out', 9_000n, true],
  ])
  const read = async (account: AccountId) => {
    const period = { from: '2020-01-01' as IsoDate, to: '2100-01-01' as IsoDate }
    const page = await readStatementPage(world.app, world.sealer, account, period, { after: null, limit: 10 })
    return page?.lines.map(({ party, in: paidIn, out, balance }) => [party, paidIn - out, balance])
  }
  expect(await read(person.wallet)).toEqual([
    ['Nyota', OPENING, OPENING],
    ['to savings', -9_000n, 51_000n],
    ['from savings', 4_000n, 55_000n],
    ['Juma K.', -1_000n, 54_000n],
  ])
  expect(await read(person.savings)).toEqual([
    ['from main', 9_000n, 9_000n],
    ['to main', -4_000n, 5_000n],
  ])
})

describe('what both hold together', () => {
  test('is what the tier allows, whoever pays in and however it is spread', async () => {
    const [person, other] = [await saver(90_000n), await world.person(90_000n)]
    await move(person, 'savings', 9_000n)
    expect(await world.quoteSend(other, person, 10_000n)).toMatchObject({ kind: 'quoted' })
    expect(await world.quoteSend(other, person, 10_001n)).toEqual({ kind: 'payee_full' })
  })

  test('does not change by moving it, also when both are full and something is on its way in', async () => {
    const [person, other] = [await saver(90_000n), await world.person(90_000n)]
    await world.hold(quoted(await world.quoteSend(other, person, 10_000n)))
    await move(person, 'savings', 9_000n)
    await move(person, 'savings', 9_999n)
    const back = quoted(await quoteOwn(person, 'main', 9_999n))
    expect(await world.hold(back)).toMatchObject({ kind: 'held' })
    expect(await world.quoteSend(other, person, 100n)).toEqual({ kind: 'payee_full' })
    expect(await resolve(world.app, back.id, 'post')).toBe('posted')
    expect(await world.quoteSend(other, person, 100n)).toEqual({ kind: 'payee_full' })
  })

  test('is refused to what comes in otherwise, when the transaction commits', async () => {
    const person = await saver(90_000n)
    await move(person, 'savings', 9_000n)
    const fund = (amount: bigint) =>
      world.owner.query(`SELECT ledger_fund(gen_random_uuid(), $1, $2, $3)`, [newTransferId(), person.wallet, amount])
    await expect(fund(10_001n)).rejects.toThrow('would hold more than their ceiling')
    await fund(10_000n)
  })

  test('follows the tier: who has more keeps it and gets no more', async () => {
    const [person, other] = [await saver(OPENING), await world.person(50_000n)]
    await move(person, 'savings', 9_000n)
    await world.owner.query(`UPDATE subscriber SET tier = 'basic' WHERE id = $1`, [person.id])
    expect(await world.quoteSend(other, person, 100n)).toEqual({ kind: 'payee_full' })
    expect(await applyCeilings(world.owner, 'KES')).toMatchObject({ changed: 0, above: 1, aboveOwners: [person.id] })
    await move(person, 'main', 9_000n)
    await move(person, 'savings', 5_000n)
    await world.owner.query(`UPDATE subscriber SET tier = 'standard' WHERE id = $1`, [person.id])
    expect(await world.quoteSend(other, person, 40_000n)).toMatchObject({ kind: 'quoted' })
    expect(await applyCeilings(world.owner, 'KES')).toMatchObject({ changed: 0, above: 0 })
  })

  test('is judged as if one by one in a batch of takings out and what others send', async () => {
    const [person, other] = [await saver(90_000n), await world.person(90_000n)]
    await move(person, 'savings', 9_000n)
    const [out, send] = [
      quoted(await quoteOwn(person, 'main', 9_000n)),
      quoted(await world.quoteSend(other, person, 10_000n)),
    ]
    const outcomes = await world.app.transaction((tx) =>
      holdTransfers(
        tx,
        world.sealer,
        [out, send].map((quote) => ({ quote, sessionId: newTransferId() })),
      ),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual(['held', 'held'])
  })
})

describe('nobody else reaches savings', () => {
  const through = (quote: Quote, to: Partial<Quote>): Quote => {
    const other = { ...quote, ...to, id: newTransferId() }
    const legs = quote.legs.map((leg, n) =>
      n === 0 ? { ...leg, debit: other.payerAccount, credit: other.payeeAccount } : leg,
    )
    return { ...other, legs }
  }

  test('by paying in, whatever the program asks for', async () => {
    const [person, other] = [await saver(10_000n), await world.person(10_000n)]
    const quote = quoted(await world.quoteSend(other, person, 5_000n))
    await expect(world.hold(through(quote, { payeeAccount: person.savings }))).rejects.toThrow('main wallet only')
    await expect(
      world.owner.query(`SELECT ledger_fund(gen_random_uuid(), 'X', $1, 100)`, [person.savings]),
    ).rejects.toThrow('main wallet only')
  })

  test('nor are others paid out of them', async () => {
    const [person, other] = [await saver(20_000n), await world.person(0n)]
    await move(person, 'savings', 9_000n)
    const quote = quoted(await world.quoteSend(person, other, 5_000n))
    await expect(world.hold(through(quote, { payerAccount: person.savings }))).rejects.toThrow('main wallet only')
  })
})

type Asking =
  | { do: 'send'; from: number; to: number; amount: bigint }
  | { do: 'own'; who: number; into: OwnWallet; amount: bigint }
type Step = Asking | { do: 'post' | 'void'; which: number }

const amount = fc.oneof(fc.bigInt(1n, 45_000n), fc.constantFrom(99n, 100n, 5_000n, 9_999n, 10_000n, 30_000n, 40_000n))
const PEOPLE = 2
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      from: fc.nat(PEOPLE - 1),
      to: fc.nat(PEOPLE - 1),
      amount,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('own' as const),
      who: fc.nat(PEOPLE - 1),
      into: fc.constantFrom<OwnWallet>('main', 'savings'),
      amount,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('post' as const, 'void' as const), which: fc.nat(12) }) },
)

/** Two pots a person, and a list of what is on its way. */
function makeModel() {
  type Pot = { balance: bigint; out: bigint }
  const people = Array.from({ length: PEOPLE }, () => ({
    ...{ main: { balance: NEARLY_FULL, out: 0n } as Pot, savings: { balance: 0n, out: 0n } as Pot },
    /** On its way from others. */
    coming: 0n,
  }))
  type Moving = {
    payer: Pot
    payee: Pot
    amount: bigint
    total: bigint
    to: { coming: bigint } | null
    open: boolean
    end: 'post' | 'void' | null
  }
  const moving: Moving[] = []
  const at = (n: number) => people[n] as (typeof people)[number]
  const begin = (payer: Pot, payee: Pot, amount: bigint, total: bigint, to: { coming: bigint } | null): string => {
    payer.out += total
    if (to !== null) to.coming += amount
    moving.push({ payer, payee, amount, total, to, open: true, end: null })
    return 'held'
  }
  return {
    people,
    send(from: number, to: number, amount: bigint): string {
      const [payer, payee] = [at(from), at(to)]
      if (amount < 100n) return 'below_minimum'
      if (from === to) return 'payee_unavailable'
      if (amount > limits.perTransaction) return 'over_transaction_limit'
      if (amount > payer.main.balance - payer.main.out) return 'insufficient'
      const together = payee.main.balance + payee.savings.balance + payee.coming
      return together + amount > CEILING ? 'payee_full' : begin(payer.main, payee.main, amount, amount, payee)
    },
    own(who: number, into: OwnWallet, amount: bigint): string {
      const person = at(who)
      const [payer, payee] = into === 'main' ? [person.savings, person.main] : [person.main, person.savings]
      const total = amount + (amount <= 9_999n ? 0n : 1_000n)
      if (amount < 100n) return 'below_minimum'
      return total > payer.balance - payer.out ? 'insufficient' : begin(payer, payee, amount, total, null)
    },
    resolve(which: number, how: 'post' | 'void'): string {
      const one = moving[which]
      if (one === undefined) return 'none'
      if (!one.open) return how === one.end ? 'already' : how === 'post' ? 'rejected' : 'settled'
      one.payer.out -= one.total
      if (one.to !== null) one.to.coming -= one.amount
      if (how === 'post') {
        one.payer.balance -= one.total
        one.payee.balance += one.amount
      }
      one.open = false
      one.end = how
      return how === 'post' ? 'posted' : 'voided'
    },
  }
}

test('whatever is sent and moved in whatever order, both wallets are those of a plain ledger, and never hold more than they may', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const people = await Promise.all(Array.from({ length: PEOPLE }, () => saver(NEARLY_FULL)))
      await follow(steps, people)
    }),
    { numRuns: 25 },
  )
  expect(await proveBalances(world.app)).toEqual([])
  expect(await trialBalance(world.app)).toEqual([{ currency: 'KES', difference: 0n }])
  const proof = await proveLedger(world.owner, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS })
  expect(isWrong(proof)).toBe(false)
}, 60_000)

async function ask(
  each: Asking,
  at: (n: number) => Saver,
  model: ReturnType<typeof makeModel>,
): Promise<readonly [QuoteOutcome, string]> {
  switch (each.do) {
    case 'send':
      return [
        await world.quoteSend(at(each.from), at(each.to), each.amount),
        model.send(each.from, each.to, each.amount),
      ]
    case 'own':
      return [await quoteOwn(at(each.who), each.into, each.amount), model.own(each.who, each.into, each.amount)]
  }
}

async function follow(steps: readonly Step[], people: readonly Saver[]): Promise<void> {
  const model = makeModel()
  const ids: TransferId[] = []
  const at = (n: number) => people[n] as Saver
  for (const each of steps) {
    if ('which' in each) {
      const id = ids[each.which]
      const outcome = id === undefined ? 'none' : await resolve(world.app, id, each.do)
      expect(outcome).toBe(model.resolve(each.which, each.do))
    } else {
      const [quote, expected] = await ask(each, at, model)
      const outcome = quote.kind === 'quoted' ? await world.hold(quote.quote) : quote
      expect(outcome.kind).toBe(expected)
      if (quote.kind === 'quoted') ids.push(quote.quote.id)
    }
    for (const [n, { main, savings }] of model.people.entries()) {
      const found = await both(at(n))
      expect(found.main).toMatchObject({ available: main.balance - main.out, held: main.out })
      expect(found.savings).toMatchObject({ available: savings.balance - savings.out, held: savings.out })
    }
  }
}

test('moved, sent, given back and judged by another tier at one moment, both wallets keep within their ceiling, and nobody waits for ever', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, () => saver(OPENING)))
  const at = (n: number) => people[n % people.length] as Saver
  for (const person of people) await move(person, 'savings', 9_000n)
  const crowd = openDatabase(world.url, { maxConnections: 8, applicationName: 'test-crowd' })
  const jobs = Array.from({ length: 120 }, async (_, n) => {
    if (n % 10 === 9) {
      await world.owner.query(`UPDATE subscriber SET tier = $2 WHERE id = $1`, [
        at(n).id,
        n % 20 === 9 ? 'basic' : 'standard',
      ])
      return 'judged'
    }
    if (n % 40 === 5) {
      await applyCeilings(world.owner, 'KES')
      return 'judged'
    }
    const amount = BigInt(1_000 + n)
    const quote =
      n % 3 === 0
        ? await world.quoteSend(at(n), at(n + 1), amount)
        : await quoteOwn(at(n), n % 3 === 1 ? 'savings' : 'main', amount)
    if (quote.kind !== 'quoted') return quote.kind
    const held = await world.hold(quote.quote, crowd)
    return held.kind === 'held' ? resolve(crowd, quote.quote.id, n % 4 === 0 ? 'void' : 'post') : held.kind
  })
  const outcomes = new Set(await Promise.all(jobs))
  await crowd.close()
  const foreseen = ['posted', 'voided', 'judged', 'insufficient', 'payee_full']
  expect([...outcomes].filter((outcome) => !foreseen.includes(outcome))).toEqual([])
  expect(outcomes).toContain('posted')
  // The proof of what was written a moment ago must not be planned for empty tables.
  await world.owner.query(
    'ANALYZE account, transfer, transfer_leg, transfer_event, hold, hold_resolution, journal, entry',
  )
  const proof = await proveLedger(world.owner, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS })
  expect(isWrong(proof)).toBe(false)
})
