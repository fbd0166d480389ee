import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { uuidv7 } from '../../src/domain/ids.ts'
import { holdTransfers } from '../../src/ledger/hold.ts'
import { postTransfer } from '../../src/ledger/post.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { OLD_AFTER_MS, proveLedger } from '../../src/ledger/prove-ledger.ts'
import type { Quote } from '../../src/ledger/quote.ts'
import { askBack, endReversal } from '../../src/ledger/reversal.ts'
import { shippedTariffs } from '../../src/ledger/shipped-tariffs.ts'
import type { MarketTariff, Service } from '../../src/ledger/tariff.ts'
import { stateOf } from '../../src/ledger/transfer.ts'
import { marketOf, uganda } from '../support/tariffs.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted, resolve } from './world.ts'

const [ghanaOf2022] = shippedTariffs(marketOf('GH'))
const [withdrawalLevy] = uganda.duties
const send = uganda.services.send as Service

/** Two ways to levy: what Ghana's example took off the payer, and Uganda's rate as it would be on what a payee receives. */
const examples: readonly {
  readonly name: string
  readonly tariff: MarketTariff
  readonly currency: string
  readonly levy: string
  readonly funded: bigint
  readonly amount: bigint
  /** What the payer pays beside the amount, what the payee keeps, and where the rest goes. */
  readonly is: { readonly fee: bigint; readonly kept: bigint; readonly charged: bigint; readonly levied: bigint }
}[] = [
  {
    ...{
      name: 'paid by the payer, as Ghana had it',
      tariff: ghanaOf2022 as MarketTariff,
      currency: 'GHS',
      levy: 'e-levy',
    },
    ...{ funded: 100_000n, amount: 20_000n, is: { fee: 300n, kept: 20_000n, charged: 150n, levied: 150n } },
  },
  {
    ...{ name: 'paid by the payee, at Uganda’s rate', currency: 'UGX', levy: 'withdrawal-levy' },
    tariff: {
      ...uganda,
      version: 'levied',
      services: { ...uganda.services, send: { ...send, minimum: 500n } },
      duties: [{ ...withdrawalLevy, exempt: [], paidBy: 'payee' } as MarketTariff['duties'][number]],
    },
    ...{ funded: 100_000n, amount: 20_000n, is: { fee: 500n, kept: 19_900n, charged: 500n, levied: 100n } },
  },
]

