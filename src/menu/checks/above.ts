import type { ScreenId, TextKey } from '../program.ts'
import { byScreen, flood, type Graph, isVisible, union } from './graph.ts'

/** What may stand above each screen when it is first shown: the key of a text, or null for nothing. */
export function aboveOf(graph: Graph): ReadonlyMap<ScreenId, ReadonlySet<TextKey | null>> {
  const said = saidAbove(graph)
  const dialled = dialledTo(graph)
  return new Map(
    [...said].map(([id, keys]) => [id, dialled.has(id) ? new Set([...keys, 'service.dialled_secret']) : keys]),
  )
}

/** The words of the outcomes and choices that lead there, also through invisible screens. */
function saidAbove(graph: Graph): ReadonlyMap<ScreenId, ReadonlySet<TextKey | null>> {
  const states = flood<ReadonlySet<TextKey | null>>(
    graph,
    new Set([null]),
    ({ screen }, above, { way }) => {
      if (way.say !== null) return new Set([way.say])
      return way.asked && isVisible(screen) ? new Set([null]) : above
    },
    union,
  )
  return byScreen(graph, states, union)
}

/** The confirms that a dialled string can come to and try to answer. It goes no further than a confirm or a screen with news. */
function dialledTo(graph: Graph): ReadonlySet<ScreenId> {
  const states = flood<boolean>(
    graph,
    true,
    ({ screen }, dialled, { way }) => dialled && screen.kind !== 'confirm' && way.say === null,
    (known, coming) => known || coming,
  )
  return new Set(
    [...states].flatMap(([key, dialled]) => {
      const node = graph.nodes.get(key)
      return dialled && node?.screen.kind === 'confirm' ? [node.id] : []
    }),
  )
}
