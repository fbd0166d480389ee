import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SubscriberId, TransferId } from '../../src/domain/ids.ts'
import { uuidv7 } from '../../src/domain/ids.ts'
import { recordDecision } from '../../src/ledger/decision.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { OLD_AFTER_MS, proveLedger } from '../../src/ledger/prove-ledger.ts'
import {
  type AskBackOutcome,
  askBack,
  type Ending,
  type EndOutcome,
  endReversal,
  listDue,
  listReversible,
  readReversal,
} from '../../src/ledger/reversal.ts'
import { stateOf } from '../../src/ledger/transfer.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted, resolve } from './world.ts'

const DAY_MS = 86_400_000

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld()
})
afterAll(async () => {
  expect(await proveBalances(world.app)).toEqual([])
  const proof = await proveLedger(world.app, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS })
  expect(proof.found.filter(({ grade }) => grade === 'wrong')).toEqual([])
  expect((await trialBalance(world.app)).every(({ difference }) => difference === 0n)).toBe(true)
  await world.drop()
})

/** Payer and payee after a transfer of 500 shillings that has settled. */
async function sent(amount = 50_000n): Promise<{ payer: Person; payee: Person; id: TransferId }> {
  const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
  return { payer, payee, id: await send(payer, payee, amount) }
}

async function send(payer: Person, payee: Person, amount: bigint): Promise<TransferId> {
  const quote = quoted(await world.quoteSend(payer, payee, amount))
  expect((await world.hold(quote)).kind).toBe('held')
  expect(await resolve(world.app, quote.id, 'post')).toBe('posted')
  return quote.id
}

function ask(
  originalId: TransferId,
  payerId: SubscriberId | null,
  over: { id?: TransferId; windowMs?: number; openMs?: number } = {},
): Promise<AskBackOutcome> {
  const wanted = {
    id: newTransferId(),
    originalId,
    payerId,
    sessionId: uuidv7(),
    windowMs: DAY_MS,
    openMs: DAY_MS,
    ...over,
  }
  return world.app.transaction((tx) => askBack(tx, world.sealer, wanted))
}

const end = (id: TransferId, ending: Ending): Promise<EndOutcome> =>
  world.app.transaction((tx) => endReversal(tx, id, ending))

async function balanceOf({ wallet }: Person): Promise<{ balance: bigint; held: bigint }> {
  const { rows } = await world.app.query<{ balance: bigint; held: bigint }>(
    `SELECT credits - debits AS balance, held_out AS held FROM account WHERE id = $1`,
    [wallet],
  )
  if (rows[0] === undefined) throw new Error('no wallet')
  return rows[0]
}

function decide(id: TransferId, officer: string, settle: boolean): Promise<unknown> {
  return world.app.query(
    `INSERT INTO transfer_decision (transfer_id, officer, settle, reason) VALUES ($1, $2, $3, 'complaint 17')`,
    [id, officer, settle],
  )
}

