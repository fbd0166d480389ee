import { check } from './check.ts'
import type { Verb } from './verb.ts'

/** In the order in which an author meets them. */
export const verbs: readonly Verb[] = [check]
