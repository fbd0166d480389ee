import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOptions } from '../../scripts/enrol/options.ts'
import { readLocalKeys } from '../../scripts/local/keys.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { loadTariffs } from '../../src/ledger/load-tariffs.ts'
import { type Key, makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { findByNumber } from '../../src/subscribers/find.ts'
import { makeHasher } from '../../src/subscribers/hasher.ts'
import { checkAnswer } from '../../src/subscribers/question.ts'
import { makeServices } from '../subscribers/people.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type CommandRun, runCommandLine } from '../support/run-command.ts'
import { marketOf } from '../support/tariffs.ts'

let store: TestDatabase
const folder = mkdtempSync(join(tmpdir(), 'enrol-'))
const [pin, data, audit] = [makeKey(randomBytes(32)), makeKey(randomBytes(32)), makeKey(randomBytes(32))]

beforeAll(async () => {
  store = await createTestDatabase()
  await store.owner.transaction((tx) => loadTariffs(tx, marketOf('KE')))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await store.drop()
})

function enrol(args: readonly string[], input = '', change: NodeJS.ProcessEnv = {}): Promise<CommandRun> {
  const text = (key: Key) => key.bytes.toString('base64')
  const env = {
    DATABASE_URL: store.url,
    MARKET: 'KE',
    PIN_KEY: text(pin),
    DATA_KEY: text(data),
    AUDIT_KEY: text(audit),
    ...change,
  }
  return runCommandLine('enrol', args, env, input)
}

const person = (number: string) => ['--number', number, '--name', 'Zawadi Achieng']
const find = (number: string) => findByNumber(store.app, makeSealer(data), number as Msisdn)

describe('npm run enrol', () => {
  test('enrols on an empty database and says as whom', async () => {
    const run = await enrol(person('0712 345 601'))
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const subscriber = await find('+254712345601')
    expect(run.stdout).toBe(`Enrolled as ${subscriber?.id}.\n`)
    expect(subscriber).toMatchObject({ name: 'Zawadi Achieng', language: 'en', tier: 'standard', status: 'enrolled' })
  })

  test('takes the answer from standard input, from a file, or with the question', async () => {
    const file = join(folder, 'answer.txt')
    writeFileSync(file, 'Moi Avenue\n')
    const ways: [number: string, args: string[], input: string][] = [
      ['+254712345611', ['--question', 'First school?'], 'Moi Avenue\nmore\n'],
      ['+254712345612', ['--question', 'First school?', '--answer-file', file], ''],
      ['+254712345613', ['--question', 'First school?=Moi Avenue'], ''],
    ]
    const hasher = makeHasher({ key: pin, concurrency: 1, queueLimit: 0 })
    const services = { ...makeServices(store.app), hasher, sealer: makeSealer(data) }
    for (const [number, args, input] of ways) {
      const run = await enrol([...person(number), ...args, '--json', '--language', 'sw', '--tier', 'basic'], input)
      expect(run.code, run.stdout).toBe(0)
      expect(run.stdout + run.stderr).not.toContain('Moi')
      const subscriber = await find(number)
      expect(JSON.parse(run.stdout)).toEqual({ outcome: 'enrolled', subscriberId: subscriber?.id })
      if (subscriber === null) throw new Error('nobody')
      expect(await checkAnswer(services, subscriber.id, new Secret('moi avenue'))).toEqual({ kind: 'right' })
    }
  })

  test('says when the number is enrolled already, and changes nothing', async () => {
    await enrol(person('0712345621'))
    const run = await enrol([...person('+254712345621'), '--json'])
    expect(run.code).toBe(1)
    expect(JSON.parse(run.stdout)).toEqual({ outcome: 'already' })
  })

  test('tells every mistake at once', async () => {
    const args = [
      '--number',
      '*#0712345678',
      '--name',
      'Zawadi',
      '--language',
      'de',
      '--tier',
      'gold',
      '--question',
      'Pet?',
    ]
    const run = await enrol([...args, '--json'])
    expect(run.code).toBe(1)
    expect(JSON.parse(run.stdout)).toEqual({
      outcome: 'failed',
      problems: [
        '"*#0712345678" is not a mobile number of KE.',
        'There are no menus in de; choose one of en, am, fr, sw.',
        'The question has no answer.',
        'There is no tier gold; choose one of basic, standard.',
      ],
    })
  })

  test('refuses keys that the data was not made with, and names missing ones', async () => {
    await enrol(person('0712345631'))
    const other = makeKey(randomBytes(32))
    const wrong = await enrol(person('0712345632'), '', { DATA_KEY: other.bytes.toString('base64') })
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain(`DATA_KEY is ${other.id}, but rows were made with ${data.id}: `)
    const missing = await enrol(person('0712345632'), '', { PIN_KEY: '', AUDIT_KEY: 'short', MARKET: 'XX' })
    expect(missing.stderr).toMatch(/PIN_KEY is missing/)
    expect(missing.stderr).toMatch(/AUDIT_KEY is not 32 bytes/)
    expect(missing.stderr).toMatch(/MARKET is "XX"/)
    expect(await find('+254712345632')).toBe(null)
  })

  test('--help shows examples; wrong use is told in a sentence', async () => {
    const help = await enrol(['--help'])
    expect(help.code).toBe(0)
    expect(help.stdout).toContain('npm run enrol -- --number')
    const unreachable = await enrol(person('0712345641'), '', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
    expect(unreachable.code).toBe(1)
    expect(unreachable.stderr).not.toMatch(/\n\s+at /)
  })
})

describe('options', () => {
  const wrong: [string, string[]][] = [
    ['no number', ['--name', 'Amina']],
    ['no name', ['--number', '0712345678']],
    ['an unknown option', [...person('0712345678'), '--pin', '12345']],
    ['a word too many', [...person('0712345678'), 'please']],
    ['an answer to nothing', [...person('0712345678'), '--answer-file', 'a']],
    ['two answers', [...person('0712345678'), '--question', 'Pet?=Rex', '--answer-file', 'a']],
  ]
  test.each(wrong)('%s is wrong use', (_what, args) => {
    expect(readOptions(args)).toMatchObject({ kind: 'wrong', sentence: expect.stringContaining('--help') })
  })
})

describe('local keys', () => {
  test('are made once, five different ones, for their owner only', async () => {
    const path = join(folder, 'a', 'keys.json')
    const [first, second] = await Promise.all([readLocalKeys(path), readLocalKeys(path)])
    expect(second).toEqual(first)
    expect(await readLocalKeys(path)).toEqual(first)
    expect(new Set(Object.values(first)).size).toBe(5)
  })
})
