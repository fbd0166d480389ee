import type { Market } from '../../domain/market.ts'
import { type Report, type Spot, suggest } from '../problem.ts'
import type { FactName, Ref, Source, Type, Types } from '../program.ts'
import type { Entries, Entry, Tree } from './tree.ts'
import type { Contract } from './types.ts'
import { describe, fits, literalOf } from './types.ts'

/** What the parts of the compiler share: the names that may be used, the texts found so far, and where everything stands. */
export type Symbols = {
  readonly report: Report
  readonly market: Market
  readonly contracts: ReadonlyMap<string, Contract>
  readonly messages: ReadonlyMap<string, Types>
  readonly languages: readonly string[]
  readonly flows: ReadonlyMap<string, FlowHead>
  /** Ways that the service has for outcomes which a screen does not route. */
  readonly policies: ReadonlyMap<string, Policy>
  /** The service's words for answers, where a screen has none of its own. */
  readonly hints: Hints
  readonly texts: Map<string, BaseText>
  /** Screens and their parts, by the keys of their texts. */
  readonly spots: Map<string, Spot>
}

export type FlowHead = {
  readonly name: string
  readonly at: Spot
  readonly parameters: Types
  /** Its parameters too. */
  readonly variables: Types
  readonly results: readonly string[]
  readonly start: string
  readonly screens: Entries
}

export type Policy = { readonly at: Spot; readonly say: Tree | null; readonly go: 'again' | 'home' | 'end' }

/** Keys of texts: for an answer that cannot be one, for two values that differ, for letters that no row has. */
export type Hints = { readonly wrong: string; readonly differ: string; readonly none: string }

/** A text in the base language and the values it may show, which are those its translations may show. */
export type BaseText = { readonly tree: Tree; readonly scope: Scope }

/** The names that stand for values at one place. */
export type Scope = ReadonlyMap<string, { readonly ref: Ref; readonly type: Type }>

export function scopeOf(symbols: Symbols, flow: FlowHead | null, fields: Types): Scope {
  const variables = Object.entries(flow?.variables ?? {})
  const facts = Object.entries(factTypes(symbols.languages))
  return new Map([
    ...facts.map(
      ([name, type]) => [`me.${name}`, { ref: { from: 'fact', name: name as FactName } as Ref, type }] as const,
    ),
    ...variables.map(([name, type]) => [name, { ref: { from: 'variable', name } as Ref, type }] as const),
    ...fieldScope(fields),
  ])
}

export function fieldScope(fields: Types): Scope {
  return new Map(Object.entries(fields).map(([name, type]) => [name, { ref: { from: 'field', name }, type }]))
}

/** What is known of every caller. */
export function factTypes(languages: readonly string[]): Record<FactName, Type> {
  return {
    status: { type: 'choice', of: ['unknown', 'enrolled', 'active'] },
    name: { type: 'text', max: 40 },
    first_name: { type: 'text', max: 20 },
    number: { type: 'msisdn' },
    language: { type: 'choice', of: languages },
  }
}

/** Remembers a text of the base language and what it may show. */
export function addText(symbols: Symbols, key: string, tree: Tree, scope: Scope): string {
  symbols.texts.set(key, { tree, scope })
  symbols.spots.set(key, tree.at)
  return key
}

/**
 * A value handed on: `$name` or `$me.name`, or a literal of the wanted type. Null after reporting what cannot be.
 */
export function sourceOf(symbols: Symbols, scope: Scope, { value }: Entry, wanted: Type, what: string): Source | null {
  const literal = value.kind === 'scalar' ? value.value : null
  if (typeof literal === 'string' && literal.startsWith('$')) {
    return namedSource(symbols, scope, literal.slice(1), value.at, wanted, what)
  }
  const converted = value.kind === 'scalar' && wanted.type !== 'opaque' ? literalOf(wanted, literal) : undefined
  if (converted !== undefined) return { from: 'literal', value: converted }
  symbols.report('E-TYPE', value.at, `${what} must be ${describe(wanted)}; write $name for the value of a variable.`)
  return null
}

/** A value by its name alone. */
export function namedSource(
  { report }: Symbols,
  scope: Scope,
  name: string,
  at: Spot,
  wanted: Type,
  what: string,
): Source | null {
  const found = scope.get(name)
  if (found === undefined) {
    report('E-REF', at, `there is no value ${name} here. ${suggest(name, scope.keys())}`)
    return null
  }
  if (fits(found.type, wanted)) return found.ref
  report('E-TYPE', at, `${what} takes ${describe(wanted)}, but ${name} is ${describe(found.type)}.`)
  return null
}
