import { type ShortcutHead, variablesOf, wayTo } from '../build/shortcuts.ts'
import { suggest } from '../problem.ts'
import type { Program, ShortcutToken } from '../program.ts'
import type { Check } from './all.ts'
import type { Graph } from './graph.ts'

/** Each published code leads to its screen, answers no confirmation on the way, and cannot be taken for another one. */
export const checkShortcuts: Check = (report, { program, service }, graph) => {
  const { shortcuts } = service
  for (const [index, head] of shortcuts.entries()) {
    const resolved = program.shortcuts.some(({ template }) => template === head.template)
    if (!resolved) report('E-CUT', head.at, `${head.template} ${whyNot(program, graph, head)}`)
    for (const other of shortcuts.slice(0, index)) {
      const clash = clashOf(other.tokens, head.tokens)
      if (clash === null) continue
      report(
        'E-CUT',
        head.at,
        `${head.template} and ${other.template} differ in ${clash}, so one dialled code would mean both. Begin them with different keys.`,
      )
    }
  }
}

/** Why no dialled code can come to the screen. */
function whyNot(program: Program, graph: Graph, { screen, tokens }: ShortcutHead): string {
  if (program.screens[screen] === undefined) {
    return `leads to ${screen}, which does not exist. ${suggest(screen, Object.keys(program.screens))}`
  }
  const variables = variablesOf(tokens)
  const inputs = Object.values(program.screens).flatMap((each) => (each.kind === 'input' ? [each.as] : []))
  const unknown = variables.find((name) => !inputs.includes(name))
  if (unknown !== undefined) return `has {${unknown}}, which no input takes. ${suggest(unknown, new Set(inputs))}`
  const way = wayTo(graph, screen, [], () => true)
  if (way === null) return `leads to ${screen}, to which every way says something first that the subscriber must read.`
  for (const { node, edge } of way) {
    if (edge === null) break
    if (node.screen.kind === 'confirm')
      return `would answer the confirmation ${node.id}, which only the person on the phone may. Lead to ${node.id} at most.`
    if (node.screen.kind === 'list')
      return `goes through the list ${node.id}, of which a person has to choose a row. Lead to ${node.id} at most.`
    if (node.screen.kind === 'input' && !variables.includes(node.screen.as))
      return `says nothing for {${node.screen.as}}, which ${node.id} asks for on the way. Put it in, or lead to ${node.id}.`
  }
  const late = variables.map((name) => `{${name}}`).join(' and ')
  return `has ${late}, but the way to ${screen} does not ask for all of that. Lead to a screen that comes after it.`
}

/** What a token would mean in each of two, where the same code could be dialled for both; null where they keep apart. */
function clashOf(one: readonly ShortcutToken[], other: readonly ShortcutToken[]): string | null {
  for (const [index, a] of one.entries()) {
    const b = other[index]
    if (b === undefined) return null
    if (a.kind === 'key' && b.kind === 'key') {
      if (a.key !== b.key) return null
    } else if (nameOf(a) !== nameOf(b)) return `${nameOf(a)} and ${nameOf(b)}`
  }
  return null
}

function nameOf(token: ShortcutToken): string {
  return token.kind === 'key' ? token.key : `{${token.name}}`
}
