import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Quote } from '../../src/ledger/quote.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted, resolve } from './world.ts'

let world: LedgerWorld
let payer: Person
let payee: Person
beforeAll(async () => {
  world = await openWorld()
  payer = await world.person(500_000n)
  payee = await world.person(0n)
  await world.biller('city-power')
})
afterAll(() => world?.drop())

const toPerson = async (): Promise<Quote> => quoted(await world.quoteSend(payer, payee, 1_000n))
const toBiller = async (): Promise<Quote> => quoted(await world.quoteBill(payer, 'city-power', 1_000n))

test.each([
  ['own', 'somebody else, beside every limit', toPerson],
  ['own', 'a biller, who need not say that it was paid', toBiller],
  ['send', 'a biller, who need not say that it was paid', toBiller],
  ['bill', 'a person', toPerson],
  ['airtime', 'a person', toPerson],
] as const)('a transfer of kind %s is never to %s', async (kind, _, make) => {
  const before = await balanceOf(world.app, payer.id)
  const quote = { ...(await make()), id: newTransferId(), kind }
  const moved = world.hold(quote).then(() => resolve(world.app, quote.id, 'post'))
  await expect(moved).rejects.toMatchObject({ code: '23514', constraint: 'transfer_of_its_kind' })
  expect(await balanceOf(world.app, payer.id)).toEqual(before)
})
