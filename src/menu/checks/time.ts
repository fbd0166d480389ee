import type { Program, ScreenId } from '../program.ts'
import type { Check } from './all.ts'
import type { Graph, Node } from './graph.ts'

/** What one hop may take in all, so that the network still waits for the screen. */
const HOP_MS = 7000

/** After every answer, a screen follows: invisible screens form no cycle, and their actions together keep within a hop. */
export const checkTime: Check = (report, { program, symbols }, graph) => {
  const { times, spins } = hopTimes(program, graph)
  for (const id of spins) {
    const at = symbols.spots.get(id)
    if (at)
      report(
        'E-SPIN',
        at,
        `${id} leads back to itself without showing a screen, so the dialogue could hang. Lead to a screen on the way.`,
      )
  }
  for (const [id, ms] of times) {
    const at = symbols.spots.get(id)
    if (at && ms > HOP_MS)
      report(
        'E-TIME',
        at,
        `the actions after ${id} may take longer than ${HOP_MS} ms together, and the network would hang up. Show a screen between them.`,
      )
  }
}

/**
 * The longest, in milliseconds, that the actions after each screen can take until the next one is shown; of the first screen also those of
 * the dial. `spins`: invisible screens that lead back to themselves.
 */
export function hopTimes(
  program: Program,
  graph: Graph,
): { times: ReadonlyMap<ScreenId, number>; spins: readonly ScreenId[] } {
  const entered = new Map<string, number>()
  const path = new Set<string>()
  const spins: ScreenId[] = []
  const deadlineOf = ({ screen }: Node): number => {
    const call =
      screen.kind === 'list' ? screen.call : screen.kind === 'call' || screen.kind === 'confirm' ? screen : null
    return call === null ? 0 : (program.actions[call.action]?.deadlineMs ?? 0)
  }
  /** The longest that entering a screen can take until something is shown. */
  const entering = (key: string): number => {
    const node = graph.nodes.get(key)
    const known = entered.get(key)
    if (node === undefined || known !== undefined) return known ?? 0
    if (path.has(key)) {
      spins.push(node.id)
      return 0
    }
    if (node.screen.kind === 'confirm') return 0
    path.add(key)
    const longest = Math.max(0, ...node.edges.filter(({ way }) => !way.asked).map(({ to }) => entering(to)))
    path.delete(key)
    entered.set(key, longest + deadlineOf(node))
    return longest + deadlineOf(node)
  }
  const times = new Map<ScreenId, number>([[program.start, entering(graph.start)]])
  for (const node of graph.nodes.values()) {
    const after = Math.max(0, ...node.edges.filter(({ way }) => way.asked).map(({ to }) => entering(to)))
    const ms = after + (node.screen.kind === 'confirm' ? deadlineOf(node) : 0)
    times.set(node.id, Math.max(ms, times.get(node.id) ?? 0))
  }
  return { times, spins }
}
