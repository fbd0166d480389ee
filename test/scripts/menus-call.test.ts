import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

function menus(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', 'scripts/menus.ts', ...args], { encoding: 'utf8' })
}

test.each([
  ['an unknown verb', ['chek'], /^There is no verb chek\.\n/],
  ['an unknown option', ['check', '--strct'], /'--strct'.*npm run menus -- check --help names the options\.\n$/],
  ['a folder that is not there', ['check', '--menus', 'nowhere'], /^There is no nowhere\.\n$/],
  ['a table that is not there', ['words', 'import', 'no.csv', '--language', 'sw'], /^There is no no\.csv\.\n$/],
  ['a folder for a file', ['words', 'import', 'menus', '--language', 'sw'], /^That is a folder; name a file\.\n$/],
] as const)('%s is told in a sentence and ends with 2', (_what, args, sentence) => {
  const { status, stderr } = menus(...args)
  expect(stderr).toMatch(sentence)
  expect(status).toBe(2)
})

test.each([['--help'], ['-h'], ['help']])('%s is the first page, and tells of a verb behind its name', (word) => {
  const page = menus(word)
  expect(page.stdout).toContain('<verb> --help tells more')
  expect(page.status).toBe(0)
  const verb = menus('check', word)
  expect(verb.stdout).toMatch(/^npm run menus -- check \[--strict\]/)
  expect(verb.status).toBe(0)
})
