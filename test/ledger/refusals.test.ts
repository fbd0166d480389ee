import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWallet } from '../../src/ledger/accounts.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import type { Refusal } from '../../src/ledger/quote.ts'
import { kenya } from '../support/tariffs.ts'
import { type LedgerWorld, openWorld, type PersonOptions, quoted, resolve } from './world.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld({
    ...kenya,
    version: 'test',
    tiers: {
      standard: { perTransaction: 50_000n, perDay: 80_000n, balance: 100_000n },
      basic: { perTransaction: 20_000n, perDay: 30_000n, balance: 40_000n },
      restricted: { perTransaction: 5_000n, perDay: 6_000n, balance: null },
    },
  })
  await world.biller('city-power')
})
afterAll(() => world?.drop())

const soon = (): Date => new Date(Date.now() + 3_600_000)
const past = (): Date => new Date(Date.now() - 1_000)

/** Payer's and payee's start, what was sent today before, the amount, and the word for the outcome. Fees: 7.00 from 100.01 on. */
const rows: [
  string,
  { payer: bigint; as?: PersonOptions; payee?: bigint; payeeAs?: PersonOptions; sent?: bigint; amount: bigint },
  Refusal | 'quoted',
][] = [
  ['all of it, where it is free', { payer: 10_000n, amount: 10_000n }, 'quoted'],
  ['all but the fee', { payer: 20_700n, amount: 20_000n }, 'quoted'],
  ['a cent short of the fee', { payer: 20_699n, amount: 20_000n }, { kind: 'insufficient', available: 20_699n }],
  ['nothing there', { payer: 0n, amount: 100n }, { kind: 'insufficient', available: 0n }],
  ['less than the least', { payer: 10_000n, amount: 99n }, { kind: 'below_minimum', minimum: 100n }],
  ['nothing', { payer: 10_000n, amount: 0n }, { kind: 'below_minimum', minimum: 100n }],
  ['a negative amount', { payer: 10_000n, amount: -100n }, { kind: 'below_minimum', minimum: 100n }],
  ['the most at a time', { payer: 60_000n, amount: 50_000n }, 'quoted'],
  ['more than at a time', { payer: 60_000n, amount: 50_001n }, { kind: 'over_transaction_limit', limit: 50_000n }],
  [
    'an amount beyond the tariff',
    { payer: 60_000n, amount: 10n ** 15n },
    { kind: 'over_transaction_limit', limit: 50_000n },
  ],
  ['the rest of the day', { payer: 100_000n, sent: 50_000n, amount: 30_000n }, 'quoted'],
  [
    'more than the day has left',
    { payer: 100_000n, sent: 50_000n, amount: 30_001n },
    { kind: 'over_day_limit', left: 30_000n },
  ],
  ['up to the payee’s ceiling', { payer: 60_000n, payee: 60_000n, amount: 40_000n }, 'quoted'],
  ['over the payee’s ceiling', { payer: 60_000n, payee: 60_000n, amount: 40_001n }, { kind: 'payee_full' }],
  [
    'a smaller payer',
    { payer: 30_000n, as: { tier: 'basic' }, amount: 20_001n },
    { kind: 'over_transaction_limit', limit: 20_000n },
  ],
  ['a smaller payee', { payer: 60_000n, payeeAs: { tier: 'basic' }, amount: 40_001n }, { kind: 'payee_full' }],
  [
    'a payer held to less',
    { payer: 60_000n, as: { restrictedUntil: soon() }, amount: 5_001n },
    { kind: 'over_transaction_limit', limit: 5_000n },
  ],
  ['a payer held to less, within it', { payer: 60_000n, as: { restrictedUntil: soon() }, amount: 5_000n }, 'quoted'],
  ['a payer held to less before', { payer: 60_000n, as: { restrictedUntil: past() }, amount: 5_001n }, 'quoted'],
  [
    'a payee without a PIN',
    { payer: 60_000n, payeeAs: { status: 'enrolled' }, amount: 5_000n },
    { kind: 'payee_unavailable' },
  ],
  [
    'a payee who left',
    { payer: 60_000n, payeeAs: { status: 'closed' }, amount: 5_000n },
    { kind: 'payee_unavailable' },
  ],
]

