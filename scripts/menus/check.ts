import { parseArgs } from 'node:util'
import type { Compilation, MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import type { Problem } from '../../src/menu/problem.ts'
import { findingJson, findingPrinter, showsColours } from './findings.ts'
import { chosenMarkets, compileFor, sourceHelp, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'

export const check: Verb = {
  name: 'check',
  summary: 'says everything that is wrong with the menus, or which screen is the fullest in each language',
  help: `[--strict] [--json] [--market KE] [--menus menus]

Compiles the menus as the gateway does; for every market, where none is named. A finding whose code begins with E refuses the menus, one
with W does not; \`npm run menus -- explain <code>\` tells more of each.
  --strict   warnings fail too
  --json     one JSON object a market: {"market", "outcome": "compiled" | "refused", "problems": [...], "hash", "worst"}; each problem has
             code, severity, file, line, column, endColumn, message, consequence, cure and page
${sourceHelp}
  npm run menus -- check
  npm run menus -- check --strict
  npm run menus -- check --market UG --json
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ args: [...args], options: { strict: flag, json: flag, ...sourceOptions } })
  const chosen = chosenMarkets(values.market)
  const sources = await loadMenuSources(values.menus)
  const printFinding = findingPrinter(sources, (text) => process.stderr.write(text), showsColours(process.stderr))
  let failed = false
  for (const market of chosen) {
    const result = compileFor(market, sources)
    failed ||= result.kind === 'refused' || (values.strict && result.warnings.length > 0)
    if (values.json) process.stdout.write(`${JSON.stringify({ market: market.code, ...summary(result, sources) })}\n`)
    else {
      if (market !== chosen[0]) process.stdout.write('\n')
      print(market.code, result, printFinding)
    }
  }
  return failed ? 1 : 0
}

function summary(result: Compilation, sources: MenuSources): object {
  const json = (problem: Problem) => findingJson(problem, sources)
  if (result.kind === 'refused') return { outcome: 'refused', problems: result.problems.map(json) }
  return {
    outcome: 'compiled',
    problems: result.warnings.map(json),
    hash: result.program.hash,
    worst: result.worst,
  }
}

function print(market: string, result: Compilation, printFinding: (problem: Problem) => void): void {
  if (result.kind === 'refused') {
    result.problems.forEach(printFinding)
    process.stderr.write(`\n${result.problems.length} problems in ${market}; the menus are refused.\n`)
    return
  }
  result.warnings.forEach(printFinding)
  const { program, worst } = result
  const fullest = program.languages.flatMap(({ code }) =>
    worst
      .filter(({ language }) => language === code)
      .sort((a, b) => b.units / b.limit - a.units / a.limit)
      .slice(0, 1),
  )
  process.stdout.write(
    `${market}: ${Object.keys(program.screens).length} screens, program ${program.hash.slice(0, 12)}\n`,
  )
  for (const { language, screen, channel, form, units, limit, encoding, text } of fullest) {
    const lines = text.split('\n').map((line) => `  | ${line}\n`)
    const where = channel === null ? '' : ` over ${channel}`
    const shortened = form === 'short' ? ', in its short form' : ''
    process.stdout.write(
      `\nFullest in ${language}: ${screen}${where}${shortened}, ${units} of ${limit} (${encoding})\n${lines.join('')}`,
    )
  }
}
