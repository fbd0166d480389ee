import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Biller } from '../../src/billers/biller.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { type DecisionOutcome, recordDecision, type Says } from '../../src/ledger/decision.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { endDecided } from '../../src/settlement/end-decided.ts'
import { settleTransfer } from '../../src/settlement/settle-transfer.ts'
import type { Person } from '../ledger/world.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
let amina: Person

beforeAll(async () => {
  world = await openSettlementWorld()
})
afterEach(async () => {
  world.partners.control('city-power', {})
  expect(await proveBalances(world.app)).toEqual([])
})
afterAll(() => world?.drop())

/** A bill of 50 shillings out of 1,000 that its biller has said nothing about for a day. */
async function inReview(): Promise<TransferId> {
  amina = await world.person(100_000n)
  world.partners.control('city-power', { unreachable: true })
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  await settleTransfer(world.services, id)
  await world.age(id, 86_500)
  expect(await settleTransfer(world.services, id)).toEqual({ kind: 'moved', to: 'REVIEW' })
  world.partners.control('city-power', {})
  return id
}

async function referenceOf(id: TransferId): Promise<string> {
  const { rows } = await world.owner.query<{ reference: string }>('SELECT reference FROM transfer WHERE id = $1', [id])
  return rows[0]?.reference ?? ''
}

type Papers = { readonly partnerReference?: string; readonly token?: string }

async function say(id: TransferId, officer: string, says: Says, papers: Papers = {}): Promise<DecisionOutcome> {
  const reference = await referenceOf(id)
  const { partnerReference = null, token = null } = papers
  return world.app.transaction((tx) =>
    recordDecision(tx, world.sealer, { reference, officer, says, reason: 'letter 17', partnerReference, token }),
  )
}

async function answersTo(id: TransferId) {
  const { rows } = await world.owner.query(
    `SELECT a.outcome, a.partner_reference, a.cause FROM partner_answer a JOIN partner_attempt p USING (transfer_id, attempt)
      WHERE a.transfer_id = $1 AND p.action = 'decision'`,
    [id],
  )
  return rows
}

const available = async (): Promise<bigint> => (await balanceOf(world.app, amina.id)).available

describe('a transfer in REVIEW', () => {
  test('is settled by two officers who say so, once, with the token and the reference that they found', async () => {
    const id = await inReview()
    expect(await say(id, 'grace', 'settle', { partnerReference: 'CP-881' })).toMatchObject({
      kind: 'recorded',
      agreed: 1,
    })
    await endDecided(world.services)
    expect([await world.stateOf(id), await world.receipts(id)]).toEqual(['REVIEW', []])
    expect(await say(id, 'otieno', 'settle', { token: '01234567890123456789' })).toMatchObject({ agreed: 2 })
    await Promise.all([endDecided(world.services), endDecided(world.services), settleTransfer(world.services, id)])
    expect(await world.path(id)).toEqual(['HELD', 'SUBMITTED', 'IN_DOUBT', 'REVIEW', 'SETTLED'])
    expect(await world.receipts(id)).toEqual([{ kind: 'settled', transfer_id: id, token: '01234567890123456789' }])
    expect(await answersTo(id)).toEqual([
      { outcome: 'done', partner_reference: 'CP-881', cause: 'decided by two officers' },
    ])
    expect(await available()).toBeLessThan(100_000n)
  })

  test('is given back by two officers who say so, in whole', async () => {
    const id = await inReview()
    await say(id, 'grace', 'give_back')
    await say(id, 'otieno', 'give_back')
    await endDecided(world.services)
    expect(await world.stateOf(id)).toBe('REJECTED')
    expect(await world.receipts(id)).toMatchObject([{ kind: 'rejected' }])
    expect(await answersTo(id)).toEqual([
      { outcome: 'refused', partner_reference: null, cause: 'decided by two officers' },
    ])
    expect(await available()).toBe(100_000n)
  })

  test('is not moved by one officer twice, nor by two who disagree; the third decides', async () => {
    const id = await inReview()
    await say(id, 'grace', 'settle')
    expect(await say(id, 'grace', 'settle')).toEqual({ kind: 'repeated' })
    expect(await say(id, 'grace', 'give_back')).toEqual({ kind: 'repeated' })
    expect(await say(id, 'otieno', 'give_back')).toMatchObject({ kind: 'recorded', agreed: 1 })
    await endDecided(world.services)
    expect(await world.stateOf(id)).toBe('REVIEW')
    expect(await say(id, 'njeri', 'give_back')).toMatchObject({ kind: 'recorded', agreed: 2 })
    expect(await say(id, 'baraka', 'settle')).toEqual({ kind: 'decided' })
    await endDecided(world.services)
    expect(await world.stateOf(id)).toBe('REJECTED')
    expect(await say(id, 'wanjiru', 'settle')).toEqual({ kind: 'ended', state: 'REJECTED' })
  })

  test('is ended once by deciders at the same moment, as the first two who agree say', async () => {
    const id = await inReview()
    const outcomes = await Promise.all(
      ['grace', 'otieno', 'njeri', 'grace'].map((officer) => say(id, officer, 'settle')),
    )
    expect(outcomes.filter(({ kind }) => kind === 'recorded').length).toBeGreaterThanOrEqual(2)
    expect(outcomes.filter(({ kind }) => kind === 'recorded').length).toBeLessThanOrEqual(3)
    await Promise.all(Array.from({ length: 4 }, () => endDecided(world.services)))
    expect(await world.receipts(id)).toHaveLength(1)
    expect(await answersTo(id)).toHaveLength(1)
  })

  test('gets no token that two officers do not agree on', async () => {
    const id = await inReview()
    await say(id, 'grace', 'settle', { token: '111' })
    expect(await say(id, 'otieno', 'settle', { token: '222' })).toEqual({ kind: 'differs' })
    const { rows } = await world.owner.query(`SELECT officer FROM transfer_decision WHERE transfer_id = $1`, [id])
    expect(rows).toEqual([{ officer: 'grace' }])
  })

  test('gets none of two tokens that were said at one moment: who is second waits for the first', async () => {
    const id = await inReview()
    const reference = await referenceOf(id)
    const first = { reference, officer: 'grace', says: 'settle', reason: 'letter 17', partnerReference: null } as const
    let second: Promise<DecisionOutcome> | undefined
    await world.app.transaction(async (tx) => {
      await recordDecision(tx, world.sealer, { ...first, token: '111' })
      second = say(id, 'otieno', 'settle', { token: '222' })
      await setTimeout(200)
    })
    expect(await second).toEqual({ kind: 'differs' })
  })

  test('alone waits for officers: one under way, settled or rejected takes no decision', async () => {
    amina = await world.person(100_000n)
    const held = await world.heldBill(amina, 'city-power', 5_000n)
    expect(await say(held, 'grace', 'settle')).toEqual({ kind: 'ended', state: 'HELD' })
    await settleTransfer(world.services, held)
    expect(await say(held, 'grace', 'give_back')).toEqual({ kind: 'ended', state: 'SETTLED' })
    const id = await inReview()
    expect(await say(id, 'grace', 'keep')).toEqual({ kind: 'other_choice', choices: ['settle', 'give_back'] })
    await expect(
      world.app.query(
        `INSERT INTO transfer_decision (transfer_id, officer, settle, reason) VALUES ($1, 'grace', true, 'because')`,
        [held],
      ),
    ).rejects.toMatchObject({ code: 'LG003' })
  })
})

