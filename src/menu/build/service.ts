import { LAST_TRANSFER_FIELDS, LAST_TRANSFER_OUTCOMES } from '../last-transfer.ts'
import { type Report, type Spot, suggest } from '../problem.ts'
import type { Limits, NavigationKeys, Program, Types } from '../program.ts'
import { readShortcuts, type ShortcutHead } from './shortcuts.ts'
import { addText, type Hints, type Policy, type Symbols, scopeOf } from './symbols.ts'
import { entriesOf, required, type Tree, textIn, wholeIn } from './tree.ts'

/** The deployment's profile: what holds for every flow. */
export type Service = {
  readonly at: Spot
  readonly startAt: Spot
  readonly start: string
  readonly language: string
  readonly name: string
  readonly limits: Limits
  readonly channels: Readonly<Record<string, Limits>>
  readonly keys: NavigationKeys
  readonly attempts: number
  readonly hints: Hints
  readonly shortcuts: readonly ShortcutHead[]
  readonly resume: Program['resume']
  readonly tellsLastTransfer: boolean
  readonly tellsAsked: boolean
  readonly policies: ReadonlyMap<string, Policy>
  /** Its words, by key, for `addServiceTexts`. */
  readonly texts: ReadonlyMap<string, Tree>
}

/** The keys of `service.yaml`, and of its parts. */
export const SERVICE_KEYS: readonly string[] = [
  'start',
  'language',
  'name',
  'limits',
  'navigation',
  'invalid',
  'shortcuts',
  'dialled_secret',
  'resume',
  'last_transfer',
  'asked',
  'outcomes',
  'removed',
]

export const NAVIGATION_KEYS: readonly string[] = ['back', 'home', 'more', 'previous', 'exit']
export const BUTTON_KEYS: readonly string[] = ['key', 'text']
export const EXIT_KEYS: readonly string[] = [...BUTTON_KEYS, 'end']
const SIZES = ['gsm7', 'ucs2', 'lines'] as const
export const SIZE_KEYS: readonly string[] = SIZES
export const LIMIT_KEYS: readonly string[] = [...SIZES, 'channels']
export const INVALID_KEYS: readonly string[] = ['attempts', 'text', 'end', 'differ', 'none']
export const POLICY_KEYS: readonly string[] = ['say', 'go', 'end']
export const RESUME_KEYS: readonly string[] = ['within_minutes', 'text', 'continue', 'over']

/** Redis keeps a session no longer. */
const MOST_MINUTES = 10

/** Reads `service.yaml`; null where something that everything else needs is missing. */
export function readService(report: Report, tree: Tree, channels: readonly string[] | null): Service | null {
  const what = 'the service'
  const entries = entriesOf(report, tree, what, SERVICE_KEYS)
  const need = (key: string): Tree | null => required(report, entries, key, tree.at, what)
  const texts = new Map<string, Tree>()
  const keyOf = (name: string, optional = false): string | null => {
    const navigation = entries.get('navigation')
    const ways =
      navigation === undefined ? new Map() : entriesOf(report, navigation.value, 'navigation', NAVIGATION_KEYS)
    const way = optional ? ways.get(name)?.value : required(report, ways, name, navigation?.at ?? tree.at, 'navigation')
    if (way === null || way === undefined) return null
    const parts = entriesOf(report, way, name, name === 'exit' ? EXIT_KEYS : BUTTON_KEYS)
    const [key, text] = [required(report, parts, 'key', way.at, name), required(report, parts, 'text', way.at, name)]
    const end = name === 'exit' ? required(report, parts, 'end', way.at, name) : null
    if (text !== null) texts.set(`service.navigation.${name}`, text)
    if (end !== null) texts.set('service.exit.end', end)
    return key && textIn(report, key, 'key')
  }
  const wordIn = (key: string): string | null => {
    const value = need(key)
    return value && textIn(report, value, key)
  }
  const [start, language, name] = [wordIn('start'), wordIn('language'), wordIn('name')]
  const [back, home, more] = [keyOf('back'), keyOf('home'), keyOf('more')]
  const [previous, exit] = [keyOf('previous', true), keyOf('exit', true)]
  const limits = readLimits(report, need('limits'), tree.at, channels)
  const attempts = readInvalid(report, need('invalid'), texts)
  const dialledSecret = need('dialled_secret')
  if (dialledSecret !== null) texts.set('service.dialled_secret', dialledSecret)
  const policies = readPolicies(report, entries.get('outcomes')?.value, texts)
  const shortcuts = readShortcuts(report, entries.get('shortcuts')?.value)
  const resume = readResume(report, entries.get('resume')?.value, texts)
  const asked = entries.get('asked')?.value
  if (asked !== undefined) texts.set('service.asked', asked)
  const tellsLastTransfer = readLastTransfer(report, entries.get('last_transfer')?.value, texts)
  if (start === null || language === null || name === null || limits === null || attempts === null) return null
  if (back === null || home === null || more === null) return null
  const startAt = entries.get('start')?.value.at ?? tree.at
  return {
    at: tree.at,
    startAt,
    start,
    language,
    name,
    limits: limits.all,
    channels: limits.channels,
    keys: { back, home, more, previous, exit },
    attempts,
    hints: hintsIn(texts),
    shortcuts,
    resume,
    tellsLastTransfer,
    tellsAsked: asked !== undefined,
    policies,
    texts,
  }
}

/** What the service's words may show: facts, and of an outcome the fields that every action with that outcome has. */
export function addServiceTexts(symbols: Symbols, service: Service): void {
  for (const [key, tree] of service.texts) {
    const outcome = /^service\.outcomes\.(?:write_(?=failed$|late$))?(.+)$/.exec(key)?.[1]
    const shared = outcome === undefined ? {} : sharedFields(symbols, outcome)
    const fields = key.startsWith('service.last_transfer.') ? LAST_TRANSFER_FIELDS : shared
    addText(symbols, key, tree, scopeOf(symbols, null, fields))
  }
}

