import type { Fields, ValueType } from '../../../src/menu/contract.ts'
import type { Pick, Yaml } from './draft.ts'

/** The type as it is written in a menu file. */
export function written(type: ValueType): Yaml {
  switch (type.type) {
    case 'text':
    case 'digits':
    case 'number':
      return { [type.type]: type.max }
    case 'money':
      return { money: { max: Number(type.max ?? 1_000_000_000n) } }
    case 'choice':
      return { choice: [...type.of] }
    case 'rows':
      return { rows: writtenFields(type.of), max: type.max }
    default:
      return type.type
  }
}

function writtenFields(fields: Fields): { [key: string]: Yaml } {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, written(type)]))
}

/** A mark that shows one of these values, in one of the ways that its type has; nothing where none can be shown. */
export function markOf(pick: Pick, values: ReadonlyMap<string, ValueType>): string {
  const shown = [...values].filter(([, { type }]) => !['choice', 'opaque', 'rows'].includes(type))
  const [name, type] = shown[pick(shown.length)] ?? []
  if (name === undefined || type === undefined) return ''
  if (type.type === 'msisdn') return pick(2) === 0 ? ` {${name}}` : ` {${name}|mask}`
  if (type.type !== 'text' && type.type !== 'digits') return ` {${name}}`
  return [` {${name}}`, ` {${name}|cut:${1 + pick(12)}}`, ` {${name}|last:${1 + pick(6)}}`][pick(3)] ?? ''
}

export const callers: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ['me.first_name', { type: 'text', max: 20 }],
  ['me.name', { type: 'text', max: 40 }],
  ['me.number', { type: 'msisdn' }],
])

/** A condition over these values and the caller, joined from up to three comparisons. */
export function guardOf(pick: Pick, values: ReadonlyMap<string, ValueType>): string {
  const one = comparison(pick, values)
  switch (pick(5)) {
    case 0:
    case 1:
      return one
    case 2:
      return `not ${one}`
    case 3:
      return `${one} and (${comparison(pick, values)} or ${comparison(pick, values)})`
    default:
      return `${one} or ${comparison(pick, values)}`
  }
}

function comparison(pick: Pick, values: ReadonlyMap<string, ValueType>): string {
  const known = [...values].filter(([, { type }]) => type !== 'opaque' && type !== 'rows' && type !== 'moment')
  const [name, type] = known[pick(known.length)] ?? []
  if (name === undefined || type === undefined || pick(3) === 0) {
    return [`me.status == 'active'`, `me.language != 'en'`, `me.status in ['enrolled', 'active']`][pick(3)] ?? ''
  }
  switch (type.type) {
    case 'number':
    case 'money':
    case 'time':
      return `${name} ${['>', '<=', '==', '!=', '<', '>='][pick(6)]} ${pick(100)}`
    case 'choice':
      return pick(2) === 0 ? `${name} == '${type.of[0]}'` : `${name} in ['${type.of.join("', '")}']`
    case 'date':
      return `${name} ${['>=', '<'][pick(2)]} '2026-12-24'`
    default:
      return `${name} ${['!=', '=='][pick(2)]} 'Something'`
  }
}

/** A literal of the type, for `with` and the `set` of a choice; null where none can be written. */
export function literalOf(pick: Pick, type: ValueType): Yaml | null {
  switch (type.type) {
    case 'text':
      return ['a', 'Zoë', 'bcd'][pick(3)] ?? 'a'
    case 'number':
      return pick(9)
    case 'money':
      return 100 + pick(900)
    case 'choice':
      return type.of[pick(type.of.length)] ?? null
    default:
      return null
  }
}

/** A value to hand on: `$name` of one that fits, else a literal; null where there is neither. */
export function argumentOf(pick: Pick, wanted: ValueType, values: ReadonlyMap<string, ValueType>): Yaml | null {
  const fitting = [...values, ...callers].filter(([, type]) => holds(wanted, type)).map(([name]) => `$${name}`)
  const literal = literalOf(pick, wanted)
  const all = [...fitting, ...(literal === null ? [] : [literal])]
  return all[pick(all.length)] ?? null
}

/** Whether every value of `from` is one of `to`; narrower than what the compiler allows. */
export function holds(to: ValueType, from: ValueType): boolean {
  if (to.type !== from.type) return false
  if (to.type === 'choice' && from.type === 'choice') return from.of.every((each) => to.of.includes(each))
  return to.type !== 'rows' && boundOf(from) <= boundOf(to)
}

function boundOf(type: ValueType): bigint {
  if (type.type === 'money') return type.max ?? 1_000_000_000n
  return 'max' in type ? BigInt(type.max) : 0n
}
