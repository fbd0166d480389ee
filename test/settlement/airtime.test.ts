import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FakeNetwork, startFakeNetwork } from '../../scripts/fakes/network.ts'
import type { AirtimeSale } from '../../src/aggregators/aggregator.ts'
import { AIRTIME } from '../../src/billers/africastalking-airtime.ts'
import type { Biller } from '../../src/billers/biller.ts'
import { makeBillers } from '../../src/billers/registry.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { recordDecision } from '../../src/ledger/decision.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { quoteTransfer } from '../../src/ledger/quote.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { readAirtime } from '../../src/settings-partners.ts'
import { makeReader } from '../../src/settings-reader.ts'
import { type AirtimeCallbacks, makeAirtimeCallbacks } from '../../src/settlement/airtime-callbacks.ts'
import type { SettlementIntent } from '../../src/settlement/lanes.ts'
import { type SettleServices, settleTransfer } from '../../src/settlement/settle-transfer.ts'
import { newTransferId, type Person, quoted } from '../ledger/world.ts'
import { marketOf } from '../support/tariffs.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
let network: FakeNetwork
let services: SettleServices
let callbacks: AirtimeCallbacks
let rung: SettlementIntent[] = []

beforeAll(async () => {
  world = await openSettlementWorld()
  network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
  const url = `${network.httpUrl.replace('//', '//sandbox:demo@')}?timeoutMs=1500`
  const airtime = readAirtime(
    makeReader({ AIRTIME: url }, () => ''),
    marketOf('KE'),
  )
  services = { ...world.services, billers: makeBillers({ billers: [], airtime }) }
  await world.biller(AIRTIME)
  callbacks = makeAirtimeCallbacks({
    ...{ database: world.app, sealer: world.sealer, events: world.services.events as never },
    settlement: { ring: (intent) => void rung.push(intent) },
  })
})
afterEach(async () => {
  network.calm()
  rung = []
  await world.owner.query('DELETE FROM partner_breaker')
  expect(await proveBalances(world.app)).toEqual([])
})
afterAll(async () => {
  await network?.close()
  await world?.drop()
})

let numbers = 0
/** A number of its own for each test, so that sales of one are not taken for those of another. */
function newNumber(): Msisdn {
  numbers += 1
  return `+2547${String(numbers).padStart(8, '0')}` as Msisdn
}

async function bought(number: Msisdn, amount = 5_000n, payer?: Person): Promise<TransferId> {
  const { id: payerId } = payer ?? (await world.person(100_000n))
  const payee = { kind: 'biller', id: AIRTIME, name: 'Airtime', account: number, service: 'airtime' } as const
  const id = newTransferId()
  const quote = quoted(await quoteTransfer(world.app, world.tariffs, { id, atMs: Date.now(), payerId, amount, payee }))
  expect(quote).toMatchObject({ kind: 'airtime', fee: '0', legs: [{ amount: String(amount) }] })
  expect((await world.hold(quote)).kind).toBe('held')
  return id
}

const settle = (id: TransferId) => settleTransfer(services, id)
const sold = (number: string) => network.airtime.sales().filter((sale) => sale.number === number)
const saleOf = (number: Msisdn, changes: Partial<AirtimeSale> = {}): AirtimeSale => ({
  ...{ requestId: sold(number)[0]?.requestId ?? 'ATQid_none', number, amount: 5_000n, currency: 'KES', ...changes },
})
const delivered = (number: string) => expect.poll(() => sold(number)[0]?.status).toBe('Success')

test('taken is not done: it is pending until the phone has it, and settles with one receipt', async () => {
  const number = newNumber()
  const id = await bought(number)
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'PENDING' })
  await delivered(number)
  await callbacks.hear(saleOf(number), 'succeeded')
  expect(rung).toEqual([{ id, version: expect.any(Number), biller: AIRTIME }])
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(await world.receipts(id)).toMatchObject([{ kind: 'settled' }])
  expect(sold(number)).toMatchObject([{ key: id, amount: 'KES 50', received: 1 }])
})

