import { parseArgs } from 'node:util'
import type { Market } from '../../src/domain/market.ts'
import type { Draft } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import { breaksHabits, compareMenus } from './diff/compare.ts'
import { printDifference } from './diff/print.ts'
import { chosenMarkets, compileFor, sourceHelp, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'

export const diff: Verb = {
  name: 'diff',
  summary: 'compares two menu folders: keys and shortcuts that lead elsewhere, screens, longer screens, texts',
  help: `BEFORE [AFTER] [--json] [--market KE] [--menus menus]

Compares the menus of two folders; AFTER is the folder of --menus unless stated. Ends with 1 where something that people have learnt or
have in print does something else: a key of a choice or of navigation leads elsewhere or nowhere, a shortcut does. All else is told, and
ends with 0. Menus that are refused are compared as far as they can be read.
  --json     one JSON object: {"breaks", "added", "removed", "moved", "keys", "shortcuts", "languages", "texts",
             "longer", "actions", "times"}
${sourceHelp}
  git worktree add /tmp/before main && npm run menus -- diff /tmp/before/menus
  npm run menus -- diff menus-2026-10 menus --json
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean', default: false }, ...sourceOptions } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [before, after = values.menus, ...others] = positionals
  if (before === undefined || others.length > 0)
    throw new Error('Which folders? diff BEFORE [AFTER], such as diff /tmp/before/menus menus')
  const [market] = chosenMarkets(values.market)
  if (market === undefined) throw new Error('There is no market.')
  const difference = compareMenus(await read(market, before), await read(market, after))
  const breaks = breaksHabits(difference)
  if (values.json) process.stdout.write(`${JSON.stringify({ breaks, ...difference })}\n`)
  else process.stdout.write(printDifference(difference) || 'Nothing has changed.\n')
  return breaks ? 1 : 0
}

async function read(market: Market, folder: string): Promise<Draft> {
  const result = compileFor(market, await loadMenuSources(folder))
  if (result.kind === 'compiled') return result
  if (result.draft === null) {
    const said = result.problems.map(describeProblem).join('\n')
    throw new Error(`The menus of ${folder} cannot be read:\n${said}`)
  }
  process.stderr.write(`The menus of ${folder} are refused; npm run menus -- check --menus ${folder} says why.\n`)
  return result.draft
}
