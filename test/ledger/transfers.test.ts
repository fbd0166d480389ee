import { afterAll, beforeAll, expect, test } from 'vitest'
import { postTransfer } from '../../src/ledger/post.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { balanceOf, miniStatement } from '../../src/ledger/statement.ts'
import { voidTransfer } from '../../src/ledger/void.ts'
import { type LedgerWorld, openWorld, quoted } from './world.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world?.drop())

test('a transfer that is quoted, held and posted moves amount, fee and tax to where the quote says', async () => {
  const [amina, juma] = [
    await world.person(500_000n, { name: 'Amina Otieno' }),
    await world.person(0n, { name: 'Juma Kariuki' }),
  ]
  const quote = quoted(await world.quoteSend(amina, juma, 100_000n))
  expect(quote).toMatchObject({ amount: '100000', fee: '1300', tax: '170', total: '101300' })

  const held = await world.hold(quote)
  expect(held).toMatchObject({ kind: 'held', state: 'HELD', version: 1 })
  expect(await balanceOf(world.app, amina.id)).toEqual({ available: 398_700n, held: 101_300n, currency: 'KES' })

  const posted = await world.app.transaction((tx) => postTransfer(tx, quote.id))
  expect(posted).toMatchObject({ kind: 'posted', payerAvailable: 398_700n, payeeAvailable: 100_000n })
  expect(await world.app.transaction((tx) => postTransfer(tx, quote.id))).toEqual({ kind: 'already' })
  expect(await world.app.transaction((tx) => voidTransfer(tx, quote.id, 'test'))).toEqual({ kind: 'settled' })

  const statement = await miniStatement(world.app, world.sealer, amina.id, 5)
  expect(statement).toMatchObject([
    { direction: 'out', amount: 100_000n, party: 'Juma K.' },
    { direction: 'in', amount: 500_000n, party: 'Nyota' },
  ])
  expect(await proveBalances(world.app)).toEqual([])
  expect(await trialBalance(world.app)).toEqual([{ currency: 'KES', difference: 0n }])
})
