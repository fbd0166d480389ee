import type { Check } from './all.ts'
import { flowOf } from './graph.ts'

/** Every screen can be reached, every flow is used and none uses itself, and every return has somewhere to return to. */
export const checkReach: Check = (report, { program, symbols }, graph) => {
  const reached = new Set([...graph.nodes.values()].map(({ id }) => id))
  for (const flow of symbols.flows.values()) {
    const screens = Object.keys(program.screens).filter((id) => flowOf(id) === flow.name)
    if (!screens.some((id) => reached.has(id))) {
      report(
        'E-REACH',
        flow.at,
        `no screen uses the flow ${flow.name}, so nobody ever sees it. Use it, or take the file away.`,
      )
      continue
    }
    for (const id of screens.filter((each) => !reached.has(each))) {
      report(
        'E-REACH',
        symbols.spots.get(id) ?? flow.at,
        `no way leads to ${id}, so nobody ever sees it. Lead to it, or take it away.`,
      )
    }
  }
  for (const id of graph.loops) {
    const at = symbols.spots.get(id)
    if (at)
      report(
        'E-SPIN',
        at,
        `by ${id} a flow uses itself, so a dialogue could grow for ever. Use go: home, or lead back within the flow.`,
      )
  }
  for (const id of graph.lost) {
    const at = symbols.spots.get(id)
    const cure =
      program.screens[id]?.kind === 'use'
        ? 'Say with go where this use continues.'
        : 'Nothing uses the start flow; use go: home.'
    if (at) report('E-ROUTE', at, `go: return leads nowhere from ${id}, so the dialogue would break off. ${cure}`)
  }
}