function sharedFields({ contracts }: Symbols, outcome: string): Types {
  const all = [...contracts.values()].flatMap(({ outcomes }) =>
    Object.hasOwn(outcomes, outcome) ? [outcomes[outcome] ?? {}] : [],
  )
  const [first = {}, ...others] = all
  const same = (name: string): boolean =>
    others.every((fields) => JSON.stringify(fields[name]) === JSON.stringify(first[name]))
  return Object.fromEntries(Object.entries(first).filter(([name]) => same(name)))
}

type ChannelLimits = { readonly all: Limits; readonly channels: Readonly<Record<string, Limits>> }

/** `known`: the names that a channel may have, or null where any will do. */
function readLimits(
  report: Report,
  tree: Tree | null,
  at: Spot,
  known: readonly string[] | null,
): ChannelLimits | null {
  if (tree === null) return null
  const entries = entriesOf(report, tree, 'limits', LIMIT_KEYS)
  const limit = (key: string): number | null => {
    const value = required(report, entries, key, at, 'limits')
    return value && wholeIn(report, value, key, 1)
  }
  const [gsm7, ucs2, lines] = [limit('gsm7'), limit('ucs2'), limit('lines')]
  if (gsm7 === null || ucs2 === null || lines === null) return null
  const all = { gsm7, ucs2, lines }
  const channels: Record<string, Limits> = {}
  const own = entries.get('channels')
  for (const [name, each] of own === undefined ? [] : entriesOf(report, own.value, 'channels')) {
    if (known !== null && !known.includes(name))
      report(
        'E-REF',
        each.at,
        `no session comes over ${name}, so its limits would never be used. ${suggest(name, known)}`,
      )
    channels[name] = { ...all, ...readSizes(report, each.value, name) }
  }
  return { all, channels }
}

/** Those that a channel has of its own. */
function readSizes(report: Report, tree: Tree, name: string): Partial<Limits> {
  const entries = entriesOf(report, tree, name, SIZES)
  const sizes: Partial<Record<keyof Limits, number>> = {}
  for (const key of SIZES) {
    const entry = entries.get(key)
    const size = entry && wholeIn(report, entry.value, key, 1)
    if (size != null) sizes[key] = size
  }
  return sizes
}

function readInvalid(report: Report, tree: Tree | null, texts: Map<string, Tree>): number | null {
  if (tree === null) return null
  const entries = entriesOf(report, tree, 'invalid', INVALID_KEYS)
  for (const key of ['differ', 'none']) {
    const words = entries.get(key)
    if (words !== undefined) texts.set(`service.invalid.${key}`, words.value)
  }
  for (const key of ['text', 'end']) {
    const words = required(report, entries, key, tree.at, 'invalid')
    if (words !== null) texts.set(`service.invalid.${key}`, words)
  }
  const attempts = required(report, entries, 'attempts', tree.at, 'invalid')
  return attempts && wholeIn(report, attempts, 'attempts', 0)
}

function hintsIn(texts: ReadonlyMap<string, Tree>): Hints {
  const wrong = 'service.invalid.text'
  const own = (key: string): string => (texts.has(key) ? key : wrong)
  return { wrong, differ: own('service.invalid.differ'), none: own('service.invalid.none') }
}

function readResume(report: Report, tree: Tree | undefined, texts: Map<string, Tree>): Program['resume'] {
  if (tree === undefined) return null
  const entries = entriesOf(report, tree, 'resume', RESUME_KEYS)
  for (const key of ['text', 'continue', 'over']) {
    const words = required(report, entries, key, tree.at, 'resume')
    if (words !== null) texts.set(`service.resume.${key}`, words)
  }
  const within = required(report, entries, 'within_minutes', tree.at, 'resume')
  const minutes = within && wholeIn(report, within, 'within_minutes', 1)
  if (within !== null && minutes !== null && minutes > MOST_MINUTES)
    report('E-SHAPE', within.at, `within_minutes can be ${MOST_MINUTES} at most, since a session is forgotten then.`)
  return minutes === null ? null : { withinMs: minutes * 60_000 }
}

function readLastTransfer(report: Report, tree: Tree | undefined, texts: Map<string, Tree>): boolean {
  if (tree === undefined) return false
  const entries = entriesOf(report, tree, 'last_transfer', LAST_TRANSFER_OUTCOMES)
  for (const outcome of LAST_TRANSFER_OUTCOMES) {
    const words = required(report, entries, outcome, tree.at, 'last_transfer')
    if (words !== null) texts.set(`service.last_transfer.${outcome}`, words)
  }
  return true
}

function readPolicies(report: Report, tree: Tree | undefined, texts: Map<string, Tree>): ReadonlyMap<string, Policy> {
  const policies = new Map<string, Policy>()
  for (const [name, { at, value }] of tree === undefined ? [] : entriesOf(report, tree, 'outcomes')) {
    const entries = entriesOf(report, value, name, POLICY_KEYS)
    const [end, say, go] = [entries.get('end')?.value, entries.get('say')?.value, entries.get('go')?.value]
    const words = end ?? say ?? null
    const target = end !== undefined ? 'end' : go?.kind === 'scalar' ? go.value : null
    if (words !== null) texts.set(`service.outcomes.${name}`, words)
    if (target === 'again' || target === 'home' || target === 'end') policies.set(name, { at, say: words, go: target })
    else
      report(
        'E-SHAPE',
        go?.at ?? at,
        `${name} must end with words (end), or go: again or go: home, since it holds for every flow.`,
      )
  }
  return policies
}
