import { performance } from 'node:perf_hooks'
import { parse } from 'yaml'
import type { Market } from '../../src/domain/market.ts'
import { markets } from '../../src/domain/markets.ts'
import type { Compilation, MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { compileFor } from '../menus/sources.ts'
import { median } from './load.ts'

const AIM_MS = 2_000
const ROUNDS = 5
const SCREENS = 1_000

/** Flows that main uses, and those that they use in turn. */
const ENTRIES = ['activate', 'my-account', 'pay-bill', 'send-money']
const COPIED = [...ENTRIES, 'new-pin']

/** Choices of a menu on the way to a copy. */
const BRANCHES = 6

/**
 * The time to compile a thousand screens in three languages, with every check, beside parsing the same files with the `yaml` library
 * alone. The screens are the shipped ones, copied under further names below a tree of menus.
 */
export async function benchMenus(): Promise<boolean> {
  const [market] = markets.values()
  if (market === undefined) throw new Error('no market')
  const sources = await menusOf(SCREENS, market)
  const compiled = compileFor(market, sources)
  const languages = compiled.kind === 'compiled' ? compiled.program.languages.length : 0
  const [screens, lines] = [screensOf(compiled), Object.values(sources).join('').split('\n').length]
  process.stdout.write(`bench menus: ${screens} screens, ${languages} languages, ${lines} lines, ${ROUNDS} rounds\n`)
  const [ours, theirs, all]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(timed(() => Object.values(sources).forEach((source) => void parse(source))))
    ours.push(timed(() => compileFor(market, sources)))
    all.push(timed(() => [...markets.values()].forEach((each) => void compileFor(each, sources))))
  }
  const [compileMs, parseMs, allMs] = [median(ours), median(theirs), median(all)]
  const met = compileMs <= AIM_MS
  process.stdout.write(`yaml alone ${parseMs.toFixed(0)} ms; compiled ${compileMs.toFixed(0)} ms\n`)
  process.stdout.write(`all ${markets.size} markets, as check does: ${allMs.toFixed(0)} ms\n`)
  const ratio = (compileMs / parseMs).toFixed(2)
  process.stdout.write(
    `median ${compileMs.toFixed(0)} ms (aim ${AIM_MS}): ${met ? 'met' : 'NOT met'}; ${ratio} times yaml alone\n`,
  )
  return met
}

/** The shipped menus with as many copies of their flows as it takes. */
async function menusOf(screens: number, market: Market): Promise<MenuSources> {
  const shipped = await loadMenuSources('menus')
  const [none, one] = [copied(shipped, 0), copied(shipped, 1)].map((sources) => screensOf(compileFor(market, sources)))
  return copied(shipped, Math.ceil((screens - (none ?? 0)) / ((one ?? 0) - (none ?? 0))))
}

function screensOf(result: Compilation): number {
  if (result.kind === 'compiled') return Object.keys(result.program.screens).length
  throw new Error(`the menus are refused: ${result.problems.find(({ code }) => code.startsWith('E-'))?.message}`)
}

function copied(shipped: MenuSources, copies: number): MenuSources {
  const sources: Record<string, string> = { ...shipped }
  const texts: string[] = []
  const screens: string[] = []
  const menu = (name: string, targets: readonly string[]): void => {
    const choices = targets.map((go, index) => `{ key: "${index + 1}", text: ${go}, go: ${go} }`)
    screens.push(`  ${name}: { menu: ${name}, choices: [${choices.join(', ')}] }\n`)
    texts.push(`main.${name}.text: ${name}\n`)
    for (const [index, go] of targets.entries()) texts.push(`main.${name}.choice.${index + 1}: ${go}\n`)
  }
  const renamed = (text: string, copy: number): string =>
    COPIED.reduce((all, flow) => all.replaceAll(`use: ${flow}`, `use: ${flow}-${copy}`), text)
  for (let copy = 0; copy < copies; copy += 1) {
    for (const flow of COPIED) sources[`${flow}-${copy}.yaml`] = renamed(shipped[`${flow}.yaml`] ?? '', copy)
    for (const flow of ENTRIES) screens.push(`  ${flow}-${copy}: { use: ${flow}-${copy} }\n`)
    menu(
      `copy-${copy}`,
      ENTRIES.map((flow) => `${flow}-${copy}`),
    )
  }
  let level = Array.from({ length: copies }, (_, copy) => `copy-${copy}`)
  for (let depth = 0; level.length > 1; depth += 1) {
    const above = Array.from({ length: Math.ceil(level.length / BRANCHES) }, (_, at) => `level-${depth}-${at}`)
    for (const [at, name] of above.entries()) menu(name, level.slice(at * BRANCHES, (at + 1) * BRANCHES))
    level = above
  }
  const [top] = level
  if (top === undefined) return sources
  const copiesOf = (source: string): string[] =>
    Array.from({ length: copies }, (_, copy) =>
      source
        // A text with short forms goes on below its key.
        .split(/\n(?=\S)/)
        .filter((entry) => COPIED.some((flow) => entry.startsWith(`${flow}.`)))
        .map((entry) => `${entry.replace('.', `-${copy}.`)}\n`)
        .join(''),
    )
  for (const file of Object.keys(shipped).filter((name) => name.startsWith('languages/'))) {
    const source = shipped[file] ?? ''
    sources[file] = [source.trimEnd(), '\n', ...copiesOf(source), ...texts, 'main.services.choice.9: Copies\n'].join('')
  }
  // A sixth choice on the first screen is too long for a real phone.
  sources['service.yaml'] = (shipped['service.yaml'] ?? '').replace(
    /gsm7: 160, ucs2: 80, lines: 10/,
    'gsm7: 240, ucs2: 120, lines: 12',
  )
  sources['main.yaml'] = (shipped['main.yaml'] ?? '')
    .replace('    choices:\n', `    choices:\n      - { key: "9", text: Copies, go: ${top} }\n`)
    .replace('screens:\n', `screens:\n${screens.join('')}`)
  return sources
}

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}
