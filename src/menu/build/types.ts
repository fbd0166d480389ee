import type { Market } from '../../domain/market.ts'
import { formatMoney } from '../../domain/money.ts'
import {
  type ActionContract,
  DEFAULT_DEADLINE_MS,
  type Fields,
  type Json,
  outcomesOf,
  type ValueType,
} from '../contract.ts'
import { type Report, suggest } from '../problem.ts'
import type { InputType, ProgramAction, Type, Types } from '../program.ts'
import { conform } from '../value.ts'
import { readDate, readPick } from './inputs.ts'
import { entriesOf, isName, itemsOf, type Tree, textIn, wholeIn } from './tree.ts'

/** An action's contract with its types in JSON. */
export type Contract = ProgramAction & { readonly input: Types }

/** The most that an amount can be where nothing else is said, in minor units. */
const MAX_MONEY = 1_000_000_000n

export function contractOf(contract: ActionContract): Contract {
  return {
    effect: contract.effect,
    asks: contract.asks ?? null,
    deadlineMs: contract.deadlineMs ?? DEFAULT_DEADLINE_MS,
    input: typesOf(contract.input),
    outcomes: Object.fromEntries(Object.entries(outcomesOf(contract)).map(([name, fields]) => [name, typesOf(fields)])),
  }
}

export function typesOf(fields: Fields): Types {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, typeOf(type)]))
}

function typeOf(type: ValueType): Type {
  switch (type.type) {
    case 'money':
      return { type: 'money', max: String(type.max ?? MAX_MONEY) }
    case 'rows':
      return { type: 'rows', of: typesOf(type.of), max: type.max }
    default:
      return type
  }
}

/** The types of variables. */
export const TYPE_NAMES: readonly string[] = [
  'text',
  'digits',
  'number',
  'money',
  'msisdn',
  'moment',
  'time',
  'date',
  'choice',
  'opaque',
  'rows',
]

/** Reads `msisdn`, `{ text: 20 }`, `{ digits: { min: 7, max: 11 } }`, `{ choice: [a, b] }`, `{ rows: { name: { text: 20 } }, max: 5 }`. */
function readType(report: Report, tree: Tree, what: string): Type | null {
  if (tree.kind === 'map' && tree.entries.has('rows')) return readRows(report, tree, what)
  const [name, detail] = notationOf(report, tree, what)
  if (detail === null) return readBareType(report, tree, what, name)
  switch (name) {
    case 'text':
    case 'digits':
    case 'number': {
      const bounds = readBounds(report, detail, what, name === 'number' ? 0 : 1)
      if (bounds === null) return null
      return name === 'digits' && bounds.min !== null
        ? { type: name, ...bounds, min: bounds.min }
        : { type: name, max: bounds.max }
    }
    case 'money': {
      const bounds = readMoney(report, detail, what)
      return bounds && { type: 'money', max: bounds.max }
    }
    case 'choice':
      return { type: 'choice', of: itemsOf(report, detail, what).map((item) => textIn(report, item, what) ?? '') }
    default:
      report('E-SHAPE', tree.at, `${what} has no type ${name}. ${suggest(name, TYPE_NAMES)}`)
      return null
  }
}

/** `{ text: 20 }` is `text` and what is said of it; `msisdn` stands alone. */
function notationOf(report: Report, tree: Tree, what: string): [name: string, detail: Tree | null] {
  if (tree.kind === 'scalar') return [typeof tree.value === 'string' ? tree.value : '', null]
  const [entry, ...others] = entriesOf(report, tree, what)
  if (others.length > 0) report('E-SHAPE', tree.at, `${what} must be of one type.`)
  return entry === undefined ? ['', null] : [entry[0], entry[1].value]
}

function readBareType(report: Report, tree: Tree, what: string, name: string): Type | null {
  if (name === 'msisdn' || name === 'moment' || name === 'time' || name === 'date' || name === 'opaque') {
    return { type: name }
  }
  if (name === 'money') return { type: 'money', max: String(MAX_MONEY) }
  const cure = TYPE_NAMES.includes(name) ? `${name} needs a bound, such as { ${name}: 20 }.` : suggest(name, TYPE_NAMES)
  report('E-SHAPE', tree.at, `${what} has no type that can be measured, so its width would be unknown. ${cure}`)
  return null
}

function readRows(report: Report, tree: Tree, what: string): Type | null {
  const entries = entriesOf(report, tree, what, ['rows', 'max'])
  const [fields, max] = [entries.get('rows')?.value, entries.get('max')?.value]
  if (fields === undefined || max === undefined) {
    report('E-SHAPE', tree.at, `${what} needs rows and max, the most rows there can be.`)
    return null
  }
  const bound = wholeIn(report, max, 'max', 1)
  return bound === null ? null : { type: 'rows', of: readTypes(report, fields, what), max: bound }
}

