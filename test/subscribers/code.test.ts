import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type SubscriberId, uuidv7 } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { makeKey } from '../../src/security/keys.ts'
import { type CodePurpose, checkCode, deriveCode, issueCode } from '../../src/subscribers/code.ts'
import { addPerson, auditTrail, usePeople } from './people.ts'

const people = usePeople()
const NUMBER = '+254712345678' as Msisdn
const USUAL = { perDay: 50_000, perPrefix: 10_000, breakerFloor: 10_000 }

const issue = (subscriberId: SubscriberId, purpose: CodePurpose = 'activation') =>
  people.store.app.transaction((tx) =>
    issueCode(tx, people.services.audit, {
      subscriberId,
      purpose,
      subject: 'first PIN',
      conversation: 'one',
      to: NUMBER,
      budget: USUAL,
    }),
  )
const check = (id: SubscriberId, digits: string, purpose: CodePurpose = 'activation') =>
  checkCode(people.services, id, purpose, new Secret(digits))

async function issued(
  id: SubscriberId,
  purpose: CodePurpose = 'activation',
): Promise<{ challengeId: string; code: string; wrong: string }> {
  const outcome = await issue(id, purpose)
  if (outcome.kind !== 'issued') throw new Error(`the code is ${outcome.kind}`)
  const code = deriveCode(people.services.otpKey, outcome.challengeId).reveal()
  return { challengeId: outcome.challengeId, code, wrong: code === '111111' ? '222222' : '111111' }
}

const expire = (id: SubscriberId) =>
  people.store.owner.query(`UPDATE code_challenge SET expires_at = now() WHERE subscriber_id = $1`, [id])

describe('deriving', () => {
  test('a code is six digits, the same for the same challenge and key, and another for another', () => {
    const [key, other] = [makeKey(randomBytes(32)), makeKey(randomBytes(32))]
    const ids = Array.from({ length: 2000 }, () => uuidv7())
    const codes = ids.map((id) => deriveCode(key, id).reveal())
    expect(codes.every((code) => /^\d{6}$/.test(code))).toBe(true)
    expect(codes.some((code) => code.startsWith('0'))).toBe(true)
    expect(new Set(codes).size).toBeGreaterThan(1980)
    expect(ids.map((id) => deriveCode(key, id).reveal())).toEqual(codes)
    expect(ids.filter((id, at) => deriveCode(other, id).reveal() === codes[at]).length).toBeLessThan(5)
  })

  test('a code is printed as [secret]', () => {
    expect(`${deriveCode(people.services.otpKey, uuidv7())}`).toBe('[secret]')
  })

  test('no table holds the code', async () => {
    const id = await addPerson(people.services)
    const { code } = await issued(id)
    const { rows } = await people.store.owner.query<{ text: string }>(
      `SELECT (SELECT string_agg(c::text, '|') FROM code_challenge c) || (SELECT string_agg(v::text, '|') FROM audit_value v)
        || (SELECT string_agg(e::text, '|') FROM audit_event e WHERE e.actor_id = $1) AS text`,
      [id],
    )
    // Six digits of a random id can be a code by chance, so only a value on its own counts.
    expect(rows[0]?.text).toContain('first PIN')
    expect(rows[0]?.text).not.toMatch(new RegExp(`\\b${code}\\b`))
  })
})

