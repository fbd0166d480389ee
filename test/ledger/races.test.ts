import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { type LedgerWorld, openWorld, quoted, resolve } from './world.ts'

let world: LedgerWorld
let crowd: Database
beforeAll(async () => {
  world = await openWorld()
  crowd = openDatabase(world.url, { maxConnections: 40, applicationName: 'crowd', statementTimeoutMs: 30_000 })
})
afterAll(async () => {
  await crowd?.close()
  await world?.drop()
})

test('of fifty debits of one balance at once exactly those go through that fit', async () => {
  const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
  const quotes = await Promise.all(Array.from({ length: 50 }, () => world.quoteSend(payer, payee, 10_000n)))
  const outcomes = await Promise.all(quotes.map((quote) => world.hold(quoted(quote), crowd)))
  expect(outcomes.filter(({ kind }) => kind === 'held')).toHaveLength(10)
  expect(outcomes.filter(({ kind }) => kind === 'insufficient')).toHaveLength(40)
  expect(await balanceOf(world.app, payer.id)).toMatchObject({ available: 0n, held: 100_000n })
})

test('of fifty payers at once only those reach a payee whose money fits under the ceiling', async () => {
  const payee = await world.person(49_900_000n)
  const payers = await Promise.all(Array.from({ length: 30 }, () => world.person(50_000n)))
  const quotes = await Promise.all(payers.map((payer) => world.quoteSend(payer, payee, 10_000n)))
  const outcomes = await Promise.all(quotes.map((quote) => world.hold(quoted(quote), crowd)))
  expect(outcomes.filter(({ kind }) => kind === 'held')).toHaveLength(10)
  expect(outcomes.filter(({ kind }) => kind === 'payee_full')).toHaveLength(20)
})

test('transfers to and fro between the same people, held, posted and given back at once, never deadlock and leave the books right', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, () => world.person(1_000_000n)))
  const pick = (n: number) => people[n % people.length] ?? people[0]
  const jobs = Array.from({ length: 120 }, async (_, n) => {
    const [payer, payee] = [pick(n), pick(n + 1 + (n % 3))]
    if (payer === undefined || payee === undefined || payer === payee) return 'same'
    const quote = quoted(await world.quoteSend(payer, payee, BigInt(11_000 + n)))
    const held = await world.hold(quote, crowd)
    if (held.kind !== 'held') return held.kind
    return resolve(crowd, quote.id, n % 5 === 0 ? 'void' : 'post')
  })
  const outcomes = await Promise.all(jobs)
  expect(new Set(outcomes)).toEqual(new Set(['posted', 'voided']))
  expect(await proveBalances(world.app)).toEqual([])
  expect(await trialBalance(world.app)).toEqual([{ currency: 'KES', difference: 0n }])
})
