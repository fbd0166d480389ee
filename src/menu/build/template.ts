import { isGsm7 } from '../../domain/gsm7.ts'
import type { Market } from '../../domain/market.ts'
import { type Report, type Spot, suggest } from '../problem.ts'
import type { Shown, Slot, Template, Type } from '../program.ts'
import type { Scope } from './symbols.ts'
import { moneyWidth } from './types.ts'

/** Reads `Fee {fee} to {to|mask}`. Marks that cannot be shown are reported and left out. */
export function readTemplate(report: Report, at: Spot, source: string, scope: Scope, market: Market): Template {
  const parts: (string | Slot)[] = []
  for (const [, literal = '', mark] of source.matchAll(/([^{}]+)|\{([^{}]*)\}/g)) {
    if (mark === undefined) parts.push(literal)
    else {
      const slot = readSlot(report, at, mark, scope, market)
      if (slot !== null) parts.push(slot)
    }
  }
  if (/[{}]/.test(source.replace(/\{[^{}]*\}/g, '')))
    report('E-SHAPE', at, 'a brace without its other half; use { and } for values only.')
  return { gsm7: parts.every((part) => typeof part !== 'string' || isGsm7(part)), parts }
}

function readSlot(report: Report, at: Spot, mark: string, scope: Scope, market: Market): Slot | null {
  const [name = '', formatter] = mark.split('|')
  const found = scope.get(name)
  if (found === undefined) {
    report('E-REF', at, `there is no value ${name} to show here. ${suggest(name, scope.keys())}`)
    return null
  }
  const shown = formatter === undefined ? plainly(found.type, market) : formatted(found.type, formatter)
  if (shown !== null) return { value: found.ref, ...shown }
  if (formatter === undefined) report('E-TYPE', at, `${name} is ${found.type.type}, which cannot be shown.`)
  else
    report(
      'E-REF',
      at,
      `${found.type.type} cannot be shown by ${formatter}. Known: cut:n, last:n for text and digits, mask for msisdn.`,
    )
  return null
}

type Manner = { readonly as: Shown; readonly width: number }

/** `23/11/26 14:05`; a time of another day is shown so too. */
const MOMENT_WIDTH = 14

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
    case 'choice':
    case 'opaque':
    case 'rows':
      return null
  }
}

function formatted(type: Type, formatter: string): Manner | null {
  if (formatter === 'mask') return type.type === 'msisdn' ? { as: 'mask', width: MASK_WIDTH } : null
  const [, name, digits] = /^(cut|last):([1-9]\d?)$/.exec(formatter) ?? []
  if (name === undefined || (type.type !== 'text' && type.type !== 'digits')) return null
  const width = Math.min(Number(digits), type.max)
  return name === 'last' ? { as: 'last', width } : { as: type.type, width }
}
