import { createHash } from 'node:crypto'
import type { Market } from '../domain/market.ts'
import { readFlowHead } from './build/flow.ts'
import { readKeywords } from './build/keywords.ts'
import { readLineage } from './build/lineage.ts'
import { readScreen } from './build/screen.ts'
import { addServiceTexts, readService, type Service } from './build/service.ts'
import { resolveShortcuts } from './build/shortcuts.ts'
import { addText, type FlowHead, fieldScope, type Symbols } from './build/symbols.ts'
import { readBaseTexts, readTranslation } from './build/texts.ts'
import { entriesOf, plain, readTree, type Tree } from './build/tree.ts'
import { contractOf, typesOf } from './build/types.ts'
import { type Checked, checkAll, type WorstScreen } from './checks/all.ts'
import { graphOf } from './checks/graph.ts'
import type { ActionContract, Fields, KeywordContract } from './contract.ts'
import { type Problem, type Report, type Spot, suggest } from './problem.ts'
import {
  ENGINE_VERSION,
  type Program,
  type ProgramAction,
  type Screen,
  type Template,
  type TextKey,
} from './program.ts'
import type { SegmentLimit } from './segment-limits.ts'

/** The menu folder: file names within it, such as `languages/sw.yaml`, and their contents. */
export type MenuSources = Readonly<Record<string, string>>

export type Compilation =
  | ({ readonly kind: 'compiled'; readonly warnings: readonly Problem[] } & Draft)
  | {
      readonly kind: 'refused'
      readonly problems: readonly Problem[]
      /** Null where so much is wrong that nothing can be drawn or compared. Never to be run: what could not be read is left out. */
      readonly draft: Draft | null
    }

/** What was made of menu files. */
export type Draft = {
  readonly program: Program
  /** Each screen at its fullest, in each language; empty where a mistake stands in the way of measuring. */
  readonly worst: readonly WorstScreen[]
  /** By language, then by key: every text as it stands in the files, without its short forms. */
  readonly words: Readonly<Record<string, Readonly<Record<TextKey, string>>>>
}

/**
 * Turns menu files into a program, or says everything that is wrong with them. `contracts`: of every action; `messageContracts`: the
 * fields of every SMS; `channels`: the names of every aggregator, any name being taken where they are not given; `keywords`: what can be
 * written by SMS, their file not being read where they are not given; `segmentLimits`: how many short messages a message may take, where
 * it has a limit of its own. What it accepts cannot overflow a screen, break off or run a write that nobody confirmed.
 */
export function compile(
  sources: MenuSources,
  contracts: readonly ActionContract[],
  messageContracts: Readonly<Record<string, Fields>>,
  market: Market,
  channels: readonly string[] | null = null,
  keywords: readonly KeywordContract[] | null = null,
  segmentLimits: Readonly<Record<string, SegmentLimit>> = {},
): Compilation {
  const problems: Problem[] = []
  const report: Report = (code, at, message) => problems.push({ ...at, code, message })
  const wrong = () => problems.some(({ code }) => code.startsWith('E-'))
  const trees = readTrees(report, sources)
  const checked =
    problems.length > 0 ? null : build(report, wrong, trees, contracts, messageContracts, market, channels, keywords)
  const sound = problems.every(({ code }) => code === 'E-I18N' || code.startsWith('W-'))
  const worst = checked !== null && sound ? checkAll(report, { ...checked, segmentLimits }) : []
  const sorted = problems.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column)
  const draft = checked && { program: checked.program, worst, words: wordsOf(checked, trees) }
  if (draft === null || sorted.some(({ code }) => code.startsWith('E-')))
    return { kind: 'refused', problems: sorted, draft }
  return { kind: 'compiled', warnings: sorted, ...draft }
}

type Trees = {
  readonly service: Tree | null
  readonly messages: Tree | null
  readonly keywords: Tree | null
  readonly flows: ReadonlyMap<string, Tree>
  readonly languages: ReadonlyMap<string, Tree>
}

