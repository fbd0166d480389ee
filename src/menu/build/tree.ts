import { type ErrorCode, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { type Report, type Spot, suggest } from '../problem.ts'

/** A YAML value that knows where it stands. */
export type Tree = { readonly at: Spot } & (
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'map'; readonly entries: Entries }
)

export type Entries = ReadonlyMap<string, Entry>
export type Entry = { readonly at: Spot; readonly value: Tree }

/** Reads YAML 1.2 (core schema), where `no` is a word and `00` in quotes stays `00`. Null after reporting that it is not YAML. */
export function readTree(report: Report, file: string, source: string): Tree | null {
  const lineCounter = new LineCounter()
  // The library compares each key with all before it, which takes most of the time of a long file; `convertEntries` does without.
  const options = { version: '1.2', schema: 'core', lineCounter, prettyErrors: false, uniqueKeys: false } as const
  const document = parseDocument(source, options)
  const spot = (offset: number): Spot => {
    const { line, col } = lineCounter.linePos(offset)
    return { file, line, column: col }
  }
  // What the library says after its first error mostly follows from that one.
  for (const { pos, code, message } of [...document.errors.slice(0, 1), ...document.warnings])
    report('E-YAML', spot(pos[0]), [message, ...(ADVICE[code] ?? [])].join('. '))
  if (document.errors.length > 0) return null

  const convert = (node: unknown, at: Spot): Tree => {
    if (isMap(node)) return { at, kind: 'map', entries: convertEntries(node.items, at) }
    if (isSeq(node)) return { at, kind: 'list', items: node.items.map((item) => convertAt(item, at)) }
    if (isAlias(node))
      report(
        'E-YAML',
        at,
        'what begins with * is an alias of YAML, which menus do not have. Put a text in quotes, write any other value out.',
      )
    return { at, kind: 'scalar', value: isScalar(node) ? scalarOf(node.value) : null }
  }
  const convertAt = (node: unknown, parent: Spot): Tree => {
    const start = (node as Node | null)?.range?.[0]
    return convert(node, start === undefined ? parent : spot(start))
  }
  const convertEntries = (pairs: readonly Pair[], parent: Spot): Entries => {
    const entries = new Map<string, Entry>()
    for (const { key, value } of pairs) {
      const name = convertAt(key, parent)
      if (name.kind !== 'scalar' || typeof name.value !== 'string')
        report('E-YAML', name.at, 'a key must be text; put it in quotes, since 00 and 0 are the same number.')
      else if (entries.has(name.value))
        report('E-YAML', name.at, `there are two keys ${name.value}, so one would be ignored. Take one away.`)
      else entries.set(name.value, { at: name.at, value: convertAt(value, name.at) })
    }
    return entries
  }
  return convertAt(document.contents, { file, line: 1, column: 1 })
}

/** What is mostly meant where the library's own words, by its code, do not say it. */
const ADVICE: Readonly<Partial<Record<ErrorCode, readonly [string]>>> = {
  BLOCK_AS_IMPLICIT_KEY: ['Put a text that has a colon in quotes, and the keys of one map in one column.'],
  MULTILINE_IMPLICIT_KEY: ['A colon may be missing.'],
  UNEXPECTED_TOKEN: [
    'Put a text that begins with {, [ or * in quotes, and commas between what stands within brackets.',
  ],
  BAD_SCALAR_START: ['Put the text in quotes.'],
}

/** The same value without places, to be hashed. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value
    case 'list':
      return tree.items.map(plain)
    case 'map':
      return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plain(value)]))
  }
}

/** The entries of a map; keys other than `known` are reported. Empty where it is no map. */
export function entriesOf(report: Report, tree: Tree, what: string, known: readonly string[] | null = null): Entries {
  if (tree.kind !== 'map') {
    if (tree.kind !== 'scalar' || tree.value !== null)
      report('E-SHAPE', tree.at, `${what} must be a map of keys and values.`)
    return new Map()
  }
  for (const [key, { at }] of tree.entries) {
    if (known === null || known.includes(key)) continue
    report('E-SHAPE', at, `${what} has no key ${key}, so it would be ignored. ${suggest(key, known)}`)
  }
  return tree.entries
}

export function itemsOf(report: Report, tree: Tree, what: string): readonly Tree[] {
  if (tree.kind === 'list') return tree.items
  report('E-SHAPE', tree.at, `${what} must be a list.`)
  return []
}

export function textIn(report: Report, tree: Tree, what: string): string | null {
  if (tree.kind === 'scalar' && typeof tree.value === 'string') return tree.value
  report('E-SHAPE', tree.at, `${what} must be text; put it in quotes.`)
  return null
}

export function wholeIn(report: Report, tree: Tree, what: string, min: number): number | null {
  if (
    tree.kind === 'scalar' &&
    typeof tree.value === 'number' &&
    Number.isSafeInteger(tree.value) &&
    tree.value >= min
  ) {
    return tree.value
  }
  report('E-SHAPE', tree.at, `${what} must be a whole number from ${min}.`)
  return null
}

/** The entry, or null after reporting that it is missing. */
export function required(report: Report, entries: Entries, key: string, at: Spot, what: string): Tree | null {
  const entry = entries.get(key)
  if (entry === undefined) report('E-SHAPE', at, `${what} needs ${key}.`)
  return entry?.value ?? null
}

/** Names of flows, screens, variables and parameters, as they stand in keys of translations. */
export function isName(name: string): boolean {
  return /^[a-z][a-z0-9_-]*$/.test(name)
}

function scalarOf(value: unknown): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
