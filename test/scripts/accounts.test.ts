import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOptions } from '../../scripts/accounts/options.ts'
import { runVerb } from '../../scripts/accounts/run.ts'
import { findAccount } from '../../src/sms/accounts/account-row.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await createTestDatabase()
})
afterAll(() => store.drop())

const env = { DATA_KEY: randomBytes(32).toString('base64'), AUDIT_KEY: randomBytes(32).toString('base64') }

async function run(...args: string[]): Promise<{ done: boolean; text: string }> {
  const read = readOptions(args)
  if (read.kind !== 'options') throw new Error(read.kind === 'wrong' ? read.sentence : read.kind)
  return await runVerb(store.url, env, () => '', read.options)
}

describe('npm run accounts', () => {
  test('adds an account, shows its password once, and keeps only a hash', async () => {
    const { done, text } = await run(
      'add',
      'shop',
      '--sender',
      'Shop',
      '--volume',
      '100',
      '--bind',
      'receiver',
      '--tps',
      '7',
    )
    const password = /: (\S{8})$/.exec(text)?.[1] ?? 'none'
    expect({ done, text }).toMatchObject({
      done: true,
      text: expect.stringMatching(/^Added shop\. Its password, which is shown only now: \S{8}$/),
    })
    const account = await findAccount(store.app, 'shop')
    expect(account).toMatchObject({
      bindTypes: ['receiver'],
      tps: 7,
      volumeLeft: 100n,
      senders: ['Shop'],
      suspended: false,
    })
    expect(account?.passwordHash).toMatch(/^[0-9a-f]{8}\$argon2id\$/)
    const listed = await run('list', '--json')
    expect(listed.text).not.toContain(password)
    expect(listed.text).not.toContain('argon2id')
    expect(JSON.parse(listed.text)).toMatchObject({
      outcome: 'listed',
      accounts: [{ systemId: 'shop', volumeLeft: 100 }],
    })
    expect(await run('add', 'shop', '--sender', 'Other')).toMatchObject({ done: false })
  })

  test('every change is audited, and one that changes nothing is not', async () => {
    expect(await run('suspend', 'shop')).toMatchObject({ done: true, text: 'shop is suspended.' })
    expect((await run('suspend', 'shop')).done).toBe(false)
    expect((await run('resume', 'shop')).done).toBe(true)
    expect((await run('top-up', 'shop', '50')).done).toBe(true)
    expect((await findAccount(store.app, 'shop'))?.volumeLeft).toBe(150n)
    expect((await run('remove', 'shop')).done).toBe(true)
    expect((await run('remove', 'shop')).text).toMatch(/There is no account shop/)
    const { rows } = await store.owner.query<{ action: string }>(
      "SELECT action FROM audit_event WHERE action LIKE 'smpp%' ORDER BY id",
    )
    expect(rows.map(({ action }) => action.replace('smpp_account.', ''))).toEqual([
      'added',
      'suspended',
      'resumed',
      'topped_up',
      'removed',
    ])
    expect((await run('add', 'shop', '--sender', '*')).done).toBe(true)
    expect((await run('top-up', 'shop', '5')).text).toMatch(/no volume/)
  })

  test('gives nobody a sender or a number of the service’s own', async () => {
    const ours = { ...env, SERVICE_CODES: '*384#', SMS_SENDER: 'Nyota', SMPP_LINKS: 'smpp://a:b@h:1?name=m&from=22384' }
    for (const own of [
      ['--sender', 'nyota'],
      ['--own', '384'],
      ['--own', '22384'],
      ['--sender', '22384'],
    ]) {
      const read = readOptions(['add', 'greedy', '--sender', 'Shop', ...own])
      if (read.kind !== 'options') throw new Error('no')
      const told = await runVerb(store.url, ours, () => '', read.options)
      expect(told).toEqual({ done: false, text: expect.stringMatching(/ is the service's own: .* Choose another\./) })
    }
    expect(await findAccount(store.app, 'greedy')).toBeNull()
  })

  test('takes for unasked what nobody says to be asked for', async () => {
    expect((await run('add', 'plain', '--sender', 'Plain')).done).toBe(true)
    expect((await findAccount(store.app, 'plain'))?.category).toBe('campaign')
    expect((await run('add', 'asked', '--sender', 'Asked', '--category', 'transactional')).done).toBe(true)
    expect((await findAccount(store.app, 'asked'))?.category).toBe('transactional')
    expect((await run('list')).text).toMatch(/asked +transactional, no limit/)
  })

  test.each<[string[], RegExp]>([
    [[], /What is to be done\? Say one of add, list/],
    [['ad'], /"ad" is none of/],
    [['add'], /Which account\?/],
    [['add', 'a-name-of-more-than-fifteen', '--sender', 'x'], /up to 15 letters/],
    [['add', 'shop'], /Say --sender/],
    [['add', 'shop', '--sender', 'MPÉSA'], /is no sender/],
    [['add', 'shop', '--sender', 'x', '--tps', '0'], /--tps must be a whole number from 1/],
    [['add', 'shop', '--sender', 'x', '--bind', 'both'], /no type of bind/],
    [
      ['add', 'shop', '--sender', 'x', '--category', 'marketing'],
      /--category must be one of campaign, informing, transact/,
    ],
    [['add', 'shop', '--sender', 'x', '--priority', 'code'], /--priority must be one of bulk, receipt/],
    [['top-up', 'shop', '-5'], /Unknown option|By how many/],
    [['top-up', 'shop'], /By how many segments/],
    [['suspend', 'shop', '--tps', '3'], /--tps belongs to add/],
  ])('%j is answered with a sentence', (args, sentence) => {
    const read = readOptions(args)
    expect(read.kind === 'wrong' ? read.sentence : read.kind).toMatch(sentence)
  })

  test('does nothing under a key that is none', async () => {
    const read = readOptions(['list'])
    if (read.kind !== 'options') throw new Error('no')
    const told = await runVerb(store.url, { ...env, DATA_KEY: 'short' }, () => '', read.options)
    expect(told).toEqual({ done: false, text: expect.stringMatching(/DATA_KEY is not 32 bytes/) })
  })
})