test('taken and then failed: the money comes back', async () => {
  network.behave({ airtime: 'failed' })
  const [number, payer] = [newNumber(), await world.person(100_000n)]
  const id = await bought(number, 5_000n, payer)
  await settle(id)
  await expect.poll(() => sold(number)[0]?.status).toBe('Failed')
  await callbacks.hear(saleOf(number), 'failed')
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'REJECTED' })
  expect((await balanceOf(world.app, payer.id)).available).toBe(100_000n)
})

test('without any callback the schedule asks', async () => {
  network.behave({ airtimeCallbacks: 'none' })
  const number = newNumber()
  const id = await bought(number)
  await settle(id)
  await delivered(number)
  await world.age(id, 10)
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
})

test('a callback is believed in nothing: said to be done, and asked, it is still pending', async () => {
  network.behave({ airtime: 'undecided' })
  const number = newNumber()
  const id = await bought(number)
  await settle(id)
  await callbacks.hear(saleOf(number), 'succeeded')
  expect(await settle(id)).toEqual({ kind: 'idle' })
  expect(await world.stateOf(id)).toBe('PENDING')
})

test('a callback that comes again, or about another sale, makes nobody ask', async () => {
  network.behave({ airtime: 'undecided' })
  const number = newNumber()
  const id = await bought(number)
  await settle(id)
  for (let time = 0; time < 5; time += 1) await callbacks.hear(saleOf(number), 'succeeded')
  expect(rung).toHaveLength(1)
  await settle(id)
  await callbacks.hear(saleOf(number, { amount: 50_000n }), 'failed')
  await callbacks.hear(saleOf(number, { number: newNumber() }), 'failed')
  await callbacks.hear(saleOf(number, { requestId: 'ATQid_other' }), 'failed')
  expect(rung).toHaveLength(1)
})

test('five copies at once make one question', async () => {
  network.behave({ airtime: 'undecided' })
  const number = newNumber()
  await settle(await bought(number))
  await Promise.all(Array.from({ length: 5 }, () => callbacks.hear(saleOf(number), 'succeeded')))
  expect(rung).toHaveLength(1)
})

test('a callback that overtakes the answer to the payment is not lost', async () => {
  const number = newNumber()
  const id = await bought(number)
  // As between the commit of the attempt and that of its answer.
  const early: SettleServices = {
    ...services,
    breakers: {
      ...services.breakers,
      learn: async () => {
        await delivered(number)
        await callbacks.hear(saleOf(number), 'succeeded')
      },
    },
  }
  expect(await settleTransfer(early, id)).toEqual({ kind: 'moved', to: 'PENDING' })
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
})

describe('airtime that was taken without a word', () => {
  test.each(['silent', 'error-after-taking'] as const)(
    'is in doubt (%s), is never sent again, and settles by the id that the validation told',
    async (airtimeAnswer) => {
      network.behave({ airtimeAnswer })
      const number = newNumber()
      const id = await bought(number)
      expect(await settle(id)).toEqual({ kind: 'moved', to: 'IN_DOUBT' })
      await world.age(id, 10)
      await settle(id)
      expect(await world.stateOf(id)).toBe('IN_DOUBT')
      network.calm()
      await delivered(number)
      expect(await callbacks.validate(saleOf(number, { amount: 50_000n }))).toBe(false)
      expect(await callbacks.validate(saleOf(number, { number: newNumber() }))).toBe(false)
      expect(await callbacks.validate(saleOf(number))).toBe(true)
      await world.age(id, 600)
      expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
      expect(sold(number)).toMatchObject([{ received: 1 }])
    },
  )

  test('is not settled by an id that another sale alike may have', async () => {
    network.behave({ airtimeAnswer: 'silent' })
    const number = newNumber()
    const ids = [await bought(number), await bought(number)]
    for (const id of ids) await settle(id)
    network.calm()
    await delivered(number)
    expect(await callbacks.validate(saleOf(number))).toBe(true)
    for (const id of ids) {
      await world.age(id, 600)
      await settle(id)
      expect(await world.stateOf(id)).toBe('IN_DOUBT')
    }
  })
})

