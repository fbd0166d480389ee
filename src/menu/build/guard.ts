import { isIsoDate } from '../../domain/dates.ts'
import type { Json } from '../contract.ts'
import { type Report, type Spot, suggest } from '../problem.ts'
import type { Comparison, Guard, Source, Type } from '../program.ts'
import type { Scope } from './symbols.ts'

/** Reads `me.status == 'active' and not (due > 0 or kind in ['a', 'b'])`. Null after reporting what is wrong. */
export function readGuard(report: Report, at: Spot, source: string, scope: Scope): Guard | null {
  const tokens = source.match(/'[^']*'|[a-z_][\w.]*|\d+|==|!=|<=|>=|[<>()[\],]|\S/g) ?? []
  const reader = { tokens, next: 0, scope, report, at }
  const guard = readOr(reader)
  if (guard === null) return null
  if (reader.next < tokens.length) return wrong(reader, `"${tokens[reader.next]}" is too much`)
  return guard
}

type Reader = {
  readonly tokens: readonly string[]
  next: number
  readonly scope: Scope
  readonly report: Report
  readonly at: Spot
}
type Operand = { readonly source: Source; readonly type: Type | null }

const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>=']

function readOr(reader: Reader): Guard | null {
  return readChain(reader, 'or', () => readChain(reader, 'and', () => readUnary(reader)))
}

function readChain(reader: Reader, op: 'and' | 'or', readPart: () => Guard | null): Guard | null {
  let left = readPart()
  while (left !== null && take(reader, op)) {
    const right: Guard | null = readPart()
    left = right === null ? null : { op, left, right }
  }
  return left
}

function readUnary(reader: Reader): Guard | null {
  if (take(reader, 'not')) {
    const of = readUnary(reader)
    return of === null ? null : { op: 'not', of }
  }
  if (!take(reader, '(')) return readComparison(reader)
  const inner = readOr(reader)
  return inner === null || take(reader, ')') ? inner : wrong(reader, 'a bracket is not closed')
}

function readComparison(reader: Reader): Guard | null {
  const left = readOperand(reader)
  if (left === null) return null
  if (take(reader, 'in')) return readAmong(reader, left)
  const op = reader.tokens[reader.next]
  if (op === undefined || !COMPARISONS.includes(op)) return wrong(reader, 'a value must be compared with something')
  reader.next += 1
  const right = readOperand(reader)
  if (right === null) return null
  const kind = kindOf(left)
  if (left.type?.type === 'date' || right.type?.type === 'date') {
    if (!isDay(left) || !isDay(right)) return wrong(reader, "a day is compared with a day, such as '2026-12-31'")
  } else if (kind === null || kind !== kindOf(right)) return wrong(reader, 'the two sides are not of one type')
  else if (kind === 'text' && op !== '==' && op !== '!=') return wrong(reader, 'words have no order')
  if (!mayEqual(left, right) || !mayEqual(right, left)) return wrong(reader, 'the choice does not have this value')
  return { op: 'compare', by: op as Comparison, numeric: kind === 'numeric', left: left.source, right: right.source }
}

function readAmong(reader: Reader, left: Operand): Guard | null {
  const among: Json[] = []
  if (!take(reader, '[')) return wrong(reader, "after \"in\" comes a list such as ['a', 'b']")
  do {
    const operand = readOperand(reader)
    if (operand === null) return null
    if (operand.source.from !== 'literal' || kindOf(left) !== 'text' || kindOf(operand) !== 'text') {
      return wrong(reader, '"in" compares words with quoted words')
    }
    if (!mayEqual(left, operand)) return wrong(reader, 'the choice does not have this value')
    among.push(operand.source.value)
  } while (take(reader, ','))
  return take(reader, ']') ? { op: 'in', left: left.source, among } : wrong(reader, 'the list is not closed')
}

function readOperand(reader: Reader): Operand | null {
  const token = reader.tokens[reader.next]
  if (token === undefined) return wrong(reader, 'something is missing at the end')
  reader.next += 1
  if (token.startsWith("'") && token.length > 1)
    return { source: { from: 'literal', value: token.slice(1, -1) }, type: null }
  if (/^\d+$/.test(token)) return { source: { from: 'literal', value: Number(token) }, type: null }
  const found = reader.scope.get(token)
  if (found !== undefined) return { source: found.ref, type: found.type }
  reader.report('E-REF', reader.at, `there is no value ${token} to compare. ${suggest(token, reader.scope.keys())}`)
  return null
}

function kindOf({ source, type }: Operand): 'numeric' | 'text' | null {
  if (source.from === 'literal') return typeof source.value === 'number' ? 'numeric' : 'text'
  switch (type?.type) {
    case 'number':
    case 'money':
    case 'moment':
    case 'time':
      return 'numeric'
    case 'text':
    case 'digits':
    case 'choice':
    case 'msisdn':
      return 'text'
    default:
      return null
  }
}

/** Days are compared as text, which is their order. */
function isDay({ source, type }: Operand): boolean {
  return type?.type === 'date' || (source.from === 'literal' && isIsoDate(String(source.value)))
}

function mayEqual({ type }: Operand, { source }: Operand): boolean {
  return type?.type !== 'choice' || source.from !== 'literal' || type.of.includes(String(source.value))
}

function take(reader: Reader, token: string): boolean {
  if (reader.tokens[reader.next] !== token) return false
  reader.next += 1
  return true
}

function wrong(reader: Reader, why: string): null {
  reader.report(
    'E-TYPE',
    reader.at,
    `this condition cannot be read: ${why}. An example: me.status == 'active' and due > 0.`,
  )
  return null
}
