import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Biller } from '../../src/billers/biller.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { settleTransfer } from '../../src/settlement/settle-transfer.ts'
import { sweepTransfers } from '../../src/settlement/sweep.ts'
import type { Person } from '../ledger/world.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
let amina: Person
let juma: Person

beforeAll(async () => {
  world = await openSettlementWorld()
})
afterEach(async () => {
  for (const id of world.services.billers.keys()) world.partners.control(id, {})
  expect(await proveBalances(world.app)).toEqual([])
  expect(await trialBalance(world.app)).toEqual([{ currency: 'KES', difference: 0n }])
})
afterAll(() => world?.drop())

async function people(): Promise<void> {
  amina = await world.person(100_000n)
  juma = await world.person(0n)
}

const paidTimes = (id: string): number | undefined =>
  world.partners.payments().find(({ reference }) => reference === id)?.received

/** Lets the wait before the next question pass. */
const due = (id: Parameters<SettlementWorld['age']>[0]): Promise<void> => world.age(id, 10)

test('a transfer on the own ledger settles in one commit with its receipts, and once however often it is run at once', async () => {
  await people()
  const id = await world.heldSend(amina, juma, 20_000n)
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => settleTransfer(world.services, id)))
  expect(outcomes.filter(({ kind }) => kind === 'moved')).toEqual([{ kind: 'moved', to: 'SETTLED' }])
  expect(await world.receipts(id)).toMatchObject([{ kind: 'settled' }])
  expect(await world.path(id)).toEqual(['HELD', 'SETTLED'])
  expect(world.announced.filter((announced) => announced === id)).toHaveLength(1)
  expect((await balanceOf(world.app, juma.id)).available).toBe(20_000n)
})

test('a receipt that cannot be written undoes the settlement with it, and the next run does both', async () => {
  await people()
  const id = await world.heldSend(amina, juma, 20_000n)
  const { receipts } = world.services
  const broken: typeof receipts = {
    ...receipts,
    settledAll: async (...args) => {
      await receipts.settledAll(...args)
      throw new Error('no outbox')
    },
  }
  await expect(settleTransfer({ ...world.services, receipts: broken }, id)).rejects.toThrow('no outbox')
  expect(await world.receipts(id)).toEqual([])
  expect(await world.stateOf(id)).toBe('HELD')
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(await world.receipts(id)).toHaveLength(1)
})

test('a bill that is done settles with the token the biller returned', async () => {
  await people()
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(await world.path(id)).toEqual(['HELD', 'SUBMITTED', 'SETTLED'])
  expect(await world.receipts(id)).toEqual([
    { kind: 'settled', transfer_id: id, token: expect.stringMatching(/^\d{20}$/) },
  ])
  expect(paidTimes(id)).toBe(1)
})

test('a bill that is refused gives the money back and says so', async () => {
  await people()
  world.partners.control('city-power', { refuse: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'REJECTED' })
  expect(await world.receipts(id)).toMatchObject([{ kind: 'rejected' }])
  expect(await balanceOf(world.app, amina.id)).toMatchObject({ available: 100_000n, held: 0n })
})

test('a pending bill keeps its hold, is asked by reference, and settles when the biller has decided', async () => {
  await people()
  world.partners.control('city-power', { pending: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'PENDING' })
  expect((await balanceOf(world.app, amina.id)).held).toBe(5_000n)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'idle' })
  await due(id)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'idle' })
  world.partners.control('city-power', {})
  await due(id)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(paidTimes(id)).toBe(1)
})

test('a silent biller leaves the transfer in doubt, its hold kept; asked again it settles, paid once', async () => {
  await people()
  world.partners.control('city-power', { silent: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'IN_DOUBT' })
  expect(await world.receipts(id)).toEqual([])
  await due(id)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'idle' })
  expect(await world.stateOf(id)).toBe('IN_DOUBT')
  expect((await balanceOf(world.app, amina.id)).held).toBe(5_000n)
  world.partners.control('city-power', {})
  await due(id)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(await world.path(id)).toEqual(['HELD', 'SUBMITTED', 'IN_DOUBT', 'SETTLED'])
  expect(paidTimes(id)).toBe(1)
})

test.each([
  ['answers 500 after it took the money', { status5xxAfterSuccess: true }],
  ['answers about another amount', { wrongAmount: true }],
])('a biller that %s is in doubt, not refused', async (_how, trouble) => {
  await people()
  world.partners.control('city-water', trouble)
  const id = await world.heldBill(amina, 'city-water', 5_000n, '1234567')
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'IN_DOUBT' })
  world.partners.control('city-water', {})
  await due(id)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'SETTLED' })
})