describe('money asked back', () => {
  test('is kept at the payee at once, and goes back when the payee agrees, by a journal linked to the first', async () => {
    const { payer, payee, id } = await sent()
    const reversal = newTransferId()
    expect(await ask(id, payer.id, { id: reversal })).toMatchObject({ kind: 'held', held: 50_000n })
    expect(await balanceOf(payee)).toEqual({ balance: 50_000n, held: 50_000n })
    const before = await balanceOf(payer)
    expect(await end(reversal, { by: 'giver', giverId: payee.id, settle: true })).toMatchObject({
      kind: 'posted',
      giverAvailable: 0n,
      receiverAvailable: before.balance + 50_000n,
    })
    expect(await stateOf(world.app, id)).toBe('REVERSED')
    expect(await stateOf(world.app, reversal)).toBe('SETTLED')
    const { rows } = await world.app.query(`SELECT kind, reversal_of FROM journal WHERE id = $1`, [reversal])
    expect(rows).toEqual([{ kind: 'reversal', reversal_of: id }])
  })

  test('is free again when the payee refuses, and cannot be asked back once more', async () => {
    const { payer, payee, id } = await sent()
    const reversal = newTransferId()
    await ask(id, payer.id, { id: reversal })
    expect(await end(reversal, { by: 'giver', giverId: payee.id, settle: false })).toMatchObject({ kind: 'voided' })
    expect(await balanceOf(payee)).toEqual({ balance: 50_000n, held: 0n })
    expect(await stateOf(world.app, id)).toBe('SETTLED')
    expect(await ask(id, payer.id)).toEqual({ kind: 'asked' })
  })

  test('is what is unspent of it, and what comes back in part leaves the transfer settled', async () => {
    const { payer, payee, id } = await sent()
    await send(payee, await world.person(0n), 20_000n)
    const { balance } = await balanceOf(payee)
    const reversal = newTransferId()
    expect(await ask(id, payer.id, { id: reversal })).toMatchObject({ kind: 'held', held: balance })
    expect(await end(reversal, { by: 'giver', giverId: payee.id, settle: true })).toMatchObject({ kind: 'posted' })
    expect(await stateOf(world.app, id)).toBe('SETTLED')
  })

  test.each<[string, (s: Awaited<ReturnType<typeof sent>>) => Promise<AskBackOutcome>, AskBackOutcome['kind']]>([
    ['by the payer after the window', ({ id, payer }) => ask(id, payer.id, { windowMs: -1 }), 'late'],
    ['by the payee', ({ id, payee }) => ask(id, payee.id), 'not_found'],
    ['by a stranger', async ({ id }) => ask(id, (await world.person(0n)).id), 'not_found'],
    ['of a transfer that there is not', ({ payer }) => ask(newTransferId(), payer.id), 'not_found'],
    [
      'of a reversal',
      async ({ id, payer, payee }) => {
        const reversal = newTransferId()
        await ask(id, payer.id, { id: reversal })
        await end(reversal, { by: 'giver', giverId: payee.id, settle: true })
        return ask(reversal, payee.id)
      },
      'not_found',
    ],
    [
      'of what is spent',
      async ({ id, payer, payee }) => {
        const all = (await balanceOf(payee)).balance
        const fee = 700n
        await send(payee, await world.person(0n), all - fee - 600n)
        const rest = (await balanceOf(payee)).balance
        if (rest > 0n) await send(payee, await world.person(0n), rest)
        return ask(id, payer.id)
      },
      'spent',
    ],
  ])('%s is refused', async (_, act, kind) => {
    expect((await act(await sent())).kind).toBe(kind)
  })

  test('twice under one id is one request', async () => {
    const { payer, payee, id } = await sent()
    const reversal = newTransferId()
    const [one, two] = await Promise.all([ask(id, payer.id, { id: reversal }), ask(id, payer.id, { id: reversal })])
    expect([one.kind, two.kind].sort()).toEqual(['held', 'known'])
    expect(await balanceOf(payee)).toMatchObject({ held: 50_000n })
  })

  test('at the same moment by payer and officer is one request', async () => {
    const { payer, payee, id } = await sent()
    const kinds = (await Promise.all([ask(id, payer.id), ask(id, null)])).map(({ kind }) => kind)
    expect(kinds.sort()).toEqual(['asked', 'held'])
    expect(await balanceOf(payee)).toMatchObject({ held: 50_000n })
  })
})

describe('the answer', () => {
  async function asked(openMs = DAY_MS) {
    const made = await sent()
    const reversal = newTransferId()
    await ask(made.id, made.payer.id, { id: reversal, openMs })
    return { ...made, reversal }
  }

  test('is given once, also at the same moment', async () => {
    const { reversal, payee } = await asked()
    const answers = [true, false, true].map((settle) => end(reversal, { by: 'giver', giverId: payee.id, settle }))
    const kinds = (await Promise.all(answers)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'already')).toHaveLength(2)
  })

  test('of anybody but the payee is none', async () => {
    const { reversal, payer } = await asked()
    expect(await end(reversal, { by: 'giver', giverId: payer.id, settle: true })).toEqual({ kind: 'not_found' })
    expect(await stateOf(world.app, reversal)).toBe('HELD')
  })

  test.each([true, false])('of officers (%s) needs two who say the same', async (settle) => {
    const { reversal } = await asked()
    const byOfficers = () => end(reversal, { by: 'officers', settle })
    await expect(byOfficers()).rejects.toMatchObject({ code: 'LG003' })
    await decide(reversal, 'grace', settle)
    await expect(byOfficers()).rejects.toMatchObject({ code: 'LG003' })
    await decide(reversal, 'otieno', !settle)
    await expect(byOfficers()).rejects.toMatchObject({ code: 'LG003' })
    await expect(decide(reversal, 'grace', settle)).rejects.toMatchObject({ code: '23505' })
    await decide(reversal, 'njeri', settle)
    expect(await byOfficers()).toMatchObject({ kind: settle ? 'posted' : 'voided' })
  })

  test('of time is no, and not before', async () => {
    const open = await asked()
    await expect(end(open.reversal, { by: 'time' })).rejects.toMatchObject({ code: 'LG003' })
    const over = await asked(0)
    const isDue = async () => (await listDue(world.app, 100)).some(({ id }) => id === over.reversal)
    expect(await isDue()).toBe(true)
    expect(await end(over.reversal, { by: 'time' })).toMatchObject({ kind: 'voided' })
    expect(await isDue()).toBe(false)
  })
})

