import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proveBalances } from '../../src/ledger/prove.ts'
import { type Quote, type QuoteRequest, quoteTransfer } from '../../src/ledger/quote.ts'
import { quoteFromJson, quoteToJson } from '../../src/ledger/quote-json.ts'
import { readTariffs } from '../../src/ledger/read-tariffs.ts'
import { shippedTariffs } from '../../src/ledger/shipped-tariffs.ts'
import type { MarketTariff } from '../../src/ledger/tariff.ts'
import { readTransfer } from '../../src/ledger/transfer.ts'
import { marketOf } from '../support/tariffs.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted, resolve } from './world.ts'

/** The kind and the code of the account that each leg goes to, from whom, and how much. */
async function legsOf(world: LedgerWorld, { legs, payerAccount }: Quote): Promise<string[]> {
  const { rows } = await world.app.query<{ id: string; kind: string; code: string }>(
    `SELECT id, kind, code FROM account WHERE id = ANY ($1)`,
    [legs.map(({ credit }) => credit)],
  )
  const names = new Map(rows.map(({ id, kind, code }) => [id, kind === 'wallet' ? kind : `${kind}/${code}`]))
  return legs.map(
    ({ what, debit, credit, amount }) =>
      `${what} ${debit === payerAccount ? 'payer' : 'payee'} -> ${names.get(credit)} ${amount}`,
  )
}

const quoteOf = (world: LedgerWorld, request: Omit<QuoteRequest, 'id' | 'atMs'>) =>
  quoteTransfer(world.app, world.tariffs, { id: newTransferId(), atMs: Date.now(), ...request })

describe('a levy on what is sent above an amount a day', () => {
  let world: LedgerWorld
  beforeAll(async () => {
    const tariff = shippedTariffs(marketOf('GH')).find(({ version }) => version === 'GH-2022-1')
    world = await openWorld(tariff as MarketTariff)
  })
  afterAll(() => world.drop())

  /** As if that much had been sent on the market's day. */
  const sent = (person: Person, amount: bigint, day = `ledger_business_day('GHS')`) =>
    world.owner.query(`UPDATE account SET day = ${day}, day_out = $2 WHERE id = $1`, [person.wallet, amount])

  test('goes to an account of its own, by what the payer has sent today', async () => {
    const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
    const first = quoted(await world.quoteSend(payer, payee, 20_000n))
    expect(first).toMatchObject({ fee: '300', tax: '150', total: '20300', payeeReceives: '20000' })
    expect(await legsOf(world, first)).toEqual([
      'amount payer -> wallet 20000',
      'fee payer -> fee_income/ 150',
      'levy payer -> levy_payable/e-levy 150',
    ])
    await sent(payer, 4_000n)
    expect(quoted(await world.quoteSend(payer, payee, 20_000n))).toMatchObject({ tax: '210', total: '20360' })
    await sent(payer, 4_000n, `ledger_business_day('GHS') - 1`)
    expect(quoted(await world.quoteSend(payer, payee, 20_000n))).toMatchObject({ tax: '150' })
  })

  test('is each payer’s own where many are quoted at once, and money for it must be there', async () => {
    const people = await Promise.all(
      [0n, 6_000n, 90_000n].map(async (amount) => {
        const person = await world.person(30_450n)
        await sent(person, amount)
        return person
      }),
    )
    const payee = await world.person(0n)
    const outcomes = await Promise.all(people.map((payer) => world.quoteSend(payer, payee, 30_000n)))
    expect(outcomes.map((outcome) => (outcome.kind === 'quoted' ? outcome.quote.fee : outcome))).toEqual([
      { kind: 'insufficient', available: 30_450n },
      { kind: 'insufficient', available: 30_450n },
      { kind: 'insufficient', available: 30_450n },
    ])
    const enough = await Promise.all(people.map((payer) => world.quoteSend(payer, payee, 10_000n)))
    expect(enough.map((outcome) => quoted(outcome).fee)).toEqual(['75', '165', '225'])
  })
})

