import { bookChecks } from './books.ts'
import { closeChecks } from './closes.ts'
import { counterChecks } from './counters.ts'
import { holdChecks } from './holds.ts'
import type { Check } from './proof.ts'
import { savingsChecks } from './savings.ts'
import { transferChecks } from './transfers.ts'
import { trustChecks } from './trust.ts'

/** Everything that is proven, in the order in which it is told. */
export const checks: readonly Check[] = [
  ...bookChecks,
  ...holdChecks,
  ...transferChecks,
  ...counterChecks,
  ...savingsChecks,
  ...trustChecks,
  ...closeChecks,
]
