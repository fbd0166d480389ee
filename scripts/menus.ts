import { parseArgs } from 'node:util'
import { actions } from '../src/actions/registry.ts'
import { markets } from '../src/domain/markets.ts'
import { type Compilation, compile, type MenuSources } from '../src/menu/compile.ts'
import { loadMenuSources } from '../src/menu/load.ts'
import { printProblem } from '../src/menu/problem.ts'
import { messageContracts } from '../src/sms/message-contracts.ts'

const HELP = `npm run menus -- check [--json] [--market KE] [--menus menus]

Compiles the menus as the gateway does, and says everything that is wrong with them, or which screen is the fullest in each language.
  --json     one JSON object a market: {"market", "outcome": "compiled" | "refused", "problems": [...], "hash", "worst"}
  --market   ${[...markets.keys()].join(', ')}, since amounts and numbers differ in length; MARKET, or each of them, unless stated
  --menus    the folder; MENUS_DIR or menus unless stated
Ends with 0 where they compile, 1 where not, 2 where it was called wrongly.
`

try {
  process.exitCode = await run()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      market: { type: 'string', default: process.env.MARKET || undefined },
      menus: { type: 'string', default: process.env.MENUS_DIR ?? 'menus' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [command = 'check', ...others] = positionals
  if (command !== 'check' || others.length > 0)
    throw new Error(`There is no command ${positionals.join(' ')}.\n\n${HELP}`)
  const chosen = [...markets.values()].filter(({ code }) => values.market === undefined || values.market === code)
  if (chosen.length === 0)
    throw new Error(`There is no market ${values.market}; known: ${[...markets.keys()].join(', ')}.`)
  const sources = await loadMenuSources(values.menus)
  const contracts = [...actions.values()].map(({ contract }) => contract)
  let refused = false
  for (const market of chosen) {
    const result = compile(sources, contracts, messageContracts, market)
    refused ||= result.kind === 'refused'
    if (values.json) process.stdout.write(`${JSON.stringify({ market: market.code, ...summary(result) })}\n`)
    else {
      if (market !== chosen[0]) process.stdout.write('\n')
      print(market.code, result, sources)
    }
  }
  return refused ? 1 : 0
}

function summary(result: Compilation): object {
  if (result.kind === 'refused') return { outcome: 'refused', problems: result.problems }
  return { outcome: 'compiled', problems: result.warnings, hash: result.program.hash, worst: result.worst }
}

function print(market: string, result: Compilation, sources: MenuSources): void {
  if (result.kind === 'refused') {
    for (const problem of result.problems) process.stderr.write(`${printProblem(problem, sources)}\n`)
    process.stderr.write(`\n${result.problems.length} problems in ${market}; the menus are refused.\n`)
    return
  }
  for (const problem of result.warnings) process.stderr.write(`${printProblem(problem, sources)}\n`)
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
  for (const { language, screen, units, limit, encoding, text } of fullest) {
    const lines = text.split('\n').map((line) => `  | ${line}\n`)
    process.stdout.write(`\nFullest in ${language}: ${screen}, ${units} of ${limit} (${encoding})\n${lines.join('')}`)
  }
}
