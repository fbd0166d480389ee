import { check } from './check.ts'
import { diff } from './diff.ts'
import { drain } from './drain.ts'
import { graph } from './graph.ts'
import { importDialogues } from './import.ts'
import { publish } from './publish.ts'
import type { Verb } from './verb.ts'
import { words } from './words.ts'

/** In the order in which an author meets them. */
export const verbs: readonly Verb[] = [check, graph, words, diff, importDialogues, publish, drain]