test.each(rows)('%s', async (_what, row, expected) => {
  const payer = await world.person(row.payer, row.as)
  const payee = await world.person(row.payee ?? 0n, row.payeeAs)
  if (row.sent !== undefined) {
    const other = await world.person(0n)
    expect(await world.hold(quoted(await world.quoteSend(payer, other, row.sent)))).toMatchObject({ kind: 'held' })
  }
  const outcome = await world.quoteSend(payer, payee, row.amount)
  expect(expected === 'quoted' ? outcome.kind : outcome).toEqual(expected)
})

test('what changed between the quote and the PIN is refused at the hold, with the same words', async () => {
  const [payer, payee] = [await world.person(30_000n), await world.person(0n)]
  const [first, second] = [await world.quoteSend(payer, payee, 20_000n), await world.quoteSend(payer, payee, 9_000n)]
  const third = quoted(await world.quoteSend(payer, payee, 8_000n))
  expect(await world.hold(quoted(first))).toMatchObject({ kind: 'held' })
  expect(await world.hold(quoted(second))).toMatchObject({ kind: 'held' })
  expect(await world.hold(third)).toEqual({ kind: 'insufficient', available: 300n })
  const stored = await world.app.query('SELECT FROM transfer WHERE id = $1', [third.id])
  expect(stored.rowCount).toBe(0)
})

test('what is given back does not count towards the day', async () => {
  const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
  const first = quoted(await world.quoteSend(payer, payee, 50_000n))
  await world.hold(first)
  expect(await world.quoteSend(payer, payee, 40_000n)).toEqual({ kind: 'over_day_limit', left: 30_000n })
  await resolve(world.app, first.id, 'void')
  expect(await world.quoteSend(payer, payee, 40_000n)).toMatchObject({ kind: 'quoted' })
})

test('money on its way in counts towards the ceiling, so that settling cannot fail', async () => {
  const [payer, payee] = [await world.person(60_000n), await world.person(70_000n)]
  expect(await world.hold(quoted(await world.quoteSend(payer, payee, 20_000n)))).toMatchObject({ kind: 'held' })
  expect(await world.quoteSend(payer, payee, 10_001n)).toEqual({ kind: 'payee_full' })
})

test('paying oneself is refused', async () => {
  const payer = await world.person(30_000n)
  expect(await world.quoteSend(payer, payer, 1_000n)).toEqual({ kind: 'payee_unavailable' })
})

test('a biller that is not known is unavailable', async () => {
  const payer = await world.person(30_000n)
  expect(await world.quoteBill(payer, 'city-power', 1_000n)).toMatchObject({ kind: 'quoted', quote: { fee: '0' } })
  expect(await world.quoteBill(payer, 'nobody', 1_000n)).toEqual({ kind: 'payee_unavailable' })
})

test('a quote says when payer, payee and amount repeat within ten minutes, and only then', async () => {
  const [payer, payee, other] = [await world.person(60_000n), await world.person(0n), await world.person(0n)]
  expect(await world.quoteSend(payer, payee, 1_000n)).toMatchObject({ repeats: false })
  await world.hold(quoted(await world.quoteSend(payer, payee, 1_000n)))
  expect(await world.quoteSend(payer, payee, 1_000n)).toMatchObject({ repeats: true })
  expect(await world.quoteSend(payer, payee, 1_001n)).toMatchObject({ repeats: false })
  expect(await world.quoteSend(payer, other, 1_000n)).toMatchObject({ repeats: false })
})

test('a quote older than ten minutes is expired', async () => {
  const [payer, payee] = [await world.person(60_000n), await world.person(0n)]
  for (const offMs of [-600_001, 120_000]) {
    const quote = quoted(await world.quoteSend(payer, payee, 1_000n))
    expect(await world.hold({ ...quote, quotedAtMs: quote.quotedAtMs + offMs })).toEqual({ kind: 'expired' })
  }
})

test('a tier without limits gets no wallet, and a second wallet is the first', async () => {
  const person = await world.person(0n)
  await expect(openWallet(world.app, person.id, 'nonsense')).rejects.toThrow('no limits for tier')
  expect(await openWallet(world.app, person.id, 'standard')).toBe(person.wallet)
})

test('the books are right after all of it', async () => {
  expect(await proveBalances(world.app)).toEqual([])
})