describe('the database by itself', () => {
  const answer = (id: TransferId, attempt: number, outcome: string) =>
    world.app.query('SELECT ledger_record_answer($1, $2, $3)', [id, attempt, outcome])

  test("takes no answer in the officers' name without two of them for it", async () => {
    const id = await inReview()
    await say(id, 'grace', 'settle')
    expect((await world.app.query('SELECT * FROM ledger_begin_decided($1)', [id])).rows).toEqual([])
    await world.owner.query(`INSERT INTO partner_attempt (transfer_id, attempt, action) VALUES ($1, 9, 'decision')`, [
      id,
    ])
    await expect(answer(id, 9, 'done')).rejects.toMatchObject({ code: 'LG003' })
    await expect(
      world.app.query(`INSERT INTO partner_attempt (transfer_id, attempt, action) VALUES ($1, 10, 'query')`, [id]),
    ).rejects.toMatchObject({ code: '42501' })
    await say(id, 'otieno', 'settle')
    await expect(answer(id, 9, 'refused')).rejects.toMatchObject({ code: 'LG003' })
    await expect(answer(id, 9, 'done')).resolves.toBeDefined()
  })

  test('takes no definite answer to a call of long ago while people decide', async () => {
    amina = await world.person(100_000n)
    const id = await world.heldBill(amina, 'city-power', 5_000n)
    // A worker that died with its call, and whose transfer was given to people.
    await world.app.query(`SELECT ledger_submit($1, interval '1 second')`, [id])
    await world.app.query(`SELECT ledger_wait($1, 'REVIEW', 'no word', NULL)`, [id])
    await world.age(id, 7_200)
    await expect(answer(id, 1, 'done')).rejects.toMatchObject({ code: 'LG003' })
    await expect(answer(id, 1, 'unknown')).resolves.toBeDefined()
  })
})

test.each([
  ['settle', { kind: 'refused', reason: 'no such customer' }, 'SETTLED', 'refused_after_settlement'],
  ['give_back', { kind: 'done', partnerReference: 'X', receipt: {} }, 'REJECTED', 'done_after_refusal'],
] as const)('after %s the partner says the opposite: a case, and no money moves', async (says, late, state, what) => {
  amina = await world.person(100_000n)
  let finish = (): void => undefined
  const cityPower = world.services.billers.get('city-power')
  if (cityPower === undefined) throw new Error('no biller')
  const slow: Biller = {
    ...cityPower,
    pay: () => new Promise((resolve) => (finish = () => resolve(late))),
  }
  const services = { ...world.services, billers: new Map([['city-power', slow]]) }
  const id = await world.heldBill(amina, 'city-power', 5_000n)
  const paying = settleTransfer(services, id)
  await expect.poll(() => world.stateOf(id)).toBe('SUBMITTED')
  await world.app.query(`SELECT ledger_wait($1, 'REVIEW', 'no word', NULL)`, [id])
  await say(id, 'grace', says)
  await say(id, 'otieno', says)
  await endDecided(world.services)
  expect(await world.stateOf(id)).toBe(state)
  const before = await available()
  finish()
  expect(await paying).toEqual({ kind: 'contradiction' })
  const { rows } = await world.owner.query(`SELECT what FROM provider_case WHERE transfer_id = $1`, [id])
  expect(rows).toEqual([{ what }])
  expect([await world.stateOf(id), await available()]).toEqual([state, before])
})
