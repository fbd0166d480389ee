import { longestInWords } from '../../domain/amount-words.ts'
import { isGsm7 } from '../../domain/gsm7.ts'
import type { Market } from '../../domain/market.ts'
import { type Report, type Spot, suggest } from '../problem.ts'
import type { Slot, Template, Type } from '../program.ts'
import type { Scope } from './symbols.ts'
import { moneyWidth } from './types.ts'

/** Reads `Fee {fee} to {to|mask}`. Marks that cannot be shown are reported and left out. `language`: of the words. */
export function readTemplate(
  report: Report,
  at: Spot,
  source: string,
  scope: Scope,
  market: Market,
  language: string,
): Template {
  const parts: (string | Slot)[] = []
  for (const [, literal = '', mark] of source.matchAll(/([^{}]+)|\{([^{}]*)\}/g)) {
    if (mark === undefined) parts.push(literal)
    else {
      const slot = readSlot(report, at, mark, scope, market, language)
      if (slot !== null) parts.push(slot)
    }
  }
  if (/[{}]/.test(source.replace(/\{[^{}]*\}/g, '')))
    report('E-SHAPE', at, 'a brace without its other half; use { and } for values only.')
  return { gsm7: parts.every((part) => isGsm7(typeof part === 'string' ? part : inWords(part, market))), parts }
}

function readSlot(report: Report, at: Spot, mark: string, scope: Scope, market: Market, language: string): Slot | null {
  const [name = '', formatter] = mark.split('|')
  const found = scope.get(name)
  if (found === undefined) {
    report('E-REF', at, `there is no value ${name} to show here. ${suggest(name, scope.keys())}`)
    return null
  }
  const shown =
    formatter === undefined ? plainly(found.type, market) : formatted(found.type, formatter, market, language)
  if (shown !== null) return { value: found.ref, ...shown }
  if (formatter === undefined) report('E-TYPE', at, `${name} is ${found.type.type}, which cannot be shown.`)
  else
    report(
      'E-REF',
      at,
      `${found.type.type} cannot be shown by ${formatter}. Known: cut:n, last:n for text and digits, mask for msisdn, words for money.`,
    )
  return null
}

type Manner = Pick<Slot, 'as' | 'width' | 'words'>

/** `23/11/26 14:05`; a time of another day is shown so too. */
const MOMENT_WIDTH = 14

/** `23/11/2026` */
const DATE_WIDTH = 10

/** `0712***678` */
const MASK_WIDTH = 10

function plainly(type: Type, market: Market): Manner | null {
  switch (type.type) {
    case 'text':
    case 'digits':
      return { as: type.type, width: type.max }
    case 'number':
      return { as: 'number', width: String(type.max).length }
    case 'money':
      return { as: 'money', width: moneyWidth(type.max, market) }
    case 'msisdn':
      return { as: 'msisdn', width: market.numbering.trunkPrefix.length + market.numbering.nationalLength }
    case 'moment':
    case 'time':
      return { as: type.type, width: MOMENT_WIDTH }
    case 'date':
      return { as: 'date', width: DATE_WIDTH }
    case 'choice':
    case 'opaque':
    case 'rows':
      return null
  }
}

/** The amount written out; a figure where the language has no words for it here. */
function spelled(type: Extract<Type, { type: 'money' }>, market: Market, language: string): Manner | null {
  const { max } = type
  const longest = longestInWords({ amount: BigInt(max), currency: market.currency }, language)
  return longest === null ? plainly(type, market) : { as: 'words', width: longest.length, words: { language, max } }
}

/** The longest words of a slot; empty where it is shown otherwise, and so can be folded to any alphabet. */
function inWords({ words }: Slot, { currency }: Market): string {
  return words === undefined ? '' : (longestInWords({ amount: BigInt(words.max), currency }, words.language) ?? '')
}

function formatted(type: Type, formatter: string, market: Market, language: string): Manner | null {
  if (formatter === 'words') return type.type === 'money' ? spelled(type, market, language) : null
  if (formatter === 'mask') return type.type === 'msisdn' ? { as: 'mask', width: MASK_WIDTH } : null
  const [, name, digits] = /^(cut|last):([1-9]\d?)$/.exec(formatter) ?? []
  if (name === undefined || (type.type !== 'text' && type.type !== 'digits')) return null
  const width = Math.min(Number(digits), type.max)
  return name === 'last' ? { as: 'last', width } : { as: type.type, width }
}
