import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerHop, claimHop, forgetOldHops, type Hop, refuseHop } from '../../src/conversations/hops.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const WORDS = 'We are busy. No money moved. Please dial again.'
const SHOWN = Date.UTC(2026, 10, 24, 9, 0, 0)
const sealer = makeSealer(makeKey(randomBytes(32)))

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database?.drop())

const newHop = (): Hop => ({
  ...{ sessionId: randomUUID(), hop: 4, conversation: randomUUID(), callerMac: 'caller' },
  seen: { length: 20, mac: randomUUID() },
})
const claim = (hop: Hop, shownAtMs = SHOWN) => claimHop(database.app, sealer, hop, shownAtMs)
const refuse = (hop: Hop, atMs = SHOWN + 5_000) => refuseHop(database.app, sealer, hop, atMs, WORDS)

test('an answer that was told that nothing moved claims nothing later, and gets the same words each time', async () => {
  const hop = newHop()
  expect(await refuse(hop)).toBe(true)
  for (const _copy of [1, 2, 3])
    expect(await claim(hop)).toEqual({ kind: 'refused', reply: { text: WORDS, end: true } })
  const { rows } = await database.app.query('SELECT FROM ussd_hop WHERE conversation = $1', [hop.conversation])
  expect(rows).toEqual([])
})

test('the same PIN on a screen that was shown after that is another answer, as is another input or another conversation', async () => {
  const hop = newHop()
  await refuse(hop)
  expect(await claim(hop, SHOWN + 6_000)).toEqual({ kind: 'claimed' })
  expect(await claim({ ...newHop(), conversation: hop.conversation })).toEqual({ kind: 'claimed' })
  expect(await claim({ ...newHop(), seen: hop.seen })).toEqual({ kind: 'claimed' })
})

test('an answer that has claimed its effect is not refused any more', async () => {
  const hop = newHop()
  expect(await claim(hop)).toEqual({ kind: 'claimed' })
  expect(await refuse(hop)).toBe(false)
  expect(await claim(hop)).toEqual({ kind: 'twin' })
  expect(await claim({ ...hop, seen: { length: 9, mac: 'other' } })).toEqual({ kind: 'other' })
})

test('of copies that come at one moment either one acts or all are refused, never both', async () => {
  for (let round = 0; round < 40; round++) {
    const hop = newHop()
    const [claims, refusals] = await Promise.all([
      Promise.all([claim(hop), claim(hop)]),
      Promise.all([refuse(hop), refuse(hop)]),
    ])
    const acted = claims.filter(({ kind }) => kind === 'claimed').length
    expect(acted).toBeLessThanOrEqual(1)
    expect(refusals).toEqual(acted === 1 ? [false, false] : [true, true])
    expect(claims.some(({ kind }) => kind === 'refused')).toBe(acted === 0)
  }
})

test('whoever is second waits for the one that has not committed yet', async () => {
  const [refused, claimed] = [newHop(), newHop()]
  let claiming: ReturnType<typeof claimHop> | undefined
  await database.app.transaction(async (tx) => {
    await refuseHop(tx, sealer, refused, SHOWN + 5_000, WORDS)
    claiming = claim(refused)
    await setTimeout(100)
  })
  expect(await claiming).toMatchObject({ kind: 'refused' })
  let refusing: Promise<boolean> | undefined
  await database.app.transaction(async (tx) => {
    await claimHop(tx, sealer, claimed, SHOWN)
    refusing = refuse(claimed)
    await setTimeout(100)
  })
  expect(await refusing).toBe(false)
})

test('refusals are forgotten with the hops, after a week', async () => {
  const [old, fresh] = [newHop(), newHop()]
  await refuse(old, Date.now() - 8 * 86_400_000)
  await refuse(fresh, Date.now())
  const claimed = newHop()
  await claim(claimed)
  await answerHop(database.app, sealer, claimed, { text: 'Sent', end: true })
  await forgetOldHops(database.app)
  expect(await claim(old, 0)).toEqual({ kind: 'claimed' })
  expect(await claim(fresh, 0)).toMatchObject({ kind: 'refused' })
})
