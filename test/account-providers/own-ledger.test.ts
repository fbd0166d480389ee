import { afterAll, beforeAll, expect, test } from 'vitest'
import { walletProvider as provider } from '../../src/account-providers/registry.ts'
import { voidTransfer } from '../../src/ledger/void.ts'
import { type LedgerWorld, newTransferId, openWorld, quoted } from '../ledger/world.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world?.drop())

test('the own ledger moves a transfer once and answers for it, with balances and a statement', async () => {
  const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
  const quote = quoted(await world.quoteSend(payer, payee, 20_000n))
  expect(await provider.query(world.app, quote.id)).toEqual({ kind: 'not_found' })
  await world.hold(quote)
  expect(await provider.query(world.app, quote.id)).toEqual({ kind: 'pending' })
  expect(await provider.balance(world.app, payer.id)).toMatchObject({ available: 79_300n, held: 20_700n })
  const settle = () => world.app.transaction((tx) => provider.settle(tx, quote.id))
  expect(await settle()).toMatchObject({
    kind: 'done',
    repeated: false,
    payerAvailable: 79_300n,
    payeeAvailable: 20_000n,
  })
  expect(await settle()).toMatchObject({ kind: 'done', repeated: true })
  expect(await provider.query(world.app, quote.id)).toMatchObject({ kind: 'done' })
  expect(await provider.balance(world.app, payee.id)).toMatchObject({ available: 20_000n })
  expect(await provider.statement(world.app, world.sealer, payee.id, 5)).toMatchObject([
    { direction: 'in', amount: 20_000n },
  ])
})

test('the own ledger refuses what was given back', async () => {
  const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
  const quote = quoted(await world.quoteSend(payer, payee, 20_000n, newTransferId()))
  await world.hold(quote)
  await world.app.transaction((tx) => voidTransfer(tx, quote.id, 'changed her mind'))
  expect(await world.app.transaction((tx) => provider.settle(tx, quote.id))).toMatchObject({ kind: 'refused' })
  expect(await provider.query(world.app, quote.id)).toEqual({ kind: 'refused', reason: 'changed her mind' })
  expect(await provider.balance(world.app, payer.id)).toMatchObject({ available: 100_000n, held: 0n })
})
