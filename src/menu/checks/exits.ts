import type { ScreenId } from '../program.ts'
import { byScreen, type Edge, flood, type Graph, isVisible, type Node, union } from './graph.ts'

/** Which ways out a screen's footer may show. */
export type Exits = { readonly back: boolean; readonly home: boolean }

/**
 * The engine's history as far as it matters here: the node of its oldest place, or null where it is empty, and whether the dialogue has a
 * past beyond it. Later places need not be known: a screen can go back unless all the history is that screen itself.
 */
type Past = { readonly oldest: string | null; readonly away: boolean }

/** For each screen, whether it may have a screen to go back to, and whether it may be away from home. */
export function exitsOf(graph: Graph): ReadonlyMap<ScreenId, Exits> {
  const pasts = flood<ReadonlySet<string>>(
    graph,
    new Set([write({ oldest: null, away: false })]),
    (node, states, edge) => new Set([...states].flatMap((state) => pass(graph, node, read(state), edge).map(write))),
    union,
  )
  const exits = new Map<string, Exits>()
  for (const [key, states] of pasts) {
    const all = [...states].map(read)
    const back = all.some(({ oldest }) => oldest !== null)
    exits.set(key, { back, home: back || all.some(({ away }) => away) })
  }
  return byScreen(graph, exits, (known, coming) => ({
    back: known.back || coming.back,
    home: known.home || coming.home,
  }))
}

function pass(graph: Graph, node: Node, past: Past, { way, frame, to }: Edge): readonly Past[] {
  if (frame === 'home') return [{ oldest: null, away: false }]
  const { oldest, away } = leaving(node, past, way)
  const target = graph.nodes.get(to)
  const depth = target?.stack.length ?? 0
  const kept = oldest !== null && (graph.nodes.get(oldest)?.stack.length ?? 0) <= depth ? oldest : null
  if (target === undefined || !isVisible(target.screen) || kept !== to) return [{ oldest: kept, away }]
  // A list without rows is passed by, and so does not cut the history down to itself.
  return [{ oldest: null, away }, ...(target.screen.kind === 'list' ? [{ oldest: kept, away }] : [])]
}

function leaving({ key, screen }: Node, { oldest, away }: Past, { leaves, wrote, go }: Edge['way']): Past {
  if (leaves) return { oldest: oldest ?? key, away }
  if (screen.kind !== 'confirm' || go === 'again') return { oldest, away }
  const left = wrote ? null : oldest
  return { oldest: left, away: away || left === null }
}

/** States are compared as text. */
function write({ oldest, away }: Past): string {
  return `${away ? '+' : '-'}${oldest ?? ''}`
}

function read(state: string): Past {
  return { oldest: state.slice(1) || null, away: state.startsWith('+') }
}