/** Types by name, as in `variables` and `parameters`. */
export function readTypes(report: Report, tree: Tree, what: string): Types {
  const result: Record<string, Type> = {}
  for (const [name, { at, value }] of entriesOf(report, tree, what)) {
    if (!isName(name) || name === 'language') {
      report('E-SHAPE', at, `${name} cannot be a name; use lower-case letters, digits and _, and not "language".`)
      continue
    }
    const type = readType(report, value, name)
    if (type !== null) result[name] = type
  }
  return result
}

/** What an `input` screen takes. */
export const INPUT_TYPE_NAMES: readonly string[] = ['msisdn', 'money', 'text', 'digits', 'date', 'pick']

/** The type of what is typed on an `input` screen. */
export function readInputType(report: Report, tree: Tree, what: string): InputType | null {
  const [name, detail] = notationOf(report, tree, what)
  if (name === 'msisdn' && detail === null) return { type: name }
  if (name === 'money') {
    const bounds = detail === null ? { min: '1', max: String(MAX_MONEY) } : readMoney(report, detail, what)
    return bounds && { type: name, ...bounds }
  }
  if ((name === 'text' || name === 'digits') && detail !== null) {
    const bounds = readBounds(report, detail, what, 1)
    return bounds && { type: name, min: bounds.min ?? 1, max: bounds.max }
  }
  if (name === 'date') return readDate(report, detail, what)
  if (name === 'pick' && detail !== null) return readPick(report, detail, what)
  report(
    'E-SHAPE',
    tree.at,
    `${what} must be msisdn, money, date, { text: { min, max } }, { digits: { min, max } } or { pick: { option: words } }.`,
  )
  return null
}

/** `20`, or `{ min: 7, max: 11 }`. */
function readBounds(
  report: Report,
  tree: Tree,
  what: string,
  least: number,
): { min: number | null; max: number } | null {
  if (tree.kind !== 'map') {
    const max = wholeIn(report, tree, what, least)
    return max === null ? null : { min: null, max }
  }
  const entries = entriesOf(report, tree, what, ['min', 'max'])
  const min = entries.get('min')
  const max = entries.get('max')
  const from = min === undefined ? null : wholeIn(report, min.value, 'min', least)
  if (max === undefined) report('E-SHAPE', tree.at, `${what} needs max, so that its width is known.`)
  const to = max === undefined ? null : wholeIn(report, max.value, 'max', from ?? least)
  return to === null ? null : { min: from, max: to }
}

function readMoney(report: Report, tree: Tree, what: string): { min: string; max: string } | null {
  const entries = entriesOf(report, tree, `${what}'s money`, ['min', 'max'])
  const [min, max] = [entries.get('min'), entries.get('max')]
  const from = min === undefined ? 1 : wholeIn(report, min.value, 'min', 0)
  const to = max === undefined ? Number(MAX_MONEY) : wholeIn(report, max.value, 'max', from ?? 0)
  return from === null || to === null ? null : { min: String(from), max: String(to) }
}

/** The type of the values that an input gives. */
export function valueTypeOf(type: InputType): Type {
  switch (type.type) {
    case 'pick':
      return { type: 'choice', of: type.of }
    case 'date':
      return { type: 'date' }
    default:
      return type
  }
}

/** Whether every value of `from` is one of `to`. */
export function fits(from: Type, to: Type): boolean {
  if (to.type === 'opaque') return true
  switch (from.type) {
    case 'text':
      return to.type === 'text' && from.max <= to.max
    case 'digits':
      return (to.type === 'digits' || to.type === 'text') && from.max <= to.max
    case 'number':
      return to.type === 'number' && from.max <= to.max
    case 'money':
      return to.type === 'money' && BigInt(from.max) <= BigInt(to.max)
    case 'choice':
      return to.type === 'choice' && from.of.every((each) => to.of.includes(each))
    case 'rows':
      return (
        to.type === 'rows' &&
        from.max <= to.max &&
        Object.entries(to.of).every(([name, type]) => from.of[name] !== undefined && fits(from.of[name], type))
      )
    default:
      return from.type === to.type
  }
}

/** The literal as a value of the type: a whole number is an amount in minor units. */
export function literalOf(type: Type, value: Json): Json | undefined {
  return conform(type, type.type === 'money' && typeof value === 'number' ? String(value) : value)
}

export function describe(type: Type): string {
  switch (type.type) {
    case 'text':
    case 'digits':
    case 'number':
    case 'money':
      return `${type.type} up to ${type.max}`
    case 'choice':
      return `choice of ${type.of.join(', ')}`
    case 'rows':
      return `up to ${type.max} rows of ${Object.keys(type.of).join(', ')}`
    default:
      return type.type
  }
}

/** The longest amount up to `max`: with cents, since 999.99 is longer than 1,000. */
export function moneyWidth(max: string, market: Market): number {
  const most = BigInt(max)
  const candidates = [most, most > 0n ? most - 1n : most]
  return Math.max(...candidates.map((amount) => formatMoney({ amount, currency: market.currency }).length))
}