function readTrees(report: Report, sources: MenuSources): Trees {
  const flows = new Map<string, Tree>()
  const languages = new Map<string, Tree>()
  let service: Tree | null = null
  let messages: Tree | null = null
  let keywords: Tree | null = null
  for (const [file, source] of Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const tree = readTree(report, file, source)
    const [, folder, name = ''] = /^(languages\/)?([^/]+)\.yaml$/.exec(file) ?? []
    if (tree === null) continue
    if (name === '')
      report('E-SHAPE', tree.at, 'menus are files <flow>.yaml and languages/<code>.yaml; this is neither.')
    else if (folder !== undefined) languages.set(name, tree)
    else if (name === 'service') service = tree
    else if (name === 'messages') messages = tree
    else if (name === 'keywords') keywords = tree
    else flows.set(name, tree)
  }
  if (service === null)
    report(
      'E-SHAPE',
      { file: 'service.yaml', line: 1, column: 1 },
      'there is no service.yaml, which says where a dial begins. Name another folder by --menus, or begin with a copy of the menus that ship.',
    )
  return { service, messages, keywords, flows, languages }
}

/** The program, with whatever could not be read left out. `wrong`: whether anything was reported yet. Null where so much is missing that further findings would only confuse. */
function build(
  report: Report,
  wrong: () => boolean,
  trees: Trees,
  actionContracts: readonly ActionContract[],
  messageContracts: Readonly<Record<string, Fields>>,
  market: Market,
  channels: readonly string[] | null,
  keywordContracts: readonly KeywordContract[] | null,
): Omit<Checked, 'segmentLimits'> | null {
  const service = trees.service && readService(report, trees.service, channels)
  if (service === null) return null
  const symbols = declare(report, service, trees, actionContracts, messageContracts, market)
  const start = symbols.flows.get(service.start)
  if (start === undefined) {
    report(
      'E-REF',
      service.startAt,
      `there is no flow ${service.start} to start with. ${suggest(service.start, symbols.flows.keys())}`,
    )
    return null
  }
  if (Object.keys(start.parameters).length > 0)
    report('E-TYPE', service.startAt, `${service.start} has parameters, which nobody gives at the start.`)

  const screens: Record<string, Screen> = {}
  for (const flow of symbols.flows.values()) {
    for (const [name, { at, value }] of flow.screens) {
      const screen = readScreen(symbols, flow, name, at, value)
      if (screen !== null) screens[`${flow.name}.${name}`] = screen
    }
  }
  addServiceTexts(symbols, service)
  addMessages(symbols, trees.messages)
  const texts: Record<string, Readonly<Record<string, Template>>> = {
    [service.language]: readBaseTexts(symbols, service.language),
  }
  const languages = [{ code: service.language, name: service.name }]
  const spots = new Map<string, ReadonlyMap<string, Spot>>([[service.language, symbols.spots]])
  const whole = !wrong()
  for (const [code, tree] of trees.languages) {
    const translation = readTranslation(symbols, code, tree, texts[service.language] ?? {}, whole)
    texts[code] = translation.texts
    languages.push({ code, name: translation.name })
    spots.set(code, translation.spots)
  }
  const actions: Record<string, ProgramAction> = {}
  for (const [name, { effect, asks, outcomes, deadlineMs }] of symbols.contracts)
    actions[name] = { effect, asks, outcomes, deadlineMs }
  const keywords =
    keywordContracts === null ? [] : readKeywords(report, trees.keywords, keywordContracts, symbols.languages)
  const withoutShortcuts: Omit<Program, 'hash'> = {
    market,
    start: `${start.name}.${start.start}`,
    languages,
    limits: service.limits,
    channels: service.channels,
    keys: service.keys,
    attempts: service.attempts,
    shortcuts: [],
    keywords: Object.fromEntries(
      keywords.map(({ contract, words, opens, names }) => [contract.name, { words, opens, names }]),
    ),
    resume: service.resume,
    tellsLastTransfer: service.tellsLastTransfer,
    tellsAsked: service.tellsAsked,
    actions,
    screens,
    texts,
    ...readLineage(report, trees.service, trees.flows, symbols.flows),
  }
  const graph = graphOf({ hash: '', ...withoutShortcuts })
  const body = { ...withoutShortcuts, shortcuts: resolveShortcuts(service.shortcuts, graph) }
  const files = [trees.service, trees.messages, trees.keywords, ...trees.flows.values(), ...trees.languages.values()]
  const sources = Object.fromEntries(files.flatMap((tree) => (tree === null ? [] : [[tree.at.file, plain(tree)]])))
  const hash = hashOf({ engine: ENGINE_VERSION, sources, contracts: Object.fromEntries(symbols.contracts), body })
  return { program: { hash, ...body }, symbols, service, keywords, spots }
}

