import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { balanceOf, miniStatement } from '../../src/ledger/statement.ts'
import { chargeOf } from '../../src/ledger/tariff.ts'
import { kenya } from '../support/tariffs.ts'
import { type LedgerWorld, type newTransferId, openWorld, type Person, quoted, resolve } from './world.ts'

const limits = { perTransaction: 60_000n, perDay: 120_000n, balance: 150_000n }
const PEOPLE = 3
const OPENING = 100_000n

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld({ ...kenya, version: 'model', tiers: { standard: limits, restricted: limits } })
})
afterAll(() => world?.drop())

type Step = { do: 'send'; from: number; to: number; amount: bigint } | { do: 'post' | 'void'; which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('send' as const),
    from: fc.nat(PEOPLE - 1),
    to: fc.nat(PEOPLE - 1),
    amount: fc.oneof(fc.bigInt(1n, 70_000n), fc.constantFrom(99n, 100n, 10_000n, 10_001n, 50_000n, 60_000n, 60_001n)),
  }),
  fc.record({ do: fc.constantFrom('post' as const, 'void' as const), which: fc.nat(20) }),
)

/** The plainest ledger that can be: a list of accounts and of holds, one thing at a time. */
function makeModel() {
  const accounts = Array.from({ length: PEOPLE }, () => ({ balance: OPENING, out: 0n, in: 0n, day: 0n }))
  const transfers: {
    from: number
    to: number
    amount: bigint
    total: bigint
    state: 'HELD' | 'SETTLED' | 'REJECTED'
  }[] = []
  const at = (n: number) => accounts[n] ?? { balance: 0n, out: 0n, in: 0n, day: 0n }
  return {
    accounts,
    transfers,
    refusal(from: number, to: number, amount: bigint, total: bigint): string {
      const [payer, payee] = [at(from), at(to)]
      if (amount < 100n) return 'below_minimum'
      if (from === to) return 'payee_unavailable'
      if (amount > limits.perTransaction) return 'over_transaction_limit'
      if (total > payer.balance - payer.out) return 'insufficient'
      if (payer.day + amount > limits.perDay) return 'over_day_limit'
      return payee.balance + payee.in + amount > limits.balance ? 'payee_full' : 'held'
    },
    hold(from: number, to: number, amount: bigint, total: bigint): void {
      transfers.push({ from, to, amount, total, state: 'HELD' })
      at(from).out += total
      at(from).day += amount
      at(to).in += amount
    },
    resolve(which: number, how: 'post' | 'void'): string {
      const transfer = transfers[which]
      if (transfer === undefined) return 'none'
      if (transfer.state === 'SETTLED') return how === 'post' ? 'already' : 'settled'
      if (transfer.state === 'REJECTED') return how === 'post' ? 'rejected' : 'already'
      const { from, to, amount, total } = transfer
      at(from).out -= total
      at(to).in -= amount
      if (how === 'post') {
        at(from).balance -= total
        at(to).balance += amount
      } else {
        at(from).day -= amount
      }
      transfer.state = how === 'post' ? 'SETTLED' : 'REJECTED'
      return how === 'post' ? 'posted' : 'voided'
    },
  }
}

test('whatever is done in whatever order, outcomes and balances are those of a plain ledger, and the books are right', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const people = await Promise.all(Array.from({ length: PEOPLE }, () => world.person(OPENING)))
      await follow(steps, people)
    }),
    { numRuns: 25 },
  )
  expect(await proveBalances(world.app)).toEqual([])
  expect(await trialBalance(world.app)).toEqual([{ currency: 'KES', difference: 0n }])
}, 60_000)

async function follow(steps: readonly Step[], people: readonly Person[]): Promise<void> {
  const model = makeModel()
  const ids: ReturnType<typeof newTransferId>[] = []
  for (const each of steps) {
    if (each.do === 'send') {
      const { from, to, amount } = each
      const [payer, payee] = [people[from] as Person, people[to] as Person]
      const total = amount + (chargeOf(kenya, 'send', amount)?.fee ?? 0n)
      const quote = await world.quoteSend(payer, payee, amount)
      const outcome = quote.kind === 'quoted' ? await world.hold(quoted(quote)) : quote
      expect(outcome.kind).toBe(model.refusal(from, to, amount, total))
      if (outcome.kind !== 'held' || quote.kind !== 'quoted') continue
      model.hold(from, to, amount, total)
      ids.push(quote.quote.id)
    } else {
      const id = ids[each.which]
      const outcome = id === undefined ? 'none' : await resolve(world.app, id, each.do)
      expect(outcome).toBe(model.resolve(each.which, each.do))
    }
    for (const [n, { balance, out }] of model.accounts.entries()) {
      const found = await balanceOf(world.app, (people[n] as Person).id)
      expect(found).toMatchObject({ available: balance - out, held: out })
    }
  }
  for (const [n, person] of people.entries()) {
    const lines = await miniStatement(world.app, world.sealer, person.id, 100)
    const moved = lines.reduce((all, { direction, amount }) => all + (direction === 'in' ? amount : -amount), 0n)
    expect(moved - (await feesOf(world, person))).toBe(model.accounts[n]?.balance)
  }
}

async function feesOf(world: LedgerWorld, { id }: Person): Promise<bigint> {
  const { rows } = await world.owner.query<{ fees: bigint }>(
    `SELECT coalesce(sum(fee), 0)::bigint AS fees FROM transfer WHERE payer_id = $1 AND state = 'SETTLED'`,
    [id],
  )
  return rows[0]?.fees ?? 0n
}