describe('issuing', () => {
  test('while a code is alive no second one is issued, whoever asks at the same moment', async () => {
    const id = await addPerson(people.services)
    for (let round = 1; round <= 5; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => issue(id)))
      expect(outcomes.filter(({ kind }) => kind === 'issued')).toHaveLength(1)
      expect(outcomes.filter(({ kind }) => kind === 'alive')).toHaveLength(7)
      expect((await auditTrail(people.store.app, id)).length).toBe(round)
      await expire(id)
    }
  })

  test('each purpose has its own code', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    const activation = await issued(id)
    const reset = await issued(id, 'reset')
    expect(await check(id, activation.code, 'reset')).toEqual({ kind: 'wrong', left: 2 })
    expect(await check(id, reset.code, 'reset')).toEqual({ kind: 'right' })
    expect(await check(id, activation.code)).toEqual({ kind: 'right' })
  })

  test('five a day, whatever became of them and whatever they were for', async () => {
    const id = await addPerson(people.services)
    for (const purpose of ['activation', 'reset', 'activation', 'reset', 'activation'] as const) {
      expect((await issue(id, purpose)).kind).toBe('issued')
      await expire(id)
    }
    expect(await issue(id)).toMatchObject({ kind: 'limited', by: 'number' })
    expect(await issue(id, 'reset')).toMatchObject({ kind: 'limited', by: 'number' })
    const pass = (hours: number) =>
      people.store.owner.query(
        `UPDATE code_challenge SET issued_at = issued_at - $2 * interval '1 hour' WHERE subscriber_id = $1`,
        [id, hours],
      )
    await pass(23)
    expect(await issue(id)).toMatchObject({ kind: 'limited', by: 'number' })
    await pass(1)
    expect((await issue(id)).kind).toBe('issued')
  })

  test('a code that was not sent because the transaction failed was never issued', async () => {
    const id = await addPerson(people.services)
    const failing = people.store.app.transaction(async (tx) => {
      await issueCode(tx, people.services.audit, {
        subscriberId: id,
        purpose: 'activation',
        subject: 'first PIN',
        conversation: 'one',
        ...{ to: NUMBER, budget: USUAL },
      })
      throw new Error('outbox')
    })
    await expect(failing).rejects.toThrow('outbox')
    expect((await issue(id)).kind).toBe('issued')
    expect(await auditTrail(people.store.app, id)).toEqual(['code.issued'])
  })
})

describe('checking', () => {
  test('the right code works once', async () => {
    const id = await addPerson(people.services)
    const { code, challengeId } = await issued(id)
    expect(await check(id, ` ${code}`)).toEqual({ kind: 'right' })
    expect(await check(id, code)).toEqual({ kind: 'expired' })
    expect(await auditTrail(people.store.app, challengeId)).toEqual(['code.issued', 'code.used'])
  })

  test('sent in at the same moment it works once', async () => {
    const id = await addPerson(people.services)
    const { code } = await issued(id)
    const checks = await Promise.all(Array.from({ length: 20 }, () => check(id, code)))
    expect(checks.filter(({ kind }) => kind === 'right')).toHaveLength(1)
    expect(checks.filter(({ kind }) => kind === 'expired')).toHaveLength(19)
  })

  test('after three wrong tries the right code is refused, and a new one can be had', async () => {
    const id = await addPerson(people.services)
    const { code, wrong } = await issued(id)
    expect(await check(id, wrong)).toEqual({ kind: 'wrong', left: 2 })
    expect(await check(id, '')).toEqual({ kind: 'wrong', left: 1 })
    expect(await check(id, `${code}0`)).toEqual({ kind: 'wrong', left: 0 })
    expect(await check(id, code)).toEqual({ kind: 'expired' })
    expect((await issue(id)).kind).toBe('issued')
  })

  test('of 200 guesses in parallel three are compared', async () => {
    const id = await addPerson(people.services)
    await issued(id)
    const checks = await Promise.all(Array.from({ length: 200 }, (_, at) => check(id, String(300_000 + at))))
    expect(checks.filter(({ kind }) => kind !== 'expired').length).toBe(3)
  })

  test('ten minutes by the clock of the database', async () => {
    const id = await addPerson(people.services)
    const { code, wrong, challengeId } = await issued(id)
    const { rows } = await people.store.owner.query<{ minutes: number }>(
      'SELECT extract(epoch FROM expires_at - issued_at)::int / 60 AS minutes FROM code_challenge WHERE id = $1',
      [challengeId],
    )
    expect(rows[0]?.minutes).toBe(10)
    await expire(id)
    expect(await check(id, wrong)).toEqual({ kind: 'expired' })
    expect(await check(id, code)).toEqual({ kind: 'expired' })
  })

  test("another person's code, no code, and nobody", async () => {
    const [id, other] = [await addPerson(people.services), await addPerson(people.services)]
    const { code } = await issued(id)
    expect(await check(other, code)).toEqual({ kind: 'expired' })
    expect(await check(uuidv7() as SubscriberId, code)).toEqual({ kind: 'expired' })
  })
})
