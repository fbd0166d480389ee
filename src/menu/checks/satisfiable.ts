import type { Json } from '../contract.ts'
import type { Comparison, Guard, Source, Type } from '../program.ts'
import { conform } from '../value.ts'

/** Which values there can be: of one type, or of one type and only these words. */
export type Known = { readonly type: Type | null; readonly only: readonly string[] | null }
export type KnownOf = (source: Source) => Known

/**
 * Whether all of `yes` can be true and all of `no` false at once, by the bounds and words of the types. It errs on the side of true: what
 * it calls impossible is, and conditions too long to take apart count as possible.
 */
export function satisfiable(yes: readonly Guard[], no: readonly Guard[], known: KnownOf): boolean {
  const parts = [...yes.map((guard) => casesOf(guard, true)), ...no.map((guard) => casesOf(guard, false))]
  const cases = parts.reduce<Cases>(both, [[]])
  return cases === null || cases.some((each) => isPossible(each, known))
}

type Atom =
  | { readonly op: 'in'; readonly left: Source; readonly among: readonly Json[]; readonly holds: boolean }
  | Extract<Guard, { op: 'compare' }>

/** Of these, one must hold in all its atoms (disjunctive normal form); null where there are too many. */
type Cases = readonly (readonly Atom[])[] | null

/** Enough for conditions that people can read. */
const MAX_CASES = 512

function casesOf(guard: Guard, holds: boolean): Cases {
  switch (guard.op) {
    case 'not':
      return casesOf(guard.of, !holds)
    case 'and':
    case 'or': {
      const [left, right] = [casesOf(guard.left, holds), casesOf(guard.right, holds)]
      return (guard.op === 'and') === holds ? both(left, right) : either(left, right)
    }
    case 'in':
      return [[{ ...guard, holds }]]
    case 'compare':
      return [[holds ? guard : { ...guard, by: OPPOSITE[guard.by] }]]
  }
}

const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
}

/** The same comparison with its sides exchanged. */
const TURNED: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
}

function both(left: Cases, right: Cases): Cases {
  if (left === null || right === null || left.length * right.length > MAX_CASES) return null
  return left.flatMap((one) => right.map((other) => [...one, ...other]))
}

function either(left: Cases, right: Cases): Cases {
  return left === null || right === null || left.length + right.length > MAX_CASES ? null : [...left, ...right]
}

/** What is left of a value's possibilities. `only` null: all of the type. */
type Numbers = { min: bigint; max: bigint; readonly not: Set<bigint> }
type Words = { only: Set<string> | null; readonly not: Set<string>; readonly type: Type | null }

/** Beyond every value there is. */
const MOST = 10n ** 20n

/** Each pass hands bounds on once along a chain such as a < b < c; longer chains than this count as possible. */
const PASSES = 4

function isPossible(atoms: readonly Atom[], known: KnownOf): boolean {
  const numbers = new Map<string, Numbers>()
  const words = new Map<string, Words>()
  const numbersOf = (source: Source): Numbers => {
    if (source.from === 'literal') return exactly(BigInt(String(source.value)))
    return remember(numbers, source, () => ({ min: 0n, max: maxOf(known(source).type), not: new Set() }))
  }
  const wordsOf = (source: Source): Words => {
    if (source.from === 'literal') return { only: new Set([String(source.value)]), not: new Set(), type: null }
    return remember(words, source, () => {
      const { type, only } = known(source)
      const listed = only ?? (type?.type === 'choice' ? type.of : null)
      return { only: listed === null ? null : new Set(listed), not: new Set(), type }
    })
  }
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (const atom of atoms) {
      if (atom.op === 'in') narrowAmong(wordsOf(atom.left), atom.among.map(String), atom.holds)
      else if (isSame(atom.left, atom.right)) {
        if (atom.by === '!=' || atom.by === '<' || atom.by === '>') return false
      } else if (atom.numeric) {
        const [left, right] = [numbersOf(atom.left), numbersOf(atom.right)]
        narrowNumber(left, atom.by, right)
        narrowNumber(right, TURNED[atom.by], left)
        if (isNone(left) || isNone(right)) return false
      } else {
        const [left, right] = [wordsOf(atom.left), wordsOf(atom.right)]
        narrowWord(left, atom.by, right)
        narrowWord(right, atom.by, left)
        if (isWordless(left) || isWordless(right)) return false
      }
    }
  }
  return ![...words.values()].some(isWordless)
}

function remember<Value>(values: Map<string, Value>, source: Source, make: () => Value): Value {
  const key = `${source.from} ${source.from === 'literal' ? '' : source.name}`
  const found = values.get(key) ?? make()
  values.set(key, found)
  return found
}

function isSame(left: Source, right: Source): boolean {
  return left.from !== 'literal' && right.from !== 'literal' && left.from === right.from && left.name === right.name
}

function maxOf(type: Type | null): bigint {
  return type?.type === 'number' || type?.type === 'money' ? BigInt(type.max) : MOST
}

function exactly(value: bigint): Numbers {
  return { min: value, max: value, not: new Set() }
}

function narrowNumber(value: Numbers, by: Comparison, other: Numbers): void {
  if (by === '!=') {
    if (other.min === other.max) value.not.add(other.min)
    return
  }
  if (by === '==' || by === '<=') value.max = least(value.max, other.max)
  if (by === '==' || by === '>=') value.min = -least(-value.min, -other.min)
  if (by === '<') value.max = least(value.max, other.max - 1n)
  if (by === '>') value.min = -least(-value.min, -(other.min + 1n))
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function isNone({ min, max, not }: Numbers): boolean {
  const taken = [...not].filter((each) => each >= min && each <= max).length
  return max - min + 1n <= BigInt(taken)
}

function narrowAmong(value: Words, among: readonly string[], holds: boolean): void {
  if (!holds) for (const each of among) value.not.add(each)
  else value.only = new Set(among.filter((each) => value.only?.has(each) ?? true))
}

function narrowWord(value: Words, by: Comparison, other: Words): void {
  if (other.only === null) return
  if (by === '==')
    narrowAmong(
      value,
      [...other.only].filter((each) => !other.not.has(each)),
      true,
    )
  else if (other.only.size === 1) narrowAmong(value, [...other.only], false)
}

/** Digits that have a letter, and numbers of no country, are no values either. */
function isWordless({ only, not, type }: Words): boolean {
  return (
    only !== null && ![...only].some((each) => !not.has(each) && (type === null || conform(type, each) !== undefined))
  )
}
