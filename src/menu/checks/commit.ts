import type { ConfirmScreen, Program } from '../program.ts'
import type { Check } from './all.ts'
import type { Graph, Node } from './graph.ts'

/** After a write, no way leads to a write over the very same values: what was confirmed would be done again. */
export const checkCommit: Check = (report, { program, symbols }, graph) => {
  const told = new Set<string>()
  for (const node of graph.nodes.values()) {
    const { id, screen } = node
    if (screen.kind !== 'confirm') continue
    for (const [outcome, route] of Object.entries(screen.outcomes)) {
      const edge = node.edges.find(({ way }) => way.wrote && way.go === route.go && way.say === route.say)
      const key = `${id}.say.${outcome}`
      const at = symbols.spots.get(key) ?? symbols.spots.get(id)
      if (edge === undefined || at === undefined || told.has(key)) continue
      const set = route.set.map(({ to }) => to)
      const again = writeAgain(program, graph, node, edge.to, set)
      if (again === null) continue
      told.add(key)
      const values = valuesOf(again.screen).join(', ')
      report(
        'E-BACK',
        at,
        `after ${outcome}, ${id} leads to ${again.id} with the same ${values}, so what was confirmed could be done twice. Set ${values} anew on the way, or end here.`,
      )
    }
  }
}

type Confirm = { readonly id: string; readonly screen: ConfirmScreen }

/** The write that can be come to in the same use of the flow, without any of its values being set on the way; null where there is none. */
function writeAgain(program: Program, graph: Graph, from: Node, to: string, set: readonly string[]): Confirm | null {
  if (from.screen.kind !== 'confirm') return null
  const handedOn = valuesOf(from.screen).filter((name) => !set.includes(name))
  const open = [to]
  const seen = new Set(open)
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const node = graph.nodes.get(key)
    if (node === undefined || node.stack.length < from.stack.length) continue
    const isSameUse = node.stack.length === from.stack.length
    const { id, screen } = node
    if (isSameUse && screen.kind === 'confirm' && program.actions[screen.action]?.effect === 'write') {
      const values = valuesOf(screen)
      if (values.length > 0 && values.every((name) => handedOn.includes(name))) return { id, screen }
    }
    for (const { way, to: next, frame } of node.edges) {
      const sets = isSameUse && frame === 'same' && way.set.some((name) => handedOn.includes(name))
      if (frame === 'home' || sets || seen.has(next)) continue
      seen.add(next)
      open.push(next)
    }
  }
  return null
}

/** The variables that an action is given. */
function valuesOf(screen: ConfirmScreen): readonly string[] {
  return screen.with.flatMap(({ value }) => (value.from === 'variable' ? [value.name] : []))
}