test('a payment that never arrived is given back only after it was not found twice and could not be on its way any more', async () => {
  await people()
  world.partners.control('city-power', { unreachable: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'IN_DOUBT' })
  world.partners.control('city-power', {})
  for (const seconds of [10, 10, 10]) {
    await world.age(id, seconds)
    expect(await settleTransfer(world.services, id)).toEqual({ kind: 'idle' })
  }
  await world.age(id, 40)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'REJECTED' })
  expect(await balanceOf(world.app, amina.id)).toMatchObject({ available: 100_000n, held: 0n })
  expect(paidTimes(id)).toBeUndefined()
})

test('one answer that the payment is not found gives nothing back, however late it comes', async () => {
  await people()
  world.partners.control('city-power', { unreachable: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  await settleTransfer(world.services, id)
  world.partners.control('city-power', {})
  await world.age(id, 7_200)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'idle' })
  expect((await balanceOf(world.app, amina.id)).held).toBe(5_000n)
})

test('a worker that dies between submitting and the answer is followed by a question, never by a second payment', async () => {
  await people()
  const power = world.services.billers.get('city-power') as Biller
  const dying: Biller = {
    ...power,
    pay: async (payment) => power.pay(payment).then(() => new Promise(() => undefined)),
  }
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  void settleTransfer({ ...world.services, billers: new Map([['city-power', dying]]) }, id)
  await expect.poll(() => paidTimes(id)).toBe(1)
  expect(await world.stateOf(id)).toBe('SUBMITTED')
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'idle' })
  await due(id)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(paidTimes(id)).toBe(1)
})

test('many workers on one bill pay it once', async () => {
  await people()
  world.partners.control('city-power', { delayMs: 50 })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  await Promise.all(Array.from({ length: 8 }, () => settleTransfer(world.services, id)))
  expect(await world.stateOf(id)).toBe('SETTLED')
  expect(paidTimes(id)).toBe(1)
  expect(await world.receipts(id)).toHaveLength(1)
})

test('a process held up between submitting and the socket does not send', async () => {
  await people()
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  const slow = {
    ...world.app,
    query: async (...args: Parameters<typeof world.app.query>) => {
      const result = await world.app.query(...args)
      if (String(args[0]).includes('ledger_submit')) await new Promise((resolve) => setTimeout(resolve, 2_100))
      return result
    },
  } as typeof world.app
  expect(await settleTransfer({ ...world.services, database: slow }, id)).toEqual({ kind: 'moved', to: 'IN_DOUBT' })
  expect(paidTimes(id)).toBeUndefined()
})

test('a biller that says done after the money went back moves nothing and calls for people', async () => {
  await people()
  const power = world.services.billers.get('city-power') as Biller
  let finish: () => void = () => undefined
  const late: Biller = {
    ...power,
    pay: () =>
      new Promise((resolve) => {
        finish = () => resolve({ kind: 'done', partnerReference: 'LATE', receipt: {} })
      }),
  }
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  const first = settleTransfer({ ...world.services, billers: new Map([['city-power', late]]) }, id)
  await expect.poll(() => world.stateOf(id)).toBe('SUBMITTED')
  await world.age(id, 100)
  await settleTransfer(world.services, id)
  await due(id)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'REJECTED' })
  const before = world.failures.length
  finish()
  expect(await first).toEqual({ kind: 'contradiction' })
  expect(world.failures).toHaveLength(before + 1)
  expect((await balanceOf(world.app, amina.id)).available).toBe(100_000n)
})

test('after a day without a definite answer people decide, and the hold stays', async () => {
  await people()
  world.partners.control('city-power', { silent: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  await settleTransfer(world.services, id)
  await world.age(id, 86_500)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'REVIEW' })
  expect((await balanceOf(world.app, amina.id)).held).toBe(5_000n)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'idle' })
})

test('a bill that was never submitted is given back after a day', async () => {
  await people()
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  const services = { ...world.services, billers: new Map() }
  expect(await settleTransfer(services, id)).toEqual({ kind: 'idle' })
  await world.age(id, 86_500)
  expect(await settleTransfer(services, id)).toEqual({ kind: 'moved', to: 'REJECTED' })
})

test('the subscriber is told once that it takes longer, after two minutes', async () => {
  await people()
  world.partners.control('city-power', { silent: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  await settleTransfer(world.services, id)
  const rung: string[] = []
  const sweep = { ...world.services, settlement: { ring: (intent: { id: string }) => void rung.push(intent.id) } }
  const services = { ...sweep, events: world.services.events as never }
  await sweepTransfers(services)
  expect(await world.receipts(id)).toEqual([])
  await world.age(id, 121)
  await Promise.all([sweepTransfers(services), sweepTransfers(services)])
  await sweepTransfers(services)
  expect(await world.receipts(id)).toMatchObject([{ kind: 'delayed' }])
  expect(rung).toContain(id)
})
