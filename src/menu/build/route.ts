import { suggest } from '../problem.ts'
import type { Assignment, Route, Target, Type, Types } from '../program.ts'
import {
  addText,
  type FlowHead,
  fieldScope,
  namedSource,
  type Scope,
  type Symbols,
  scopeOf,
  sourceOf,
} from './symbols.ts'
import { type Entries, type Entry, entriesOf, type Tree, textIn } from './tree.ts'
import type { Contract } from './types.ts'

/** Words that can never name a screen. `home` can: within its flow it then means that screen. */
export const RESERVED: readonly string[] = ['again', 'return', 'end']

export function readTarget({ report }: Symbols, flow: FlowHead, tree: Tree): Target | null {
  const name = textIn(report, tree, 'go')
  if (name === null) return null
  if (name === 'again' || name === 'return') return name
  if (flow.screens.has(name)) return `${flow.name}.${name}`
  if (name === 'home') return name
  report('E-REF', tree.at, `the flow ${flow.name} has no screen ${name}. ${suggest(name, flow.screens.keys())}`)
  return null
}

/** The keys of what follows an outcome. */
export const WAY_KEYS: readonly string[] = ['set', 'say', 'go', 'end']

/** What follows something: values set, words said, and where to go; or the end with its words. */
export function readRoute(
  symbols: Symbols,
  flow: FlowHead,
  key: string,
  tree: Tree,
  fields: Types,
  readSet: (set: Tree) => readonly Assignment[],
): Route | null {
  const { report } = symbols
  const entries = entriesOf(report, tree, 'a way on', WAY_KEYS)
  const [say, go, end] = [entries.get('say'), entries.get('go'), entries.get('end')]
  const set = readSetEntry(entries, readSet)
  const words = say ?? end
  const text = words === undefined ? null : addText(symbols, key, words.value, scopeOf(symbols, flow, fields))
  if (end !== undefined && say === undefined && go === undefined) return { set, say: text, go: 'end' }
  if (go === undefined || end !== undefined) {
    report(
      'E-SHAPE',
      tree.at,
      'a way on needs either go, with say if words belong above the next screen, or end with the last words.',
    )
    return null
  }
  const target = readTarget(symbols, flow, go.value)
  return target === null ? null : { set, say: text, go: target }
}

export function readSetEntry(entries: Entries, readSet: (set: Tree) => readonly Assignment[]): readonly Assignment[] {
  const set = entries.get('set')
  return set === undefined ? [] : readSet(set.value)
}

/** `set` of a choice: variable to `$name` or a literal. */
export function readSet(symbols: Symbols, flow: FlowHead, tree: Tree): readonly Assignment[] {
  const scope = scopeOf(symbols, flow, {})
  return assignments(symbols, flow, tree, (entry, type, what) => sourceOf(symbols, scope, entry, type, what))
}

/** `set` of an outcome, of a row or of a flow that returned: variable to one of its fields. */
export function readFieldSet(symbols: Symbols, flow: FlowHead, fields: Types, tree: Tree): readonly Assignment[] {
  const scope = fieldScope(fields)
  return assignments(symbols, flow, tree, ({ value }, type, what) => {
    const name = textIn(symbols.report, value, what)
    return name === null ? null : namedSource(symbols, scope, name, value.at, type, what)
  })
}

function assignments(
  symbols: Symbols,
  flow: FlowHead,
  tree: Tree,
  read: (entry: Entry, type: Type, what: string) => Assignment['value'] | null,
): readonly Assignment[] {
  const targets: Types = { ...flow.variables, language: { type: 'choice', of: symbols.languages } }
  return [...entriesOf(symbols.report, tree, 'set')].flatMap(([to, entry]) => {
    const type = Object.hasOwn(targets, to) ? targets[to] : undefined
    if (type === undefined) {
      symbols.report(
        'E-REF',
        entry.at,
        `the flow ${flow.name} has no variable ${to}. ${suggest(to, Object.keys(targets))}`,
      )
      return []
    }
    const value = read(entry, type, to)
    return value === null ? [] : [{ to, value }]
  })
}

/** The arguments of an action, a sub-flow or a message: all of them, each of its type. */
export function readArguments(
  symbols: Symbols,
  scope: Scope,
  tree: Tree | null,
  wanted: Types,
  what: string,
  at: Tree['at'],
): readonly Assignment[] {
  const entries: Entries = tree === null ? new Map() : entriesOf(symbols.report, tree, 'with')
  for (const [name, entry] of entries) {
    if (Object.hasOwn(wanted, name)) continue
    symbols.report('E-REF', entry.at, `${what} takes no ${name}. ${suggest(name, Object.keys(wanted))}`)
  }
  return Object.entries(wanted).flatMap(([to, type]) => {
    const entry = entries.get(to)
    if (entry === undefined) {
      symbols.report(
        'E-TYPE',
        tree?.at ?? at,
        `${what} needs ${to}, ${type.type}; without it, it cannot run. Add it to with.`,
      )
      return []
    }
    const value = sourceOf(symbols, scope, entry, type, to)
    return value === null ? [] : [{ to, value }]
  })
}

/** A way for every outcome of the contract: the screen's own, or the service's. */
export function readOutcomes(
  symbols: Symbols,
  flow: FlowHead,
  id: string,
  tree: Tree | null,
  at: Tree['at'],
  contract: Contract,
  handled: string | null = null,
): Readonly<Record<string, Route>> {
  const names = Object.keys(contract.outcomes).filter((name) => name !== handled)
  const entries: Entries = tree === null ? new Map() : entriesOf(symbols.report, tree, 'outcomes')
  for (const [name, entry] of entries) {
    if (!names.includes(name))
      symbols.report('E-REF', entry.at, `the action has no outcome ${name}. ${suggest(name, names)}`)
  }
  const routes: Record<string, Route> = {}
  for (const name of names) {
    const entry = entries.get(name)
    const fields = contract.outcomes[name] ?? {}
    const route =
      entry === undefined
        ? policyFor(symbols, name, contract)
        : readRoute(symbols, flow, `${id}.say.${name}`, entry.value, fields, (set) =>
            readFieldSet(symbols, flow, fields, set),
          )
    if (route !== null) routes[name] = route
    else if (entry === undefined) {
      symbols.report(
        'E-ROUTE',
        tree?.at ?? at,
        `the outcome ${name} leads nowhere, so the dialogue would break off. Add it to outcomes.`,
      )
    }
    if (entry !== undefined) symbols.spots.set(`${id}.say.${name}`, entry.at)
  }
  return routes
}

/** For what a write may have done the words differ, so it has names of its own. */
function policyFor({ policies }: Symbols, outcome: string, { effect }: Contract): Route | null {
  const name = effect === 'write' && (outcome === 'failed' || outcome === 'late') ? `write_${outcome}` : outcome
  const policy = policies.get(name)
  return policy === undefined ? null : { set: [], say: policy.say && `service.outcomes.${name}`, go: policy.go }
}