describe('whether a sale is ours', () => {
  test('is yes for the number and amount that were bought, and again yes', async () => {
    network.behave({ airtime: 'undecided' })
    const number = newNumber()
    await settle(await bought(number))
    expect(await callbacks.validate(saleOf(number))).toBe(true)
    expect(await callbacks.validate(saleOf(number))).toBe(true)
  })

  test('is no for another amount, number, currency or id, and for what was never bought', async () => {
    network.behave({ airtime: 'undecided' })
    const number = newNumber()
    await settle(await bought(number))
    const wrong: Partial<AirtimeSale>[] = [
      { amount: 50_000n },
      { number: newNumber() },
      { currency: 'UGX' },
      { requestId: 'ATQid_forged' },
    ]
    for (const changes of wrong) expect(await callbacks.validate(saleOf(number, changes))).toBe(false)
    expect(await callbacks.validate(saleOf(newNumber()))).toBe(false)
  })

  test('is yes for as many ids as sales alike are under way, and no more', async () => {
    network.behave({ airtimeAnswer: 'silent', airtime: 'undecided' })
    const number = newNumber()
    for (const id of [await bought(number), await bought(number)]) await settle(id)
    const asked = ['ATQid_1', 'ATQid_2', 'ATQid_3'].map((id) => `${id}_${number.slice(1)}`)
    const answers = await Promise.all(asked.map((requestId) => callbacks.validate(saleOf(number, { requestId }))))
    expect(answers.filter(Boolean)).toHaveLength(2)
  })

  test('is no before it was sent', async () => {
    const number = newNumber()
    await bought(number)
    expect(await callbacks.validate(saleOf(number))).toBe(false)
  })
})

describe('a worker that dies between the answer of the seller and our commit', () => {
  /** The sale is made and answered, and nothing of the answer comes to the database. */
  async function diedAfter(id: TransferId): Promise<void> {
    const airtime = services.billers.get(AIRTIME)
    if (airtime === undefined) throw new Error('no airtime')
    let answered = false
    const dying: Biller = {
      ...airtime,
      pay: async (payment) => {
        await airtime.pay(payment)
        answered = true
        return new Promise<never>(() => undefined)
      },
    }
    void settleTransfer({ ...services, billers: new Map([[AIRTIME, dying]]) }, id)
    await expect.poll(() => answered).toBe(true)
    expect(await world.path(id)).toEqual(['HELD', 'SUBMITTED'])
  }

  test("the seller's callback names the sale, and airtime and money move exactly once", async () => {
    const [number, payer] = [newNumber(), await world.person(100_000n)]
    const id = await bought(number, 5_000n, payer)
    await diedAfter(id)
    expect(await settle(id)).toEqual({ kind: 'idle' })
    await delivered(number)
    await world.age(id, 60)
    await callbacks.hear(saleOf(number), 'succeeded')
    await Promise.all([settle(id), settle(id)])
    expect(await world.stateOf(id)).toBe('SETTLED')
    expect(await world.receipts(id)).toMatchObject([{ kind: 'settled' }])
    expect((await balanceOf(world.app, payer.id)).available).toBe(95_000n)
    expect(sold(number)).toMatchObject([{ key: id, received: 1, status: 'Success' }])
  })

  test('without any callback it is never sold again: the money waits, and two officers end it', async () => {
    network.behave({ airtimeCallbacks: 'none' })
    const [number, payer] = [newNumber(), await world.person(100_000n)]
    const id = await bought(number, 5_000n, payer)
    await diedAfter(id)
    for (const seconds of [60, 3_600, 86_400]) {
      await world.age(id, seconds)
      await settle(id)
    }
    expect(await world.stateOf(id)).toBe('REVIEW')
    expect(sold(number)).toMatchObject([{ key: id, received: 1 }])
    const { rows } = await world.owner.query<{ reference: string }>('SELECT reference FROM transfer WHERE id = $1', [
      id,
    ])
    for (const officer of ['grace', 'otieno'])
      await world.app.transaction((tx) =>
        recordDecision(tx, world.sealer, {
          ...{ reference: rows[0]?.reference ?? '', officer, says: 'settle', reason: 'on their statement' },
          ...{ partnerReference: sold(number)[0]?.requestId ?? null, token: null },
        }),
      )
    expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
    expect((await balanceOf(world.app, payer.id)).available).toBe(95_000n)
    expect(sold(number)).toMatchObject([{ received: 1 }])
  })
})