describe('what the examples do not use', () => {
  let world: LedgerWorld
  let payer: Person
  beforeAll(async () => {
    const [tariff] = readTariffs(readFileSync('test/ledger/charges.test-tariff.yaml', 'utf8'), marketOf('KE')).tariffs
    world = await openWorld(tariff as MarketTariff)
    await world.biller('shop')
    payer = await world.person(200_000n, { tier: 'basic' })
  })
  afterAll(() => world.drop())

  test('a payee who pays the fee is left with less, and the payer pays the amount', async () => {
    const quote = quoted(await world.quoteBill(payer, 'shop', 100_000n))
    expect(quote).toMatchObject({ amount: '100000', fee: '0', total: '100000', tax: '437', payeeReceives: '98000' })
    expect(await legsOf(world, quote)).toEqual([
      'amount payer -> biller/shop 100000',
      'fee payee -> fee_income/ 1563',
      'tax payee -> tax_payable/excise 156',
      'tax payee -> tax_payable/vat 281',
    ])
    expect(quoteFromJson(JSON.parse(JSON.stringify(quoteToJson(quote))))).toEqual(quote)
  })

  test('prices of a tier and of a network are theirs', async () => {
    const gold = await world.person(200_000n, { tier: 'gold' })
    const payee = await world.person(0n, { tier: 'gold' })
    const fees = await Promise.all(
      [payer, gold].flatMap((person) =>
        [undefined, 'other'].map(async (network) => {
          const to = {
            kind: 'subscriber',
            id: payee.id,
            name: 'Payee P.',
            ...(network === undefined ? {} : { network }),
          } as const
          return quoted(await quoteOf(world, { payerId: person.id, amount: 100_000n, payee: to })).fee
        }),
      ),
    )
    expect(fees).toEqual(['2000', '4000', '1000', '3000'])
  })

  test('airtime has prices of its own', async () => {
    const payee = { kind: 'biller', id: 'shop', name: 'Shop', account: '0712345678', service: 'airtime' } as const
    const quote = quoted(await quoteOf(world, { payerId: payer.id, amount: 10_000n, payee }))
    expect(quote).toMatchObject({ kind: 'airtime', fee: '100' })
    expect(await legsOf(world, quote)).toEqual([
      'amount payer -> biller/shop 10000',
      'levy payer -> levy_payable/stamp 100',
    ])
  })

  test('the receipt’s net is what the payee is left with, and the books are right', async ({ skip }) => {
    // The ledger that holds a transfer for each leg by itself knows neither levies nor legs of the payee.
    const { rows } = await world.app.query(`SELECT FROM pg_proc WHERE proname = 'ledger_hold_all'`)
    skip(rows.length === 0, 'needs the ledger that holds many at once')
    const quote = quoted(await world.quoteBill(payer, 'shop', 100_000n))
    expect(await world.hold(quote)).toMatchObject({ kind: 'held' })
    expect(await readTransfer(world.app, world.sealer, quote.id)).toMatchObject({
      amount: 100_000n,
      payeeReceives: 98_000n,
    })
    await world.owner.query(`SELECT ledger_submit($1, '1 s')`, [quote.id])
    await world.owner.query(`INSERT INTO partner_answer (transfer_id, attempt, outcome) VALUES ($1, 1, 'done')`, [
      quote.id,
    ])
    expect(await resolve(world.app, quote.id, 'post')).toBe('posted')
    const balances = await world.app.query(
      `SELECT kind, code, credits - debits AS balance FROM account WHERE kind IN ('biller', 'fee_income', 'tax_payable') ORDER BY kind, code`,
    )
    expect(balances.rows).toEqual([
      { kind: 'biller', code: 'shop', balance: 98_000n },
      { kind: 'fee_income', code: '', balance: 1_563n },
      { kind: 'tax_payable', code: 'excise', balance: 156n },
      { kind: 'tax_payable', code: 'top', balance: 0n },
      { kind: 'tax_payable', code: 'vat', balance: 281n },
    ])
    const stamped = { kind: 'subscriber', id: (await world.person(0n, { tier: 'gold' })).id, name: 'Payee P.' } as const
    const send = quoted(await quoteOf(world, { payerId: payer.id, amount: 5_000n, payee: stamped }))
    expect(await world.hold(send)).toMatchObject({ kind: 'held' })
    expect(await resolve(world.app, send.id, 'post')).toBe('posted')
    expect(await proveBalances(world.app)).toEqual([])
  })
})
