import type { Json } from './contract.ts'
import type { Guard, Source } from './program.ts'

/** Whether the guard is true of the values that `lookup` finds. Amounts and numbers compare as whole numbers, the rest, days too, as text. */
export function holds(guard: Guard, lookup: (source: Source) => Json | undefined): boolean {
  switch (guard.op) {
    case 'and':
      return holds(guard.left, lookup) && holds(guard.right, lookup)
    case 'or':
      return holds(guard.left, lookup) || holds(guard.right, lookup)
    case 'not':
      return !holds(guard.of, lookup)
    case 'in':
      return guard.among.includes(lookup(guard.left) ?? null)
    case 'compare': {
      const order = compare(lookup(guard.left), lookup(guard.right), guard.numeric)
      switch (guard.by) {
        case '==':
          return order === 0
        case '!=':
          return order !== 0
        case '<':
          return order < 0
        case '<=':
          return order <= 0
        case '>':
          return order > 0
        case '>=':
          return order >= 0
      }
    }
  }
}

function compare(left: Json | undefined, right: Json | undefined, numeric: boolean): number {
  const [a, b] = numeric ? [BigInt(String(left ?? 0)), BigInt(String(right ?? 0))] : [String(left), String(right)]
  return a < b ? -1 : a > b ? 1 : 0
}
