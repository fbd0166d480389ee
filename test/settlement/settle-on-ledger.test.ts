import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TransferId } from '../../src/domain/ids.ts'
import { makeConfirmTransfer } from '../../src/ledger/confirm.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeKey } from '../../src/security/keys.ts'
import { type SettleServices, settleTransfer } from '../../src/settlement/settle-transfer.ts'
import { quoted } from '../ledger/world.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
beforeAll(async () => {
  world = await openSettlementWorld()
})
afterEach(async () => expect(await proveBalances(world.app)).toEqual([]))
afterAll(() => world?.drop())

const processes = (count: number): SettleServices[] => Array.from({ length: count }, () => ({ ...world.services }))

async function postedAmounts(wallet: string): Promise<bigint[]> {
  const { rows } = await world.app.query<{ amount: bigint }>(
    'SELECT amount FROM entry WHERE debit = $1 AND leg = 1 ORDER BY debit_seq',
    [wallet],
  )
  return rows.map(({ amount }) => amount)
}

test('one payer’s transfers post in the order confirmed, though their jobs come in another and in several processes', async () => {
  const [payer, payee] = [await world.person(900_000n), await world.person(0n)]
  const amounts = Array.from({ length: 12 }, (_, n) => 1_000n + BigInt(n))
  const ids: TransferId[] = []
  for (const amount of amounts) ids.push(await world.heldSend(payer, payee, amount))
  const three = processes(3)
  await Promise.all([...ids].reverse().map((id, n) => settleTransfer(three[n % 3] as SettleServices, id)))
  expect(await postedAmounts(payer.wallet)).toEqual(amounts)
  for (const id of ids) expect(await world.receipts(id)).toHaveLength(1)
})

test('the job of the last alone settles those before it, receipts and announcements too', async () => {
  const [payer, payee] = [await world.person(900_000n), await world.person(0n)]
  const ids = [1_000n, 2_000n, 3_000n].map((amount) => world.heldSend(payer, payee, amount))
  const [first, second, last] = (await Promise.all(ids)) as [TransferId, TransferId, TransferId]
  const { rows } = await world.app.query<{ id: TransferId }>(
    'SELECT id FROM transfer WHERE id = ANY ($1) ORDER BY ordinal',
    [[first, second, last]],
  )
  expect(await settleTransfer(world.services, rows.at(-1)?.id as TransferId)).toEqual({ kind: 'moved', to: 'SETTLED' })
  for (const { id } of rows) {
    expect(await world.stateOf(id)).toBe('SETTLED')
    expect(await world.receipts(id)).toHaveLength(1)
    expect(world.announced).toContain(id)
  }
})

test('a transfer that cannot settle ends on record for people, once, and keeps nobody waiting, not even its own payer', async () => {
  const [payer, other, payee] = [await world.person(900_000n), await world.person(900_000n), await world.person(0n)]
  const poison = await world.heldSend(payer, payee, 1_000n)
  const after = await world.heldSend(payer, payee, 2_000n)
  const others = await Promise.all(Array.from({ length: 5 }, () => world.heldSend(other, payee, 500n)))
  const { receipts } = world.services
  const services: SettleServices = {
    ...world.services,
    receipts: {
      ...receipts,
      settledAll: async (tx, transfers) => {
        if (transfers.some(({ id }) => id === poison)) throw new Error('this one has no receipt')
        return receipts.settledAll(tx, transfers)
      },
    },
  }
  const outcomes = await Promise.allSettled([poison, after, ...others].map((id) => settleTransfer(services, id)))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', ...Array(6).fill('fulfilled')])
  expect(await world.stateOf(poison)).toBe('HELD')
  for (const id of [after, ...others]) expect(await world.stateOf(id)).toBe('SETTLED')
  const onRecord = () =>
    world.app.query('SELECT id, sqlstate, message, tries FROM ledger_poison WHERE id = $1', [poison])
  expect((await onRecord()).rows).toEqual([
    { id: poison, sqlstate: null, message: 'this one has no receipt', tries: 1 },
  ])
  await expect(settleTransfer(services, poison)).rejects.toThrow('no receipt')
  expect((await onRecord()).rows).toMatchObject([{ tries: 2 }])
  expect(await settleTransfer(world.services, poison)).toEqual({ kind: 'moved', to: 'SETTLED' })
})

test('confirmations of one moment are held with their audit rows; the one that is wrong fails alone, on record, with the database’s code', async () => {
  const audit = makeAudit(makeKey(Buffer.alloc(32, 3)), world.sealer)
  const confirm = makeConfirmTransfer(world.app, world.sealer, audit)
  const [payer, payee] = [await world.person(900_000n), await world.person(0n)]
  const quotes = await Promise.all(
    [1_000n, 2_000n, 3_000n].map(async (n) => quoted(await world.quoteSend(payer, payee, n))),
  )
  const [good, wrong, also] = quotes as [(typeof quotes)[0], (typeof quotes)[0], (typeof quotes)[0]]
  const bad = { ...wrong, legs: wrong.legs.map((leg) => ({ ...leg, amount: '1' })) }
  const asked = [good, bad, also, good].map((quote) => confirm({ quote, sessionId: good.id, by: payer.id }))
  const outcomes = await Promise.allSettled(asked)
  expect(outcomes.map((one) => (one.status === 'fulfilled' ? one.value.kind : 'failed'))).toEqual([
    'held',
    'failed',
    'held',
    'known',
  ])
  const { rows } = await world.owner.query<{ subject: string }>(
    `SELECT subject FROM audit_event WHERE action = 'transfer.confirmed' ORDER BY id`,
  )
  expect(rows.map(({ subject }) => subject)).toEqual([good.id, also.id])
  const poison = await world.app.query('SELECT what, sqlstate, tries FROM ledger_poison WHERE id = $1', [bad.id])
  expect(poison.rows).toEqual([{ what: 'hold', sqlstate: 'LG005', tries: 1 }])
})
