import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { codes, pageOf } from '../../src/menu/codes.ts'
import { type Code, suggest } from '../../src/menu/problem.ts'
import type { Verb } from './verb.ts'

export const explain: Verb = {
  name: 'explain',
  summary: 'tells what a finding means, with an example and its cure',
  help: `[code]

Prints the page of the documentation about a finding; without a code, the list of all.

  npm run menus -- explain
  npm run menus -- explain E-WIDTH
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true })
  const [name] = positionals
  if (positionals.length > 1) throw new Error('explain takes one code; see --help.')
  if (name === undefined) {
    for (const [code, { title }] of Object.entries(codes)) process.stdout.write(`${code.padEnd(9)}${title}\n`)
    return 0
  }
  const code = name.toUpperCase()
  if (!isCode(code)) throw new Error(`There is no code ${code}. ${suggest(code, Object.keys(codes))}`)
  process.stdout.write(await readFile(pageOf(code), 'utf8'))
  return 0
}

function isCode(name: string): name is Code {
  return Object.hasOwn(codes, name)
}
