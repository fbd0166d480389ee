import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { check } from '../../scripts/menus/check.ts'
import { explain } from '../../scripts/menus/explain.ts'
import { findingPrinter, showsColours } from '../../scripts/menus/findings.ts'
import { codes, pageOf } from '../../src/menu/codes.ts'
import { compileTest, overTiny, wrongMenus } from '../menu/wrong-menus.ts'

let folder = ''
let [out, err] = ['', '']

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'menus-'))
  await cp('menus', folder, { recursive: true })
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** Runs check on the shipped menus with one file changed. */
async function checkWith(file: string, from: string | RegExp, to: string, ...args: string[]): Promise<number> {
  const path = join(folder, file)
  const source = await readFile(path, 'utf8')
  const changed = source.replace(from, to)
  expect(changed).not.toBe(source)
  await writeFile(path, changed)
  return check.run(['--menus', folder, ...args])
}

test('a warning fails only a strict check', async () => {
  const forgotten: [string, RegExp, string] = [
    'languages/sw.yaml',
    /^(activate\.refused\.text): .*$/m,
    '$1: "Your account is not opened. Dial again when you agree."',
  ]
  expect(await checkWith(...forgotten)).toBe(0)
  expect(err).toContain('W-I18N')
  expect(await check.run(['--menus', folder, '--strict'])).toBe(1)
})

test('a finding that holds in every market is printed once, with consequence, cure and page', async () => {
  expect(await checkWith('main.yaml', 'else: stranger', 'else: strangr')).toBe(1)
  expect(err.match(/Did you mean stranger\?/g)).toHaveLength(1)
  expect(err).toContain(`Why: ${codes['E-REF'].consequence}`)
  expect(err).toContain(`Cure: ${codes['E-REF'].cure}`)
  expect(err).toContain(`More: docs/menus/codes/E-REF.md`)
  expect(err).toContain('    else: strangr\n            ^^^^^^^')
  expect(err).not.toContain('\u001b')
})

test('a misspelt way is the only finding: no translation is blamed for the screen that could not be read', async () => {
  expect(await checkWith('main.yaml', 'go: balance }', 'go: balanse }', '--market', 'KE')).toBe(1)
  expect(err.match(/[EW]-[A-Z0-9]+ /g)).toEqual(['E-REF '])
  expect(err).toContain('\n1 problem in KE; the menus are refused.')
})

test('a tool is told the code, the place, the words and the page of each finding', async () => {
  expect(await checkWith('main.yaml', 'else: stranger', 'else: strangr', '--json', '--market', 'KE')).toBe(1)
  const { outcome, problems } = JSON.parse(out)
  expect(outcome).toBe('refused')
  expect(problems).toEqual([
    {
      code: 'E-REF',
      severity: 'error',
      file: 'main.yaml',
      line: expect.any(Number),
      column: 11,
      endColumn: 18,
      message: expect.stringContaining('strangr'),
      consequence: codes['E-REF'].consequence,
      cure: codes['E-REF'].cure,
      page: 'docs/menus/codes/E-REF.md',
    },
  ])
})

test('every finding of every wrong menu is printed with its consequence and its cure', () => {
  for (const { files, code } of wrongMenus) {
    const result = compileTest(overTiny(files))
    let text = ''
    const print = findingPrinter(
      overTiny(files),
      (part) => {
        text += part
      },
      true,
    )
    for (const problem of result.kind === 'refused' ? result.problems : result.warnings) {
      print(problem)
      const { consequence, cure } = codes[problem.code]
      expect(text).toContain(`\n  Why: ${consequence}\n  Cure: ${cure}\n`)
    }
    expect(text).toContain(code.startsWith('E-') ? `\u001b[1;31m${code}\u001b[0m` : `\u001b[1;33m${code}\u001b[0m`)
  }
})

test('colours are for terminals whose user has not said no', () => {
  vi.stubEnv('NO_COLOR', '')
  expect(showsColours({ isTTY: true })).toBe(true)
  expect(showsColours({})).toBe(false)
  vi.stubEnv('NO_COLOR', '1')
  expect(showsColours({ isTTY: true })).toBe(false)
  vi.unstubAllEnvs()
})

test('explain prints the page of a code, and names the codes there are', async () => {
  await explain.run(['e-width'])
  expect(out).toBe(await readFile(pageOf('E-WIDTH'), 'utf8'))
  out = ''
  await explain.run([])
  for (const code of Object.keys(codes)) expect(out).toContain(code)
  await expect(explain.run(['E-WIDHT'])).rejects.toThrow('There is no code E-WIDHT. Did you mean E-WIDTH?')
})
