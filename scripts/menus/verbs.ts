import { check } from './check.ts'
import { diff } from './diff.ts'
import { drain } from './drain.ts'
import { explain } from './explain.ts'
import { graph } from './graph.ts'
import { importDialogues } from './import.ts'
import { publish } from './publish.ts'
import { schema } from './schema.ts'
import type { Verb } from './verb.ts'
import { words } from './words.ts'

/** In the order in which an author meets them. */
export const verbs: readonly Verb[] = [check, explain, graph, words, diff, importDialogues, schema, publish, drain]
