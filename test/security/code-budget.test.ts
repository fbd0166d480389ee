import { beforeEach, describe, expect, test } from 'vitest'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { checkCode, deriveCode, type IssueOutcome, issueCode } from '../../src/subscribers/code.ts'
import { type CodeBudget, restingPrefixes } from '../../src/subscribers/code-budget.ts'
import { addPerson, usePeople } from '../subscribers/people.ts'

const people = usePeople()
const WIDE: CodeBudget = { perDay: 10_000, perPrefix: 10_000, breakerFloor: 10_000 }

beforeEach(async () => {
  await people.store.owner.query('DELETE FROM code_count')
  await people.store.owner.query('ALTER TABLE code_breaker DISABLE TRIGGER ALL')
  await people.store.owner.query('DELETE FROM code_breaker')
  await people.store.owner.query('ALTER TABLE code_breaker ENABLE TRIGGER ALL')
})

/** A code to somebody new, whose number begins with the prefix; `used`: and it comes back. */
async function send(prefix: string, budget: Partial<CodeBudget>, used = false): Promise<IssueOutcome> {
  const { services, store } = people
  const subscriberId = await addPerson(services)
  const to = `+${prefix}1234567` as Msisdn
  const request = { subscriberId, purpose: 'activation', subject: 'first PIN', conversation: 'one' } as const
  const issued = await store.app.transaction((tx) =>
    issueCode(tx, services.audit, { ...request, to, budget: { ...WIDE, ...budget } }),
  )
  if (used && issued.kind === 'issued') {
    const right = new Secret(deriveCode(services.otpKey, issued.challengeId).reveal())
    expect(await checkCode(services, subscriberId, 'activation', right)).toEqual({ kind: 'right' })
  }
  return issued
}

async function sendMany(count: number, prefix: string, budget: Partial<CodeBudget>, used = false): Promise<string[]> {
  const outcomes: string[] = []
  for (let n = 0; n < count; n++) {
    const outcome = await send(prefix, budget, used)
    outcomes.push(outcome.kind === 'limited' ? outcome.by : outcome.kind)
  }
  return outcomes
}

const later = (minutes: number) =>
  Promise.all([
    people.store.owner.query('UPDATE code_count SET at = at - make_interval(mins => $1)', [minutes]),
    people.store.owner.query(
      `ALTER TABLE code_breaker DISABLE TRIGGER append_only; UPDATE code_breaker SET until = until - interval '${minutes} minutes';
       ALTER TABLE code_breaker ENABLE TRIGGER append_only`,
    ),
  ])

describe('the budget of codes', () => {
  test('of a prefix and of a day are kept to the last code, also by twenty that ask at once', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => send('25471', { perPrefix: 7 })))
    expect(asked.filter(({ kind }) => kind === 'issued')).toHaveLength(7)
    expect(await sendMany(1, '25472', { perPrefix: 7 })).toEqual(['issued'])
    expect(await sendMany(2, '25473', { perDay: 9 })).toEqual(['issued', 'day'])
    await later(24 * 60 + 1)
    expect(await sendMany(1, '25471', { perPrefix: 7, perDay: 9 })).toEqual(['issued'])
  })

  test('counts nothing that was not sent', async () => {
    const { services, store } = people
    const subscriberId = await addPerson(services)
    const failing = store.app.transaction(async (tx) => {
      const to = '+254711234567' as Msisdn
      const request = { subscriberId, purpose: 'activation', subject: 'x', conversation: 'one', to } as const
      await issueCode(tx, services.audit, { ...request, budget: WIDE })
      throw new Error('outbox')
    })
    await expect(failing).rejects.toThrow('outbox')
    expect((await store.owner.query('SELECT FROM code_count')).rowCount).toBe(0)
  })
})

describe('the breaker against SMS pumping', () => {
  test('opens for a prefix whose codes nobody uses, on record, and not for its neighbours', async () => {
    expect(await sendMany(13, '25474', { breakerFloor: 12 })).toEqual([...Array(12).fill('issued'), 'breaker'])
    expect(await sendMany(2, '25474', { breakerFloor: 12 })).toEqual(['breaker', 'breaker'])
    expect(await sendMany(1, '25475', { breakerFloor: 12 })).toEqual(['issued'])
    expect((await restingPrefixes(people.store.app)).map(({ prefix }) => prefix)).toEqual(['25474'])
    const { rowCount } = await people.store.owner.query(
      `SELECT FROM audit_event WHERE action = 'code.breaker_opened' AND subject = '25474'`,
    )
    expect(rowCount).toBe(1)
  })

  test('stays closed where people use what they are sent', async () => {
    expect(await sendMany(2, '25476', { breakerFloor: 5 }, true)).toEqual(['issued', 'issued'])
    expect(await sendMany(18, '25476', { breakerFloor: 5 })).toEqual(Array(18).fill('issued'))
  })

  test('closes by itself, and opens again only after as many codes anew', async () => {
    await sendMany(6, '25477', { breakerFloor: 5 })
    await later(16)
    expect(await restingPrefixes(people.store.app)).toEqual([])
    expect(await sendMany(6, '25477', { breakerFloor: 5 })).toEqual([...Array(5).fill('issued'), 'breaker'])
  })
})
