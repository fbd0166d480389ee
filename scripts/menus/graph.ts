import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import { counted } from './findings.ts'
import { mermaidOf } from './graph/mermaid.ts'
import { pageOf } from './graph/page.ts'
import { chosenMarkets, compileFor, sourceHelp, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'

export const graph: Verb = {
  name: 'graph',
  summary: 'draws the menus: Mermaid, or a page to look at, with every screen as the handset shows it',
  help: `[--html FILE] [--market KE] [--menus menus]

Prints a Mermaid flowchart of all screens, or writes a page that needs no network: screens in every language, the ways between them, what
is too long and what nobody ever sees. It draws menus that are refused too, as far as they can be read; 1 where they are refused.
  --html     writes the page to this file
${sourceHelp}
  npm run menus -s -- graph > menus.mmd
  npm run menus -- graph --html menus.html
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const options = { html: { type: 'string' }, ...sourceOptions } as const
  const { values } = parseArgs({ args: [...args], options })
  const [market] = chosenMarkets(values.market)
  if (market === undefined) throw new Error('There is no market.')
  const result = compileFor(market, await loadMenuSources(values.menus))
  const problems = result.kind === 'refused' ? result.problems : result.warnings
  const draft = result.kind === 'refused' ? result.draft : result
  if (draft === null) {
    for (const problem of problems) process.stderr.write(`${describeProblem(problem)}\n`)
    process.stderr.write('\nSo much is wrong that nothing can be drawn.\n')
    return 1
  }
  if (values.html === undefined) process.stdout.write(mermaidOf(draft))
  else {
    await writeFile(values.html, pageOf(draft, problems))
    process.stdout.write(`Written to ${values.html}: ${Object.keys(draft.program.screens).length} screens.\n`)
  }
  if (result.kind === 'compiled') return 0
  process.stderr.write(
    `The menus are refused, ${counted(problems.length, 'problem')}; npm run menus -- check names them.\n`,
  )
  return 1
}
