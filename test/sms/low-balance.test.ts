import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TransferId } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { fundWallet } from '../../src/ledger/accounts.ts'
import { quoteTransfer } from '../../src/ledger/quote.ts'
import { type OwnWallet, openSavings } from '../../src/ledger/savings.ts'
import { numberContext, numberIndex } from '../../src/security/contexts.ts'
import { type SettleServices, settleTransfer } from '../../src/settlement/settle-transfer.ts'
import { makeReceipts } from '../../src/sms/receipts.ts'
import { newTransferId, type Person, quoted } from '../ledger/world.ts'
import { openSettlementWorld, type SettlementWorld } from '../settlement/world.ts'

const shilling = 100n
/** 23 November 2026 in Nairobi; the dead of night unless a test says noon. */
const at = (hour: number): number => Date.UTC(2026, 10, 23, hour - 3)

let world: SettlementWorld
let services: SettleServices
let hour = 12
let people = 0
beforeAll(async () => {
  world = await openSettlementWorld()
  const receipts = makeReceipts({
    sealer: world.sealer,
    messages: () => ({ render: (name, _language, values) => `${name} ${JSON.stringify(values)}` }),
    nameOfBiller: (id) => id,
    lowBalance: { standard: 100n * shilling },
    quiet: { hours: { from: 21 * 60, to: 7 * 60 }, timeZone: 'Africa/Nairobi', now: () => at(hour) },
  })
  services = { ...world.services, receipts }
})
afterAll(() => world.drop())

async function person(balance: bigint, tier = 'standard'): Promise<Person> {
  const someone = await world.person(balance, { tier })
  people += 1
  const number = `+2547000001${String(people).padStart(2, '0')}` as Msisdn
  await world.owner.query('UPDATE subscriber SET number_sealed = $2, number_index = $3 WHERE id = $1', [
    someone.id,
    world.sealer.seal(number, numberContext(someone.id)),
    numberIndex(world.sealer, number),
  ])
  return someone
}

async function held(payer: Person, payee: Person, amount: bigint): Promise<TransferId> {
  const quote = quoted(await world.quoteSend(payer, payee, amount))
  expect((await world.hold(quote)).kind).toBe('held')
  return quote.id
}

async function told(payer: Person): Promise<readonly { category: string; category_wait: number }[]> {
  const { rows } = await world.app.query<{ category: string; category_wait: number }>(
    `SELECT category, round(extract(epoch FROM not_before - to_timestamp($2::float8 / 1000)) / 3600)::int AS category_wait
      FROM sms_outbox WHERE subscriber_id = $1 AND fact_key LIKE '%:low-balance' ORDER BY created_at`,
    [payer.id, at(hour)],
  )
  return rows
}

async function send(payer: Person, payee: Person, amount: bigint): Promise<void> {
  expect(await settleTransfer(services, await held(payer, payee, amount))).toEqual({ kind: 'moved', to: 'SETTLED' })
}

test('the debit that crosses the threshold tells, further ones do not, and money coming in arms it again', async () => {
  const [payer, payee] = [await person(300n * shilling), await person(0n)]
  const counts: number[] = []
  for (const amount of [100n, 90n, 50n, 30n]) {
    await send(payer, payee, amount * shilling)
    counts.push((await told(payer)).length)
  }
  expect(counts).toEqual([0, 0, 1, 1])
  await fundWallet(world.owner, payer.id, 500n * shilling, `more for ${payer.id}`)
  await send(payer, payee, 100n * shilling)
  expect(await told(payer)).toHaveLength(1)
  await send(payer, payee, 400n * shilling)
  expect(await told(payer)).toHaveLength(2)
  expect(await told(payee)).toHaveLength(0)
})

test('of two debits that were both held, the one that crosses tells, and only it', async () => {
  const [payer, payee] = [await person(500n * shilling), await person(0n)]
  const [first, second] = [await held(payer, payee, 200n * shilling), await held(payer, payee, 250n * shilling)]
  await settleTransfer(services, first)
  expect(await told(payer)).toHaveLength(0)
  await settleTransfer(services, second)
  expect(await told(payer)).toHaveLength(1)
})

test('putting money aside is a debit of the balance, taking it out is none, though savings get low', async () => {
  const payer = await person(300n * shilling)
  await openSavings(world.app, payer.id, 'KES')
  const move = async (into: OwnWallet, amount: bigint): Promise<void> => {
    const payee = { kind: 'own', id: into, name: 'Test P.' } as const
    const request = { id: newTransferId(), atMs: Date.now(), payerId: payer.id, amount, payee }
    const quote = quoted(await quoteTransfer(world.app, world.tariffs, request))
    expect((await world.hold(quote)).kind).toBe('held')
    expect(await settleTransfer(services, quote.id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  }
  await move('savings', 150n * shilling)
  await move('main', 140n * shilling)
  expect(await told(payer)).toHaveLength(0)
  await move('savings', 200n * shilling)
  expect(await told(payer)).toHaveLength(1)
  await move('main', 1n * shilling)
  expect(await told(payer)).toHaveLength(1)
  const { rows } = await world.app.query<{ fact_key: string }>(
    `SELECT fact_key FROM sms_outbox WHERE subscriber_id = $1 AND fact_key NOT LIKE '%:low-balance'`,
    [payer.id],
  )
  expect(rows.map(({ fact_key: fact }) => fact.split(':')[1])).toEqual(['payer', 'payer', 'payer', 'payer'])
})

test('settling twice tells once', async () => {
  const [payer, payee] = [await person(150n * shilling), await person(0n)]
  const id = await held(payer, payee, 100n * shilling)
  await Promise.all([settleTransfer(services, id), settleTransfer(services, id)])
  await settleTransfer(services, id)
  expect(await told(payer)).toHaveLength(1)
})

test('a tier without a threshold hears nothing', async () => {
  const [payer, payee] = [await person(150n * shilling, 'basic'), await person(0n)]
  await send(payer, payee, 100n * shilling)
  expect(await told(payer)).toEqual([])
})

test('at night it waits for the morning, by day it does not wait; both are informing', async () => {
  const [one, other, payee] = [await person(150n * shilling), await person(150n * shilling), await person(0n)]
  hour = 23
  await send(one, payee, 100n * shilling)
  expect(await told(one)).toEqual([{ category: 'informing', category_wait: 8 }])
  hour = 12
  await send(other, payee, 100n * shilling)
  expect(await told(other)).toEqual([{ category: 'informing', category_wait: 0 }])
})

test('without the settlement there is no alert', async () => {
  const [payer, payee] = [await person(150n * shilling), await person(0n)]
  const id = await held(payer, payee, 100n * shilling)
  const dying: SettleServices = {
    ...services,
    database: {
      ...services.database,
      transaction: (work) =>
        services.database.transaction(async (tx) => {
          await work(tx)
          throw new Error('killed')
        }),
    },
  }
  await expect(settleTransfer(dying, id)).rejects.toThrow('killed')
  expect(await told(payer)).toEqual([])
})