function declare(
  report: Report,
  service: Service,
  trees: Trees,
  actionContracts: readonly ActionContract[],
  messageContracts: Readonly<Record<string, Fields>>,
  market: Market,
): Symbols {
  const flows = new Map<string, FlowHead>()
  for (const [name, tree] of trees.flows) {
    const head = readFlowHead(report, name, tree)
    if (head !== null) flows.set(name, head)
  }
  return {
    report,
    market,
    contracts: new Map(actionContracts.map((contract) => [contract.name, contractOf(contract)])),
    messages: new Map(Object.entries(messageContracts).map(([name, fields]) => [name, typesOf(fields)])),
    languages: [service.language, ...trees.languages.keys()],
    flows,
    policies: service.policies,
    hints: service.hints,
    texts: new Map(),
    spots: new Map(),
  }
}

function addMessages(symbols: Symbols, tree: Tree | null): void {
  const { report, messages } = symbols
  const entries = tree === null ? new Map() : entriesOf(report, tree, 'messages')
  for (const [name, { at, value }] of entries) {
    const fields = messages.get(name)
    if (fields === undefined)
      report('E-REF', at, `nothing sends the message ${name}. ${suggest(name, messages.keys())}`)
    else addText(symbols, `messages.${name}`, value, fieldScope(fields))
  }
  for (const name of messages.keys()) {
    if (!entries.has(name))
      report(
        'E-REF',
        tree?.at ?? { file: 'messages.yaml', line: 1, column: 1 },
        `the message ${name} has no text, so it could not be sent.`,
      )
  }
}

function wordsOf({ symbols, service }: Omit<Checked, 'segmentLimits'>, { languages }: Trees): Draft['words'] {
  const said = (texts: Iterable<readonly [string, Tree]>): Record<TextKey, string> =>
    Object.fromEntries(
      [...texts].flatMap(([key, tree]) => {
        const text = tree.kind === 'map' ? tree.entries.get('text')?.value : tree
        return text?.kind === 'scalar' && typeof text.value === 'string' ? [[key, text.value]] : []
      }),
    )
  const base = said([...symbols.texts].map(([key, { tree }]) => [key, tree]))
  const translations = [...languages].map(([code, tree]) => {
    const entries = tree.kind === 'map' ? [...tree.entries] : []
    return [code, said(entries.map(([key, { value }]) => [key, value]))] as const
  })
  return { [service.language]: { name: service.name, ...base }, ...Object.fromEntries(translations) }
}

/** Names what programs are compiled for: two builds of the gateway with the same name can run each other's programs. */
export function buildOf(
  actionContracts: readonly ActionContract[],
  messageContracts: Readonly<Record<string, Fields>>,
  keywords: readonly KeywordContract[],
): string {
  const contracts = Object.fromEntries(actionContracts.map((contract) => [contract.name, contractOf(contract)]))
  const messages = Object.fromEntries(Object.entries(messageContracts).map(([name, fields]) => [name, typesOf(fields)]))
  return hashOf({ engine: ENGINE_VERSION, contracts, messages, keywords })
}

/** SHA-256 over JSON with sorted keys, so that the order of files and keys does not matter. */
function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`
}
