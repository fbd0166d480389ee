import type { Check } from './all.ts'
import type { Node } from './graph.ts'

/** What one hop may take in all, so that the network still waits for the screen. */
const HOP_MS = 7000

/** After every answer, a screen follows: invisible screens form no cycle, and their actions together keep within a hop. */
export const checkTime: Check = (report, { program, symbols }, graph) => {
  const times = new Map<string, number>()
  const path = new Set<string>()
  const deadlineOf = ({ screen }: Node): number => {
    const call =
      screen.kind === 'list' ? screen.call : screen.kind === 'call' || screen.kind === 'confirm' ? screen : null
    return call === null ? 0 : (program.actions[call.action]?.deadlineMs ?? 0)
  }
  /** The longest that entering a screen can take until something is shown. */
  const entering = (key: string): number => {
    const node = graph.nodes.get(key)
    const known = times.get(key)
    if (node === undefined || known !== undefined) return known ?? 0
    if (path.has(key)) {
      const at = symbols.spots.get(node.id)
      if (at)
        report(
          'E-SPIN',
          at,
          `${node.id} leads back to itself without showing a screen, so the dialogue could hang. Lead to a screen on the way.`,
        )
      return 0
    }
    if (node.screen.kind === 'confirm') return 0
    path.add(key)
    const longest = Math.max(0, ...node.edges.filter(({ way }) => !way.asked).map(({ to }) => entering(to)))
    path.delete(key)
    times.set(key, longest + deadlineOf(node))
    return longest + deadlineOf(node)
  }
  const tooLong = new Set<string>()
  if (entering(graph.start) > HOP_MS) tooLong.add(program.start)
  for (const node of graph.nodes.values()) {
    const after = Math.max(0, ...node.edges.filter(({ way }) => way.asked).map(({ to }) => entering(to)))
    if (after + (node.screen.kind === 'confirm' ? deadlineOf(node) : 0) > HOP_MS) tooLong.add(node.id)
  }
  for (const id of tooLong) {
    const at = symbols.spots.get(id)
    if (at)
      report(
        'E-TIME',
        at,
        `the actions after ${id} may take longer than ${HOP_MS} ms together, and the network would hang up. Show a screen between them.`,
      )
  }
}
