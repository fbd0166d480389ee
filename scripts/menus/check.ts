import { parseArgs } from 'node:util'
import { findRemoved } from '../../src/menu/changes.ts'
import type { Compilation, MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import type { Problem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import { counted, findingJson, findingPrinter, showsColours } from './findings.ts'
import { againstHelp, readVersion } from './published.ts'
import { chosenMarkets, compileFor, sourceHelp, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'

export const check: Verb = {
  name: 'check',
  summary: 'says everything that is wrong with the menus, or which screen is the fullest in each language',
  help: `[--strict] [--json] [--against VERSION] [--market KE] [--menus menus]

Compiles the menus as the gateway does; for every market, where none is named. A finding whose code begins with E refuses the menus, one
with W does not; \`npm run menus -- explain <code>\` tells more of each.
  --strict   warnings fail too
  --against  also says what publishing would break (E-MIG), compared with an earlier version: ${againstHelp}
  --json     one JSON object a market: {"market", "outcome": "compiled" | "refused", "problems": [...], "hash", "worst"}; each problem has
             code, severity, file, line, column, endColumn, message, consequence, cure and page
${sourceHelp}
  npm run menus -- check
  npm run menus -- check --strict
  npm run menus -- check --market UG --json
  npm run menus -- check --against published
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const
  const options = { strict: flag, json: flag, against: { type: 'string' }, ...sourceOptions } as const
  const { values } = parseArgs({ args: [...args], options })
  const against = values.against === undefined ? null : await readVersion(values.against, values.market)
  const chosen = chosenMarkets(values.market ?? against?.market.code)
  const sources = await loadMenuSources(values.menus)
  const printFinding = findingPrinter(sources, (text) => process.stderr.write(text), showsColours(process.stderr))
  let failed = false
  for (const market of chosen) {
    const result = comparedWith(against, compileFor(market, sources))
    failed ||= result.kind === 'refused' || (values.strict && result.warnings.length > 0)
    if (values.json) process.stdout.write(`${JSON.stringify({ market: market.code, ...summary(result, sources) })}\n`)
    else {
      if (market !== chosen[0]) process.stdout.write('\n')
      print(market.code, result, printFinding)
    }
  }
  return failed ? 1 : 0
}

/** Refused where it lacks what the earlier version had. */
function comparedWith(before: Program | null, result: Compilation): Compilation {
  if (before === null || result.kind === 'refused') return result
  const removed = findRemoved(before, result.program)
  return removed.length === 0 ? result : { kind: 'refused', problems: [...removed, ...result.warnings], draft: result }
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
    process.stderr.write(`\n${counted(result.problems.length, 'problem')} in ${market}; the menus are refused.\n`)
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
