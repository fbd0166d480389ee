import type { Spot } from '../problem.ts'
import type { FlowHead, Scope, Symbols } from './symbols.ts'
import type { Entries } from './tree.ts'

/** What the reader of each kind of screen is given. */
export type Part = {
  readonly symbols: Symbols
  readonly flow: FlowHead
  readonly id: string
  readonly at: Spot
  readonly entries: Entries
  readonly scope: Scope
}
