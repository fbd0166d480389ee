import { LAST_TRANSFER_OUTCOMES } from '../last-transfer.ts'
import type { Program, ScreenId, TextKey } from '../program.ts'
import { byScreen, flood, type Graph, isVisible, union } from './graph.ts'

/** What may stand above each screen when it is first shown: the key of a text, or null for nothing. */
export function aboveOf(
  { tellsLastTransfer, tellsAsked }: Program,
  graph: Graph,
): ReadonlyMap<ScreenId, ReadonlySet<TextKey | null>> {
  const said = saidAbove(graph)
  const dialled = dialledTo(graph)
  const first = firstMenus(graph)
  const news = [
    ...(tellsLastTransfer ? LAST_TRANSFER_OUTCOMES.map((outcome) => `service.last_transfer.${outcome}`) : []),
    ...(tellsAsked ? ['service.asked'] : []),
  ]
  return new Map(
    [...said].map(([id, keys]) => {
      const warning = dialled.has(id) ? ['service.dialled_secret'] : []
      return [id, new Set([...keys, ...warning, ...(first.has(id) ? news : [])])]
    }),
  )
}

/** The menus that a dial can begin with. */
function firstMenus(graph: Graph): ReadonlySet<ScreenId> {
  const states = flood<boolean>(
    graph,
    true,
    ({ screen }, first) => first && (screen.kind === 'route' || screen.kind === 'use'),
    (known, coming) => known || coming,
  )
  return new Set(
    [...states].flatMap(([key, first]) => {
      const node = graph.nodes.get(key)
      return first && node?.screen.kind === 'menu' ? [node.id] : []
    }),
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

/** The screens at which a dialled string can stop for a warning. It goes no further than a confirm or a screen with news. */
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
      return dialled && node !== undefined && isVisible(node.screen) ? [node.id] : []
    }),
  )
}
