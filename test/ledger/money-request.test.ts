import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SubscriberId } from '../../src/domain/ids.ts'
import { isAsked as isAskedSql, listAsked } from '../../src/ledger/asked.ts'
import {
  type AskOutcome,
  askForMoney,
  declineRequest,
  findOpenRequest,
  type MoneyRequest,
} from '../../src/ledger/money-request.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted, resolve } from './world.ts'

const DAY_MS = 86_400_000

let world: LedgerWorld
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.drop())

function requestOf(requester: Person, payer: Person, amount = 20_000n): MoneyRequest {
  return { id: newTransferId(), requesterId: requester.id, payerId: payer.id, currency: 'KES', amount }
}

const ask = (request: MoneyRequest, openMs = DAY_MS): Promise<AskOutcome> =>
  world.app.transaction((tx) => askForMoney(tx, request, openMs))

async function isAsked(id: SubscriberId): Promise<boolean> {
  const { rows } = await world.app.query<{ asked: boolean }>(
    `SELECT ${isAskedSql} AS asked FROM subscriber s WHERE id = $1`,
    [id],
  )
  return rows[0]?.asked ?? false
}

test('a request waits for its payer, who is known to be asked until it is answered', async () => {
  const [juma, amina] = [await world.person(0n), await world.person(100_000n)]
  const request = requestOf(juma, amina)
  expect(await ask(request)).toMatchObject({ kind: 'asked' })
  expect(await ask(request)).toEqual({ kind: 'known' })
  expect(await listAsked(world.app, amina.id, 5)).toMatchObject([
    { kind: 'money', id: request.id, byId: juma.id, amount: 20_000n },
  ])
  expect(await listAsked(world.app, juma.id, 5)).toEqual([])
  expect(await isAsked(amina.id)).toBe(true)
  expect(await world.app.transaction((tx) => declineRequest(tx, request.id, juma.id))).toBeNull()
  expect(await world.app.transaction((tx) => declineRequest(tx, request.id, amina.id))).toEqual(request)
  expect(await world.app.transaction((tx) => declineRequest(tx, request.id, amina.id))).toBeNull()
  expect(await isAsked(amina.id)).toBe(false)
  expect(await findOpenRequest(world.app, request.id, amina.id)).toBeNull()
})

test('a request that is paid is no request any more, and cannot be paid again', async () => {
  const [juma, amina] = [await world.person(0n), await world.person(100_000n)]
  const request = requestOf(juma, amina)
  await ask(request)
  const open = await findOpenRequest(world.app, request.id, amina.id)
  expect(open).toEqual(request)
  expect(await isAsked(amina.id)).toBe(true)
  const [first, second] = [
    quoted(await world.quoteSend(amina, juma, request.amount, request.id)),
    quoted(await world.quoteSend(amina, juma, request.amount, request.id)),
  ]
  expect((await world.hold(first)).kind).toBe('held')
  expect(await isAsked(amina.id)).toBe(false)
  expect(['known', 'conflict']).toContain((await world.hold(second)).kind)
  expect(await resolve(world.app, request.id, 'post')).toBe('posted')
  expect(await findOpenRequest(world.app, request.id, amina.id)).toBeNull()
  expect(await listAsked(world.app, amina.id, 5)).toEqual([])
  const { rows } = await world.app.query(`SELECT count(*)::integer AS paid FROM journal WHERE id = $1`, [request.id])
  expect(rows).toEqual([{ paid: 1 }])
})

test('a request runs out', async () => {
  const [juma, amina] = [await world.person(0n), await world.person(0n)]
  const request = requestOf(juma, amina)
  await ask(request, 1)
  await expect.poll(() => findOpenRequest(world.app, request.id, amina.id)).toBeNull()
  expect(await isAsked(amina.id)).toBe(false)
})

test('one person is asked once at a time by the same person, and nobody asks without end', async () => {
  const [juma, amina] = [await world.person(0n), await world.person(0n)]
  const outcomes = await Promise.all([1, 2, 3].map(() => ask(requestOf(juma, amina))))
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['asked', 'limited', 'limited'])
  const others = await Promise.all(Array.from({ length: 12 }, () => world.person(0n)))
  const kinds: string[] = []
  for (const other of others) kinds.push((await ask(requestOf(juma, other))).kind)
  expect(kinds.filter((kind) => kind === 'asked')).toHaveLength(9)
  expect(kinds.slice(9)).toEqual(['limited', 'limited', 'limited'])
})

test('what was asked cannot be edited, by nobody', async () => {
  const [juma, amina] = [await world.person(0n), await world.person(0n)]
  const request = requestOf(juma, amina)
  await ask(request)
  const edits = [
    `UPDATE money_request SET amount = 1 WHERE id = '${request.id}'`,
    `UPDATE money_request SET payer_id = requester_id WHERE id = '${request.id}'`,
    `DELETE FROM money_request WHERE id = '${request.id}'`,
  ]
  for (const edit of edits) await expect(world.owner.query(edit), edit).rejects.toMatchObject({ code: 'LG001' })
  await expect(world.app.query(edits[0] ?? '')).rejects.toMatchObject({ code: '42501' })
})