describe.each(examples)('a levy $name', ({ tariff, currency, levy, funded, amount, is }) => {
  let world: LedgerWorld
  let payer: Person
  let payee: Person
  let before: { fee: bigint; levy: bigint }
  beforeAll(async () => {
    world = await openWorld(tariff)
  })
  afterEach(async () => {
    expect(await proveBalances(world.app)).toEqual([])
    expect(await trialBalance(world.app)).toEqual([{ currency, difference: 0n }])
    const proof = await proveLedger(world.owner, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS })
    expect(proof.found.filter(({ grade }) => grade === 'wrong')).toEqual([])
  })
  afterAll(() => world?.drop())

  /** Balances of both, what is kept back out of the one and into the other, and what the house has got since the quote. */
  async function standing() {
    const { rows } = await world.app.query<{
      id: string
      kind: string
      code: string
      balance: bigint
      out: bigint
      in: bigint
    }>(`SELECT id, kind, code, credits - debits AS balance, held_out AS "out", held_in AS "in" FROM account`)
    const of = (found: (row: (typeof rows)[number]) => boolean) => rows.find(found)
    const [from, to] = [of(({ id }) => id === payer.wallet), of(({ id }) => id === payee.wallet)]
    return {
      payer: from?.balance,
      out: from?.out,
      payee: to?.balance,
      in: to?.in,
      fee: (of(({ kind }) => kind === 'fee_income')?.balance ?? 0n) - before.fee,
      levy: (of(({ kind, code }) => kind === 'levy_payable' && code === levy)?.balance ?? 0n) - before.levy,
    }
  }

  /** Between two people who have not met, with the money kept back. */
  async function begun(): Promise<Quote> {
    ;[payer, payee] = [await world.person(funded), await world.person(0n)]
    before = { fee: 0n, levy: 0n }
    const { fee, levy: levied } = await standing()
    before = { fee, levy: levied }
    const quote = quoted(await world.quoteSend(payer, payee, amount))
    expect(quote).toMatchObject({ fee: String(is.fee), payeeReceives: String(is.kept), tax: String(is.levied) })
    expect(await world.hold(quote)).toMatchObject({ kind: 'held' })
    return quote
  }

  const nothingHeld = { out: 0n, in: 0n }
  const total = amount + is.fee

  test('is kept back with the amount, goes to its own account when it posts, and only once', async () => {
    const { id } = await begun()
    expect(await standing()).toEqual({ payer: funded, out: total, payee: 0n, in: is.kept, fee: 0n, levy: 0n })
    expect(await resolve(world.app, id, 'post')).toBe('posted')
    const after = { payer: funded - total, payee: is.kept, fee: is.charged, levy: is.levied, ...nothingHeld }
    expect(await standing()).toEqual(after)
    expect(await resolve(world.app, id, 'post')).toBe('already')
    expect(await standing()).toEqual(after)
  })

  test('comes back whole where the hold is given back', async () => {
    const { id } = await begun()
    expect(await resolve(world.app, id, 'void')).toBe('voided')
    expect(await standing()).toEqual({ payer: funded, payee: 0n, fee: 0n, levy: 0n, ...nothingHeld })
  })

  test('posts in part as far as it is due on what moves, and the rest goes back to the payer', async () => {
    const { id, legs } = await begun()
    const half = (what: string) => {
      const at = legs.findIndex((leg) => leg.what === what)
      return { leg: at + 1, amount: BigInt(legs[at]?.amount ?? 0) / 2n }
    }
    const [moved, levied] = [half('amount'), half('levy')]
    expect(await world.app.transaction((tx) => postTransfer(tx, id, [moved, levied]))).toMatchObject({ kind: 'posted' })
    const byPayee = is.kept < amount ? levied.amount : 0n
    expect(await standing()).toEqual({
      ...{ payer: funded - moved.amount - is.charged - (levied.amount - byPayee), payee: moved.amount - byPayee },
      ...{ fee: is.charged, levy: levied.amount, ...nothingHeld },
    })
  })

  test('is not moved at all where none of it is due on a part', async () => {
    const { id, legs } = await begun()
    const none = legs.flatMap(({ what }, n) => (what === 'levy' ? [{ leg: n + 1, amount: 0n }] : []))
    const parts = [{ leg: 1, amount: 50n }, ...none]
    expect(await world.app.transaction((tx) => postTransfer(tx, id, parts))).toMatchObject({ kind: 'posted' })
    expect(await standing()).toEqual({
      ...{ payer: funded - 50n - is.charged, payee: 50n, fee: is.charged, levy: 0n, ...nothingHeld },
    })
  })

  test('stays levied when the amount is given back: what the payee has of it goes back, no more', async () => {
    const { id } = await begun()
    await resolve(world.app, id, 'post')
    const back = newTransferId()
    const asked = await world.app.transaction((tx) =>
      askBack(tx, world.sealer, {
        ...{ id: back, originalId: id, payerId: payer.id, sessionId: uuidv7() },
        ...{ windowMs: 86_400_000, openMs: 86_400_000 },
      }),
    )
    expect(asked).toMatchObject({ kind: 'held', held: is.kept })
    expect(await standing()).toMatchObject({ out: 0n, payee: is.kept, in: 0n })
    const ended = await world.app.transaction((tx) =>
      endReversal(tx, back, { by: 'giver', giverId: payee.id, settle: true }),
    )
    expect(ended).toMatchObject({ kind: 'posted', receiverAvailable: funded - total + is.kept, giverAvailable: 0n })
    expect(await standing()).toEqual({
      ...{ payer: funded - total + is.kept, payee: 0n, fee: is.charged, levy: is.levied, ...nothingHeld },
    })
    // Where the payee paid the levy, not all of the amount is there to go back.
    expect(await stateOf(world.app, id)).toBe(is.kept === amount ? 'REVERSED' : 'SETTLED')
  })

  test('is refused to be more than was quoted, or to go to somebody else', async () => {
    ;[payer, payee] = [await world.person(funded), await world.person(0n)]
    const quote = quoted(await world.quoteSend(payer, payee, amount))
    const at = quote.legs.findIndex(({ what }) => what === 'levy')
    const wrongly = (change: object): Quote => ({
      ...quote,
      id: newTransferId(),
      legs: quote.legs.map((leg, n) => (n === at ? { ...leg, ...change } : leg)),
    })
    for (const wrong of [
      wrongly({ amount: String(is.levied + 1n) }),
      wrongly({ credit: payee.wallet }),
      wrongly({ credit: payer.wallet }),
    ])
      await expect(
        world.app.transaction((tx) => holdTransfers(tx, world.sealer, [{ quote: wrong, sessionId: uuidv7() }])),
      ).rejects.toThrow('do not add up to its amounts')
  })
})
