import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { type Coverage, itemsIn, makeCoverage } from '../../src/menu/coverage.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { diffLines } from '../dialogues/diff.ts'
import { listDialogueFiles, readDialogue, rewriteDialogue } from '../dialogues/file.ts'
import { openGround } from '../dialogues/ground.ts'
import { type Difference, playDialogue } from '../dialogues/play.ts'
import { makeWorlds, type Worlds } from '../dialogues/world.ts'
import { INSTALL_REDIS } from '../stores.ts'
import { describeCoverage, leastPercent, reportCoverage } from './coverage-report.ts'
import { walk } from './explore/walk.ts'
import { counted } from './findings.ts'
import { chosenMarkets, compileFor, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'

export const test: Verb = {
  name: 'test',
  summary: 'plays dialogue tests against a gateway of its own and says what of the menus they go through',
  help: `[files or folders] [--update] [--coverage 100] [--json] [--menus menus]

Plays dialogues (docs/dialogues.md; test/dialogues where none are named) by real HTTP, each against a gateway with the people and billers of
the demo on private stores, and shows the first screen that differs. Then it shows what share of screens, choices and outcomes the
dialogues went through in each language and, unless only files are named, what is missing. Ends with 1 where a dialogue differs or the
share is too small.
  --update    writes the screens, messages and balances into the files anew, instead of comparing them; review what changed
  --coverage  the least share, in percent, of screens, choices and outcomes each; 0 unless stated
  --json      one JSON object a dialogue: {"dialogue", "file", "outcome": "right" | "wrong" | "updated" | "unreadable", "differences"},
              then {"coverage"}, where "unknown" counts what not even explore comes to
  --menus     the folder; MENUS_DIR or menus unless stated

  npm run menus -- test
  npm run menus -- test test/dialogues/send-money.en.yaml --update
  npm run menus -- test test/dialogues --coverage 80
`,
  run,
}

const FOLDER = 'test/dialogues'
const PATIENCE_MS = 10_000
/** Dialogues at a time; playing one is mostly waiting. */
const LANES = 3
/** The market of the demo's people. */
const MARKET = 'KE'

type Tested = {
  readonly dialogue: string
  readonly file: string
  readonly outcome: 'right' | 'wrong' | 'updated' | 'unreadable'
  readonly differences: readonly Difference[]
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      update: { type: 'boolean', default: false },
      coverage: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      menus: sourceOptions.menus,
    },
  })
  const least = Number(values.coverage)
  if (!(least >= 0 && least <= 100))
    throw new Error(`--coverage takes a share in percent, 0 to 100, not ${values.coverage}.`)
  const files = (positionals.length === 0 ? [FOLDER] : positionals).flatMap(filesAt)
  const [market] = chosenMarkets(MARKET)
  const compiled = market && compileFor(market, await loadMenuSources(values.menus))
  if (compiled?.kind !== 'compiled') {
    process.stderr.write(`The menus are refused; npm run menus -- check --menus ${values.menus} says why.\n`)
    return 1
  }
  const listed = least > 0 || positionals.every((path) => statSync(path).isDirectory())

  const coverage = makeCoverage()
  const tested = await playAll(files, values.menus, coverage, values.update, (each) =>
    process.stdout.write(values.json ? `${JSON.stringify(each)}\n` : describeTested(each)),
  )
  const report = reportCoverage(compiled.program, coverage)
  const wrong = tested.filter(({ outcome }) => outcome === 'wrong' || outcome === 'unreadable').length
  const tooLittle = leastPercent(report) < least
  const stepped = walk(compiled.program).coverage
  const unknown = report.missing.filter((item) => !stepped.has(item)).length
  if (values.json) process.stdout.write(`${JSON.stringify({ coverage: { ...report, unknown } })}\n`)
  else {
    const rest = `Of these ${report.missing.length}, the engine alone comes to ${report.missing.length - unknown} (npm run menus -- explore).`
    process.stdout.write(
      `\n${counted(tested.length, 'dialogue')}, ${wrong} wrong\n\n${describeCoverage(report, listed)}\n`,
    )
    if (listed && report.missing.length > 0) process.stdout.write(`\n${rest}\n`)
  }
  if (tooLittle) process.stderr.write(`Less than ${least} % of the menus are gone through.\n`)
  return wrong > 0 || tooLittle ? 1 : 0
}

function filesAt(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new Error(`There is no ${path}; name files of dialogues, or a folder of them.`)
  return stat.isDirectory() ? listDialogueFiles(path) : [path]
}

/** Plays all of them, a few at a time, and tells each in order. */
async function playAll(
  files: readonly string[],
  menusDirectory: string,
  coverage: Coverage,
  update: boolean,
  tell: (tested: Tested) => void,
): Promise<readonly Tested[]> {
  // Without an end of its own the process would not release its stores.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  const ground = await openGround(process.env)
  try {
    const { redisUrl } = ground
    if (redisUrl === null) throw new Error(`redis-server is missing; run: ${INSTALL_REDIS}`)
    const worlds = makeWorlds({ ...ground, redisUrl })
    const results: Tested[] = []
    let [next, told] = [0, 0]
    const lane = async (): Promise<void> => {
      for (let at = next++; at < files.length; at = next++) {
        results[at] = await play(files[at] ?? '', worlds, menusDirectory, coverage, update)
        for (let ready = results[told]; ready !== undefined; ready = results[++told]) tell(ready)
      }
    }
    try {
      await Promise.all(Array.from({ length: LANES }, lane))
    } finally {
      await worlds.close()
    }
    return results
  } finally {
    await ground.release()
  }
}

async function play(
  file: string,
  worlds: Worlds,
  menusDirectory: string,
  coverage: Coverage,
  update: boolean,
): Promise<Tested> {
  const dialogue = basename(file, '.yaml')
  const source = readFileSync(file, 'utf8')
  const read = readDialogue(source)
  if (read.kind === 'wrong') {
    const differences = read.problems.map((actual) => ({ where: file, expected: 'a dialogue', actual }))
    return { dialogue, file, outcome: 'unreadable', differences }
  }
  const world = await worlds.open(read.dialogue.given, {
    menusDirectory,
    watch: ({ program, before, event, step }) => coverage.add(itemsIn(program, before, event, step)),
  })
  try {
    const options = { delivery: 'once', record: update, patienceMs: PATIENCE_MS } as const
    const { differences, observed } = await playDialogue(read.dialogue, world, options)
    await world.prove()
    if (!update) return { dialogue, file, outcome: differences.length === 0 ? 'right' : 'wrong', differences }
    const written = rewriteDialogue(source, observed)
    if (written !== source) writeFileSync(file, written)
    return { dialogue, file, outcome: written === source ? 'right' : 'updated', differences }
  } finally {
    await world.close()
  }
}

function describeTested({ dialogue, outcome, differences }: Tested): string {
  const shown = outcome === 'right' ? [] : differences.flatMap(describeDifference)
  return [`${outcome.padEnd(11)}${dialogue}`, ...shown, ''].join('\n')
}

function describeDifference({ where, expected, actual }: Difference): readonly string[] {
  return [`  ${where}`, ...diffLines(expected, actual).map((line) => `    ${line}`)]
}
