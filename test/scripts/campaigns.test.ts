import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readListFile } from '../../scripts/campaigns/list-file.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type CommandRun, runCommandLine } from '../support/run-command.ts'

let store: TestDatabase
const folder = mkdtempSync(join(tmpdir(), 'campaigns-'))
const [pin, data, audit] = [randomBytes(32), randomBytes(32), randomBytes(32)].map((key) => key.toString('base64'))

beforeAll(async () => {
  store = await createTestDatabase()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await store.drop()
})

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function campaigns(...args: readonly string[]): Promise<CommandRun> {
  const env = {
    ...{ DATABASE_URL: store.url, MARKET: 'KE' },
    ...{ PIN_KEY: pin, DATA_KEY: data, AUDIT_KEY: audit },
  }
  return runCommandLine('campaigns', args, env)
}

test('from a list to results, by command', async () => {
  const list = file(
    'farmers.csv',
    'Number;Name;Plot;Language\n0722000001;Juma;12;sw\n0722000002;Grace;7;\n0722000002;Grace;8;\n',
  )
  const texts = file('loan.yaml', 'en: "Dear {name}, plot {plot}."\nsw: "Habari {name}, shamba {plot}."\n')
  const asked = ['create', '--by', 'grace', '--name', 'Loan', '--list', list, '--texts', texts, '--otherwise', 'en']
  const checked = await campaigns(...asked, '--dry-run')
  expect(checked).toMatchObject({ code: 0, stderr: '' })
  expect(checked.stdout).toContain('2 people; 1 rows name a number once more')
  expect(checked.stdout).toContain('| Habari Juma, shamba 12.')
  expect(checked.stdout).toContain('2 SMS, about KES 1.60')
  expect(checked.stdout).toContain('Nothing was stored')

  const created = await campaigns(...asked, '--window', '09:00-18:00', '--pace', '120', '--json')
  expect(JSON.parse(created.stdout)).toMatchObject({ outcome: 'created', recipients: 2, cost: '160' })
  expect(await campaigns('pause', 'Loan', '--by', 'grace')).toMatchObject({
    code: 1,
    stderr: 'Loan is draft, so it cannot pause; nothing was changed.\n',
  })
  expect(await campaigns('start', 'Loan', '--by', 'grace')).toMatchObject({ code: 0, stdout: 'Loan is running.\n' })
  const shown = (await campaigns('show', 'Loan')).stdout
  expect(shown).toMatch(/Loan \(campaign\), running.*0 of 2 had their turn.*120 a minute, 09:00-18:00/s)
  expect(JSON.parse((await campaigns('results', 'Loan', '--json')).stdout)).toMatchObject({ waiting: 2, cost: '0' })
  const { rows } = await store.app.query('SELECT actor_id, action FROM audit_event ORDER BY at')
  expect(rows).toEqual(['created', 'started'].map((what) => ({ actor_id: 'grace', action: `campaign.${what}` })))
}, 60_000)

test('an announcement without anybody on file is refused, and wrong use is told', async () => {
  const announced = await campaigns(
    'announce',
    '--by',
    'grace',
    '--name',
    'Rest',
    '--text',
    'en=Nyota rests.',
    '--otherwise',
    'en',
  )
  expect(announced).toMatchObject({ code: 1, stderr: 'Nothing was stored:\n  Nobody on file is in that segment.\n' })
  expect(await campaigns('create', '--name', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Say --by'),
  })
  const help = await campaigns('--help')
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--dry-run') })
}, 60_000)

describe('a list that cannot be read', () => {
  test.each([
    ['without a number', 'name\nJuma\n', /no column number/],
    ['with a column twice', 'number,name,name\n1,2,3\n', /the column name twice/],
    ['with a column of other letters', 'number,Größe\n1,2\n', /"größe"/],
    ['with an open quote', 'number,name\n1,"Juma\n', /never closed/],
  ])('%s', async (_what, content, problem) => {
    const { problems } = await readListFile(file('wrong.csv', content))
    expect(problems).toEqual([expect.stringMatching(problem)])
  })

  test('empty lines are no people, and lines are counted as an editor does', async () => {
    const { rows } = await readListFile(
      file('gaps.csv', 'number,name\r\n\r\n0722000001,Juma\r\n,\r\n0722000002,Grace\r\n'),
    )
    expect(rows.map(({ line, fields }) => [line, fields.name])).toEqual([
      [3, 'Juma'],
      [5, 'Grace'],
    ])
  })
})
