import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOptions } from '../../scripts/tariffs/options.ts'
import { checkFile, runVerb } from '../../scripts/tariffs/run.ts'
import { loadTariffs } from '../../src/ledger/load-tariffs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { runCommandLine } from '../support/run-command.ts'
import { marketOf } from '../support/tariffs.ts'

const folder = mkdtempSync(join(tmpdir(), 'tariffs-'))
const shipped = readFileSync('src/ledger/markets/ke.yaml', 'utf8')
const market = marketOf('KE')
let store: TestDatabase

beforeAll(async () => {
  store = await createTestDatabase()
  await store.owner.transaction((tx) => loadTariffs(tx, market))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await store.drop()
})

/** The example with changes, under another name and day. */
function file(name: string, ...changes: (readonly [string, string])[]): string {
  const path = join(folder, `${name}.yaml`)
  const renamed = shipped.replace('KE-2025-3', name)
  writeFileSync(
    path,
    changes.reduce((text, [found, instead]) => text.replace(found, instead), renamed),
  )
  return path
}

async function run(...args: string[]): Promise<{ done: boolean; text: string }> {
  const read = readOptions(args)
  if (read.kind !== 'options') throw new Error(read.kind === 'wrong' ? read.sentence : read.kind)
  const { options } = read
  const readText = (path: string): string => readFileSync(path, 'utf8')
  if (options.verb === 'check') return checkFile('tariffs.yaml', readText(options.file))
  return runVerb({ databaseUrl: store.url, ownerUrl: store.ownerUrl }, options, market, readText)
}

const dearer = (): string =>
  file(
    'OWN-1',
    ['2025-01-01', '2125-07-01'],
    ['{ to: 500, flat: 7 }', '{ to: 400, flat: 7 }'],
    ['rate: 15%', 'rate: 20%'],
    ['bill: { least: 1,', 'bill: { least: 10, fee_from: payee,'],
    ['250000, flat: 0 }] }\n      airtime', '250000, flat: 5 }] }\n      airtime'],
    ['per_day: 500000', 'per_day: 300000'],
    ['balance: 500000 }', 'balance: 500000, receive_per_month: 900000 }'],
  )

describe('npm run tariffs', () => {
  test('check names the versions of a sound file, and all that is wrong with another', async () => {
    expect(await run('check', dearer())).toEqual({
      done: true,
      text: 'tariffs.yaml: in order, KE.\n  OWN-1 from 2125-07-01T00:00:00+03:00',
    })
    expect(await run('check', file('BAD', ['flat: 7 ', 'flat: x '], ['rate: 15%', 'rate: 15']))).toEqual({
      done: false,
      text: [
        'tariffs.yaml: BAD: services.send.bands[2].flat must be an amount in KES, such as 1250.',
        'tariffs.yaml: BAD: duties.excise.rate must be a percentage such as 0.5%, with two decimals at most.',
      ].join('\n'),
    })
  })

  test('preview shows, beside what is in force, what things would cost and what would be allowed', async () => {
    const { done, text } = await run('preview', dearer(), '--kind', 'send', '--kind', 'bill')
    expect(done).toBe(true)
    await expect(`${text}\n`).toMatchFileSnapshot('tariffs.preview.txt')
  })

  test('preview of the amounts and the tier asked for', async () => {
    const args = ['--amount', '450', '--amount', '1,000', '--kind', 'send', '--tier', 'basic', '--version', 'OWN-1']
    const { text } = await run('preview', dearer(), ...args)
    expect(text).toMatch(/^450 +7 \(excise 0\.91\) +13 \(excise 2\.17\) +\*$/m)
    expect(text).toMatch(/^1,000 +13 \(excise 1\.70\) +13 \(excise 2\.17\) +\*$/m)
    expect(await run('preview', dearer(), '--tier', 'gold')).toEqual({
      done: false,
      text: 'OWN-1 has no tier gold; choose one of basic, standard, restricted.',
    })
    expect(await run('preview', dearer(), '--version', 'OWN-2')).toMatchObject({ done: false })
  })

  test('load stores what is new once, refuses a changed one, and list shows which holds', async () => {
    const path = dearer()
    expect(await run('load', path)).toEqual({ done: true, text: 'Loaded OWN-1.\nCeilings of 0 wallets changed.' })
    expect(await run('load', path)).toEqual({ done: true, text: 'All of it is stored already; nothing was changed.' })
    const changed = file('OWN-1', ['rate: 15%', 'rate: 16%'])
    await expect(run('load', changed)).rejects.toThrow(
      'Tariff OWN-1 is stored with other content; give the changed one',
    )
    expect(await run('list')).toEqual({
      done: true,
      text: [
        'KE-2025-3  from 2024-12-31T21:00:00.000Z  in force, comes with the program',
        'OWN-1      from 2125-06-30T21:00:00.000Z  future',
      ].join('\n'),
    })
    expect(await run('ceilings')).toEqual({ done: true, text: 'Ceilings of 0 wallets changed.' })
  })

  test('load and ceilings are for the owner, and for the market that is served', async () => {
    const application = { databaseUrl: store.url, ownerUrl: null }
    for (const options of [{ verb: 'load', file: dearer() }, { verb: 'ceilings' }] as const) {
      expect(await runVerb(application, options, market, () => shipped)).toMatchObject({
        done: false,
        text: 'DATABASE_OWNER_URL is missing; only the owner of the tables changes tariffs and ceilings.',
      })
    }
    const stores = { databaseUrl: store.url, ownerUrl: store.ownerUrl }
    expect(await runVerb(stores, { verb: 'load', file: 'ke.yaml' }, marketOf('GH'), () => shipped)).toEqual({
      done: false,
      text: 'ke.yaml: market must be GH, which is served.',
    })
  })

  test.each([
    [[], 'What is to be done? Say one of check, preview, load, list, ceilings.'],
    [['load'], 'Which file? Say: load FILE'],
    [['load', 'a', 'b'], 'load takes one file at a time.'],
    [['list', 'a'], 'list takes no file.'],
    [['load', 'a', '--tier', 'x'], '--tier belongs to preview.'],
    [['preview', 'a', '--amount', 'much'], '--amount much is no amount; write it as 2500 or 11.30.'],
    [
      ['preview', 'a', '--kind', 'gift'],
      '--kind gift is none of send, bill, airtime, own, collect, disburse, withdraw.',
    ],
  ])('%j is wrong use', (args, sentence) => {
    expect(readOptions(args)).toEqual({ kind: 'wrong', sentence: expect.stringContaining(sentence) })
  })

  test('works from the command line, also on an empty database', async () => {
    const empty = await createTestDatabase()
    const env = { DATABASE_URL: empty.url, DATABASE_OWNER_URL: empty.ownerUrl, MARKET: 'KE' }
    const [list, check, missing] = await Promise.all([
      runCommandLine('tariffs', ['list'], env, ''),
      runCommandLine('tariffs', ['check', 'src/ledger/markets/gh.yaml'], {}, ''),
      runCommandLine('tariffs', ['load', join(folder, 'nowhere.yaml')], env, ''),
    ])
    expect(list).toMatchObject({ code: 0, stdout: 'No tariff of KE is stored.\n' })
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('in order, GH.') })
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') })
    await empty.drop()
  })
})
