import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AccountId } from '../../src/domain/ids.ts'
import { postTransfer } from '../../src/ledger/post.ts'
import { isWrong, OLD_AFTER_MS, proveLedger } from '../../src/ledger/prove-ledger.ts'
import type { Quote } from '../../src/ledger/quote.ts'
import { voidTransfer } from '../../src/ledger/void.ts'
import { kenya } from '../support/tariffs.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted } from './world.ts'

const limits = {
  ...{ perTransaction: 5_000n, perDay: 6_000n, perMonth: 7_000n, balance: 90_000n },
  ...{ receivePerDay: 6_000n, receivePerMonth: 7_000n },
}
const ROOM = 50_000n

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld({ ...kenya, version: 'own', tiers: { standard: limits, restricted: limits } })
  await world.owner.query('ALTER TABLE tariff_service DISABLE TRIGGER whole_at_once')
  await world.owner.query(
    `INSERT INTO tariff_service (version, kind, minimum) VALUES ('own', 'own', 100) ON CONFLICT DO NOTHING`,
  )
  await world.owner.query('ALTER TABLE tariff_service ENABLE TRIGGER whole_at_once')
})
afterAll(() => world?.drop())

async function openPocket(person: Person): Promise<AccountId> {
  const { rows } = await world.owner.query<{ id: AccountId }>(
    `INSERT INTO account (kind, owner_id, code, currency, floor, ceiling) VALUES ('wallet', $1, 'pocket', 'KES', 0, $2) RETURNING id`,
    [person.id, ROOM],
  )
  return rows[0]?.id as AccountId
}

const between = (person: Person, from: AccountId, to: AccountId, amount: bigint): Quote => ({
  ...{ id: newTransferId(), kind: 'own', payerId: person.id, payerAccount: from, payeeId: person.id },
  ...{ payeeAccount: to, biller: null, payeeName: 'Own', currency: 'KES', tariff: 'own', fee: '0', tax: '0' },
  ...{ amount: String(amount), total: String(amount), payeeReceives: String(amount), quotedAtMs: Date.now() },
  legs: [{ debit: from, credit: to, amount: String(amount), what: 'amount' }],
})

const countersOf = (person: Person) =>
  world.app
    .query(
      `SELECT a.code, a.credits - a.debits AS balance, a.day_out, a.day_in, a.month_out, a.month_in FROM account a
        WHERE a.owner_id = $1 ORDER BY a.code`,
      [person.id],
    )
    .then(({ rows }) => rows)

const nothing = { day_out: 0n, day_in: 0n, month_out: 0n, month_in: 0n }

test('what moves between accounts of one person has no limit and leaves no trace in the counters, whether posted, in part or given back', async () => {
  const person = await world.person(80_000n)
  const pocket = await openPocket(person)
  const [whole, part, back] = [30_000n, 8_000n, 9_000n].map((amount) =>
    between(person, person.wallet, pocket, amount),
  ) as [Quote, Quote, Quote]
  for (const quote of [whole, part, back]) expect(await world.hold(quote)).toMatchObject({ kind: 'held' })
  await postTransfer(world.app, whole.id)
  await postTransfer(world.app, part.id, [{ leg: 1, amount: 6_000n }])
  await voidTransfer(world.app, back.id, 'test')
  expect(await countersOf(person)).toEqual([
    { code: 'main', balance: 44_000n, ...nothing },
    { code: 'pocket', balance: 36_000n, ...nothing },
  ])
  const { rows } = await world.app.query('SELECT FROM pair_counter WHERE payer_account = $1', [person.wallet])
  expect(rows).toEqual([])
  expect(isWrong(await proveLedger(world.owner, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS }))).toBe(false)
})

test('giving it back takes nothing off what was sent to others, nor is it kept from them', async () => {
  const [person, other] = [await world.person(80_000n), await world.person(0n)]
  const pocket = await openPocket(person)
  const sent = quoted(await world.quoteSend(person, other, 4_000n))
  await world.hold(sent)
  const back = between(person, person.wallet, pocket, 9_000n)
  expect(await world.hold(back)).toMatchObject({ kind: 'held' })
  await voidTransfer(world.app, back.id, 'test')
  expect(await countersOf(person)).toMatchObject([
    { code: 'main', day_out: 4_000n, month_out: 4_000n },
    { code: 'pocket', ...nothing },
  ])
  expect(await world.quoteSend(person, other, 3_000n)).toMatchObject({ kind: 'over_day_limit', left: 2_000n })
})

test('the minimum, what is there and the room of the account hold all the same', async () => {
  const person = await world.person(80_000n)
  const pocket = await openPocket(person)
  const hold = (amount: bigint) => world.hold(between(person, person.wallet, pocket, amount))
  expect(await hold(99n)).toMatchObject({ kind: 'below_minimum' })
  expect(await hold(80_001n)).toMatchObject({ kind: 'insufficient', available: 80_000n })
  expect(await hold(ROOM + 1n)).toEqual({ kind: 'payee_full' })
  expect(await hold(ROOM)).toMatchObject({ kind: 'held' })
  expect(await hold(100n)).toEqual({ kind: 'payee_full' })
})
