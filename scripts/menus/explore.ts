import { parseArgs } from 'node:util'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import { type Finding, type Seen, type Walk, walk } from './explore/walk.ts'
import { chosenMarkets, compileFor, sourceHelp, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'

export const explore: Verb = {
  name: 'explore',
  summary: 'walks every path with generated values and shows the longest screens that came up',
  help: `[--json] [--market KE] [--menus menus]

Goes through everything that people can do and every outcome that actions can have, in each language, with values as short and as long
as their types allow, and with those around which conditions turn. Nothing is started and no money moves: only the engine runs.
Finds screens, choices and outcomes that are never come to, ways that never end, actions in a circle, screens longer than a network
carries, and whatever throws. Ends with 1 where it finds something.
  --json     one JSON object a market: {"market", "outcome": "walked" | "refused", "states", "steps", "longest", "findings"}
${sourceHelp}
  npm run menus -- explore
  npm run menus -- explore --market KE --json
`,
  run,
}

/** Screens listed below the fullest one. */
const MORE = 4

async function run(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean', default: false }, ...sourceOptions } as const
  const { values } = parseArgs({ args: [...args], options })
  const sources = await loadMenuSources(values.menus)
  let wrong = false
  for (const market of chosenMarkets(values.market)) {
    const result = compileFor(market, sources)
    if (result.kind === 'refused') {
      wrong = true
      const problems = result.problems.map(describeProblem)
      if (values.json) print(JSON.stringify({ market: market.code, outcome: 'refused', problems }))
      else process.stderr.write(`${market.code}: the menus are refused; npm run menus -- check says why.\n`)
      continue
    }
    const walked = walk(result.program)
    wrong ||= walked.findings.length > 0
    const { states, steps, longest, findings } = walked
    if (values.json) print(JSON.stringify({ market: market.code, outcome: 'walked', states, steps, longest, findings }))
    else print(describeWalk(market.code, result.program, walked))
  }
  return wrong ? 1 : 0
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function describeWalk(market: string, { languages }: Program, { states, steps, longest, findings }: Walk): string {
  const head = `${market}: ${states} situations, ${steps} steps, ${findings.length === 0 ? 'nothing wrong' : `${findings.length} findings`}`
  const fullest = languages.map(({ code }) => describeFullest(longest.filter(({ language }) => language === code)))
  return [head, ...fullest, ...findings.map(describeFinding)].join('\n\n').concat('\n')
}

function describeFullest([fullest, ...others]: readonly Seen[]): string {
  if (fullest === undefined) return ''
  const size = ({ screen, units, limit, encoding }: Seen) => `${screen}, ${units} of ${limit} (${encoding})`
  return [
    `Longest in ${fullest.language}: ${size(fullest)}`,
    ...fullest.text.split('\n').map((line) => `  | ${line}`),
    ...others.slice(0, MORE).map((each) => `  then ${size(each)}`),
  ].join('\n')
}

function describeFinding({ kind, language, screen, what, path }: Finding): string {
  const way = path.length === 0 ? '' : `\n  by: ${path.join(', ')}`
  return `${kind.toUpperCase()} ${screen}${language === '' ? '' : ` (${language})`}: ${what}${way}`
}