test('what can be asked back is listed newest first, without what was', async () => {
  const { payer, payee, id } = await sent(10_000n)
  const second = await send(payer, payee, 5_000n)
  const third = await send(payer, payee, 6_000n)
  await ask(second, payer.id)
  const listed = await listReversible(world.app, payer.id, DAY_MS, 5)
  expect(listed.map((each) => each.id)).toEqual([third, id])
  expect(await listReversible(world.app, payee.id, DAY_MS, 5)).toEqual([])
})

test('a reversal is told with its original', async () => {
  const { payer, payee, id } = await sent()
  const reversal = newTransferId()
  await ask(id, payer.id, { id: reversal })
  const { rows } = await world.app.query<{ reference: string }>('SELECT reference FROM transfer WHERE id = $1', [id])
  expect(await readReversal(world.app, reversal)).toMatchObject({
    giverId: payee.id,
    receiverId: payer.id,
    amount: 50_000n,
    original: { reference: rows[0]?.reference },
  })
  expect(await readReversal(world.app, id)).toBeNull()
})

test('the database itself refuses a reversal of more than its original, and one that changes hands', async () => {
  const { payer, id } = await sent()
  const reversal = newTransferId()
  await ask(id, payer.id, { id: reversal })
  const edits = [
    `UPDATE reversal SET expires_at = now() + interval '9 days' WHERE transfer_id = '${reversal}'`,
    `UPDATE reversal SET original_id = '${reversal}' WHERE transfer_id = '${reversal}'`,
    `DELETE FROM reversal WHERE transfer_id = '${reversal}'`,
    `INSERT INTO reversal (transfer_id, original_id, expires_at) SELECT '${id}', '${reversal}', now()`,
  ]
  for (const edit of edits) await expect(world.owner.query(edit), edit).rejects.toMatchObject({ code: /^LG00|^23/ })
})

test('what two officers say is due to be done, by the reference of either transfer; nobody counts twice', async () => {
  const { payer, id } = await sent()
  const reversal = newTransferId()
  await ask(id, payer.id, { id: reversal })
  const told = await readReversal(world.app, reversal)
  if (told === null) throw new Error('no reversal')
  const say = (reference: string, officer: string, settle: boolean) =>
    world.app.transaction((tx) =>
      recordDecision(tx, world.sealer, {
        ...{ reference, officer, says: settle ? 'give_back' : 'keep', reason: 'complaint 17' },
        ...{ partnerReference: null, token: null },
      }),
    )
  const due = async () => (await listDue(world.app, 100)).find((each) => each.id === reversal)?.ending
  expect(await say('ZZZZZZZZZZ', 'grace', true)).toEqual({ kind: 'not_found' })
  expect(await say(told.original.reference, 'grace', true)).toMatchObject({ kind: 'recorded', id: reversal, agreed: 1 })
  expect(await say(told.reference, 'grace', true)).toEqual({ kind: 'repeated' })
  expect(await say(told.reference, 'njeri', false)).toMatchObject({ kind: 'recorded', agreed: 1 })
  expect(await due()).toBeUndefined()
  expect(await say(told.reference, 'otieno', true)).toMatchObject({ kind: 'recorded', agreed: 2 })
  expect(await due()).toEqual({ by: 'officers', settle: true })
  expect(await end(reversal, { by: 'officers', settle: true })).toMatchObject({ kind: 'posted' })
  expect(await due()).toBeUndefined()
  expect(await say(told.reference, 'wanjiru', true)).toEqual({ kind: 'ended', state: 'SETTLED' })
})
