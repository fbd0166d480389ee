import type { Report } from '../problem.ts'
import type { Type } from '../program.ts'
import { withoutWas } from './lineage.ts'
import { RESERVED } from './route.ts'
import type { FlowHead } from './symbols.ts'
import { entriesOf, isName, itemsOf, required, type Tree, textIn } from './tree.ts'
import { readTypes } from './types.ts'

/** The keys of a flow's file. */
export const FLOW_KEYS: readonly string[] = ['was', 'parameters', 'results', 'variables', 'start', 'screens']

/** What other flows and all of its own screens need to know of a flow. */
export function readFlowHead(report: Report, name: string, tree: Tree): FlowHead | null {
  const what = `the flow ${name}`
  if (!isName(name)) report('E-SHAPE', tree.at, `${name} cannot name a flow; use lower-case letters, digits, - and _.`)
  const entries = entriesOf(report, tree, what, FLOW_KEYS)
  const [start, screens] = [
    required(report, entries, 'start', tree.at, what),
    required(report, entries, 'screens', tree.at, what),
  ]
  const startName = start && textIn(report, start, 'start')
  if (start === null || startName === null || screens === null) return null
  const screenEntries = entriesOf(report, screens, 'screens')
  for (const [screen, { at }] of screenEntries) {
    if (!isName(screen) || RESERVED.includes(screen)) {
      report(
        'E-SHAPE',
        at,
        `${screen} cannot name a screen; use lower-case letters, digits, - and _, and none of ${RESERVED.join(', ')}.`,
      )
    }
  }
  const typesAt = (key: string): Record<string, Type> => {
    const entry = entries.get(key)
    return entry === undefined ? {} : readTypes(report, withoutWas(entry.value), key)
  }
  const parameters = typesAt('parameters')
  const variables = { ...typesAt('variables'), ...parameters }
  const resultsTree = entries.get('results')?.value
  const results = (resultsTree === undefined ? [] : itemsOf(report, resultsTree, 'results')).flatMap((item) => {
    const result = textIn(report, item, 'a result')
    if (result !== null && !Object.hasOwn(variables, result))
      report('E-REF', item.at, `${what} has no variable ${result} to hand back.`)
    return result === null ? [] : [result]
  })
  if (!screenEntries.has(startName)) {
    report('E-REF', start.at, `${what} has no screen ${startName} to start with.`)
    return null
  }
  return { name, at: tree.at, parameters, variables, results, start: startName, screens: screenEntries }
}
