import { addDays, dateAt, formatDate } from '../../../src/domain/dates.ts'
import type { Market } from '../../../src/domain/market.ts'
import { formatMoney } from '../../../src/domain/money.ts'
import type { Json } from '../../../src/menu/contract.ts'
import type { DateBound, InputType, Program, Source, Type, Types } from '../../../src/menu/program.ts'
import type { Values } from '../../../src/menu/scope.ts'
import { comparisonsOf, guardsOf } from './telling.ts'

/** Every value as short, or as long, as its type allows; a walk keeps to one of the two, so that whole screens are so. */
export type Profile = 'short' | 'long'

/** Values around those that conditions compare with; each is tried wherever its type allows it. */
export type Edges = { readonly numbers: readonly bigint[]; readonly words: readonly string[] }

export const AT_MS: number = Date.UTC(2026, 10, 23, 11, 5)
const DAY_MS = 86_400_000

export function edgesOf(program: Program): Edges {
  const numbers = new Set<bigint>()
  const words = new Set<string>()
  const learn = (value: Json): void => {
    if (typeof value === 'string' && !/^\d+$/.test(value)) words.add(value)
    else if (/^\d+$/.test(String(value))) for (const by of [-1n, 0n, 1n]) numbers.add(BigInt(String(value)) + by)
  }
  const learnFrom = (source: Source): void => {
    if (source.from === 'literal') learn(source.value)
  }
  for (const screen of Object.values(program.screens)) {
    for (const guard of guardsOf(screen).flatMap(comparisonsOf)) {
      learnFrom(guard.left)
      if (guard.op === 'in') guard.among.forEach(learn)
      else learnFrom(guard.right)
    }
  }
  return { numbers: [...numbers].filter((number) => number >= 0n), words: [...words] }
}

/** What an outcome may bring: everything at the profile's length, then each field in turn at each other value it can take. */
export function variantsOf(types: Types, profile: Profile, edges: Edges, market: Market): readonly Values[] {
  const usual: Record<string, Json> = {}
  for (const [name, type] of Object.entries(types)) usual[name] = usualValue(type, profile, market)
  const others = Object.entries(types).flatMap(([name, type]) =>
    otherValues(type, profile, edges, market).map((value) => ({ ...usual, [name]: value })),
  )
  return [usual, ...others]
}

/** What people may type that fits. */
export function typedFor(type: InputType, profile: Profile, edges: Edges, market: Market): readonly string[] {
  switch (type.type) {
    case 'msisdn':
      return [nationalNumber(market)]
    case 'money': {
      const usual = BigInt(profile === 'short' ? type.min : type.max)
      const [least, most] = [BigInt(type.min), BigInt(type.max)]
      const near = edges.numbers.filter((amount) => amount >= least && amount <= most)
      return [usual, ...near].map((amount) => typedMoney(amount, market))
    }
    case 'text': {
      const near = edges.words.filter(({ length }) => length >= type.min && length <= type.max)
      return ['M'.repeat(profile === 'short' ? Math.max(1, type.min) : type.max), ...near]
    }
    case 'digits':
      return [profile === 'short' ? '1'.repeat(type.min) : '8'.repeat(type.max)]
    case 'date': {
      const day = (bound: DateBound | null) => bound && formatDate(dayOf(bound, market))
      return [day(type.min), day(type.max), formatDate(dayOf({ days: 0 }, market))].filter((each) => each !== null)
    }
    case 'pick':
      return type.of.map((_, index) => String(index + 1))
  }
}

export function nationalNumber({ numbering }: Market): string {
  const { trunkPrefix, mobilePrefixes, nationalLength } = numbering
  return trunkPrefix + (mobilePrefixes[0] ?? '').padEnd(nationalLength, '8')
}

function dayOf(bound: DateBound, { timeZone }: Market): string {
  return 'date' in bound ? bound.date : addDays(dateAt(AT_MS, timeZone), bound.days)
}

function typedMoney(amount: bigint, market: Market): string {
  return formatMoney({ amount, currency: market.currency }).replace(/[^\d.]/g, '')
}

function usualValue(type: Type, profile: Profile, market: Market): Json {
  const long = profile === 'long'
  switch (type.type) {
    case 'text':
      return 'M'.repeat(long ? type.max : 1)
    case 'digits':
      return long ? '8'.repeat(type.max) : '1'.repeat(type.min ?? 1)
    case 'number':
      return long ? type.max : Math.min(1, type.max)
    case 'money':
      return long ? type.max : '100'
    case 'msisdn':
      return `+${market.numbering.countryCode}${nationalNumber(market).slice(market.numbering.trunkPrefix.length)}`
    case 'moment':
      return AT_MS
    case 'date':
      return '2026-12-31'
    case 'time':
      return long ? AT_MS + DAY_MS : AT_MS
    case 'choice':
      return type.of[0] ?? ''
    case 'opaque':
      return 'x'
    case 'rows': {
      const row: Record<string, Json> = {}
      for (const [name, each] of Object.entries(type.of)) row[name] = usualValue(each, profile, market)
      return Array.from({ length: long ? type.max : 1 }, () => row)
    }
  }
}

function otherValues(type: Type, profile: Profile, edges: Edges, market: Market): readonly Json[] {
  switch (type.type) {
    case 'choice':
      return type.of.slice(1)
    case 'rows':
      // What a row holds is chosen with it, and conditions may turn on that.
      return [
        [],
        ...variantsOf(type.of, profile, edges, market)
          .slice(1)
          .map((row) => [row]),
      ]
    case 'text':
      return edges.words.filter(({ length }) => length <= type.max)
    case 'number':
      return edges.numbers.filter((number) => number <= BigInt(type.max)).map(Number)
    case 'money':
      return edges.numbers.filter((number) => number <= BigInt(type.max)).map(String)
    default:
      return []
  }
}
