import type { Report } from '../problem.ts'
import type { Checked } from './all.ts'
import type { Exits } from './exits.ts'
import { type Graph, isVisible, type Node, waysOf } from './graph.ts'

/**
 * People come to an end, or to a page that is only read, from every screen by answering. A circle without one is a warning where back or home
 * lead out of it, and an error where they lead nowhere else. Ends that the service has for outcomes, such as `failed`, do not count:
 * nobody chooses them.
 */
export function checkDead(
  report: Report,
  { program, symbols }: Checked,
  graph: Graph,
  exits: ReadonlyMap<string, Exits>,
): void {
  if (graph.loops.length > 0 || graph.lost.length > 0) return
  const leaves = ({ id }: Node): boolean => exits.get(id)?.back === true || exits.get(id)?.home === true
  const rests = (node: Node): boolean => {
    const { screen } = node
    if (screen.kind === 'end') return true
    const isRead =
      screen.kind === 'menu' ? screen.choices.length === 0 : screen.kind === 'list' && screen.choose === null
    if (isRead && leaves(node)) return true
    return (
      !node.after &&
      waysOf(program, screen).some(({ go, say }) => go === 'end' && !say?.startsWith('service.outcomes.'))
    )
  }
  const endless = unreached(graph, rests)
  for (const circle of circlesIn(graph, endless)) {
    const screens = [...new Set(circle.filter(({ screen }) => isVisible(screen)).map(({ id }) => id))].sort()
    const [id = graph.nodes.get(graph.start)?.id ?? ''] = screens
    const at = symbols.spots.get(id)
    if (at === undefined) continue
    const names = screens.join(', ')
    if (!endless.has(graph.start) && circle.some(leaves))
      report(
        'W-LOOP',
        at,
        `whoever is at ${names} can go on only in a circle, so they leave by back, by home or by hanging up. Add a way to an end.`,
      )
    else
      report(
        'E-DEAD',
        at,
        `from ${names} no answer ever leads to an end, so a dialogue stops only when the network cuts it. Add a way to an end.`,
      )
  }
}

/** The nodes from which none of those is reached. */
function unreached(graph: Graph, rests: (node: Node) => boolean): ReadonlySet<string> {
  const before = new Map<string, string[]>()
  for (const { key, edges } of graph.nodes.values())
    for (const { to } of edges) before.set(to, [...(before.get(to) ?? []), key])
  const open = [...graph.nodes.values()].filter(rests).map(({ key }) => key)
  const reached = new Set(open)
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    for (const each of before.get(key) ?? []) {
      if (reached.has(each)) continue
      reached.add(each)
      open.push(each)
    }
  }
  return new Set([...graph.nodes.keys()].filter((key) => !reached.has(key)))
}

/** Groups of nodes that lead only to each other; a node that leads nowhere is one by itself. */
function circlesIn(graph: Graph, among: ReadonlySet<string>): readonly (readonly Node[])[] {
  const circles: Node[][] = []
  const found = new Set<string>()
  for (const key of among) {
    let reach = reachOf(graph, key)
    // A further circle behind this node is found from its own nodes.
    if ([...reach].some((each) => found.has(each))) continue
    for (;;) {
      const { size } = reach
      const inner = [...reach].map((each) => reachOf(graph, each)).find((each) => each.size < size)
      if (inner === undefined) break
      reach = inner
    }
    for (const each of reach) found.add(each)
    circles.push([...reach].flatMap((each) => graph.nodes.get(each) ?? []))
  }
  return circles
}

function reachOf(graph: Graph, from: string): ReadonlySet<string> {
  const reach = new Set([from])
  for (const key of reach) for (const { to } of graph.nodes.get(key)?.edges ?? []) reach.add(to)
  return reach
}
