import type { Asking, Program, Route, Screen, ScreenId, Target, TextKey } from '../program.ts'

/** One way on from a screen. */
export type Way = {
  readonly go: Target
  readonly set: readonly string[]
  readonly say: TextKey | null
  /** Taken after the subscriber answered, as opposed to at once. */
  readonly asked: boolean
  /** The screen is then one to go back to. */
  readonly leaves: boolean
  /** The screen has then written, so that nothing before it is to go back to. */
  readonly wrote: boolean
}

/** A screen as reached through particular `use` screens; `after`: a `use` screen once its flow has returned. */
export type Node = {
  readonly key: string
  readonly id: ScreenId
  readonly screen: Screen
  readonly stack: readonly ScreenId[]
  readonly after: boolean
  readonly edges: readonly Edge[]
}

/** `frame`: whether a flow is entered or left. */
export type Edge = { readonly way: Way; readonly to: string; readonly frame: 'same' | 'enter' | 'leave' | 'home' }

/** What can be reached from the first screen. `loops`: `use` screens by which a flow would use itself; `lost`: where a return leads nowhere. */
export type Graph = {
  readonly start: string
  readonly nodes: ReadonlyMap<string, Node>
  readonly loops: readonly ScreenId[]
  readonly lost: readonly ScreenId[]
}

export function graphOf(program: Program): Graph {
  const nodes = new Map<string, Node>()
  const loops = new Set<ScreenId>()
  const lost = new Set<ScreenId>()
  const open: Place[] = [{ id: program.start, stack: [], after: false }]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const screen = program.screens[place.id]
    const key = keyOf(place)
    if (screen === undefined || nodes.has(key)) continue
    const edges: Edge[] = []
    for (const way of place.after && screen.kind === 'use' ? afterUse(screen) : waysOf(program, screen)) {
      const next = destination(program, place, screen, way, loops, lost)
      if (next === null) continue
      edges.push({ way, to: keyOf(next.place), frame: next.frame })
      open.push(next.place)
    }
    nodes.set(key, { ...place, key, screen, edges })
  }
  const start = keyOf({ id: program.start, stack: [], after: false })
  return { start, nodes, loops: [...loops], lost: [...lost] }
}

/** Carries a state along every edge until nothing changes; `join` gives back its first argument where the second adds nothing. */
export function flood<State>(
  graph: Graph,
  start: State,
  pass: (node: Node, state: State, edge: Edge) => State,
  join: (known: State, coming: State) => State,
): ReadonlyMap<string, State> {
  const states = new Map([[graph.start, start]])
  const open = [graph.start]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const [node, state] = [graph.nodes.get(key), states.get(key)]
    if (node === undefined || state === undefined) continue
    for (const edge of node.edges) {
      const known = states.get(edge.to)
      const coming = pass(node, state, edge)
      const joined = known === undefined ? coming : join(known, coming)
      if (known === joined) continue
      states.set(edge.to, joined)
      open.push(edge.to)
    }
  }
  return states
}

/** The states of a screen's nodes joined. */
export function byScreen<State>(
  graph: Graph,
  states: ReadonlyMap<string, State>,
  join: (known: State, coming: State) => State,
): ReadonlyMap<ScreenId, State> {
  const result = new Map<ScreenId, State>()
  for (const [key, state] of states) {
    const id = graph.nodes.get(key)?.id
    const known = id === undefined ? undefined : result.get(id)
    if (id !== undefined) result.set(id, known === undefined ? state : join(known, state))
  }
  return result
}

export function union<Item>(known: ReadonlySet<Item>, coming: ReadonlySet<Item>): ReadonlySet<Item> {
  return [...coming].every((item) => known.has(item)) ? known : new Set([...known, ...coming])
}

export function isVisible({ kind }: Screen): boolean {
  return kind === 'menu' || kind === 'input' || kind === 'confirm' || kind === 'list'
}

export function flowOf(id: ScreenId): string {
  return id.slice(0, id.indexOf('.'))
}

/** Every way on from a screen; that of a `use` leads into its flow. */
export function waysOf(program: Program, screen: Screen): readonly Way[] {
  const still = { set: [], say: null, asked: false, leaves: false, wrote: false }
  switch (screen.kind) {
    case 'menu':
      return [...screen.choices.map(({ route }) => wayOf(route, { asked: true, leaves: true })), ...afterTries(screen)]
    case 'input':
      return [{ ...still, go: screen.go, set: [screen.as], asked: true, leaves: true }, ...afterTries(screen)]
    case 'list':
      return [
        ...(screen.choose ? [wayOf(screen.choose, { asked: true, leaves: true })] : []),
        ...(screen.empty ? [wayOf(screen.empty, {})] : []),
        ...Object.values(screen.outcomes).map((route) => wayOf(route, {})),
        ...afterTries(screen),
      ]
    case 'confirm': {
      const writes = program.actions[screen.action]?.effect === 'write'
      const outcomes = Object.values(screen.outcomes).map((route) =>
        wayOf(route, { asked: true, wrote: writes && route.go !== 'again' }),
      )
      const ways = [...outcomes, ...afterTries(screen)]
      return screen.no === null ? ways : [...ways, { ...still, go: screen.no, asked: true }]
    }
    case 'call':
      return Object.values(screen.outcomes).map((route) => wayOf(route, {}))
    case 'route':
      return [...screen.cases.map(({ go }) => go), screen.otherwise].map((go) => ({ ...still, go }))
    case 'use':
      return [{ ...still, go: screen.start, set: screen.with.map(({ to }) => to) }]
    case 'end':
      return []
  }
}

/** The way that a screen has after too many answers that were none; without one, that is the end. */
function afterTries({ kind, after }: Extract<Screen, Asking>): readonly Way[] {
  return after === null ? [] : [wayOf(after, { asked: true, leaves: kind !== 'confirm' })]
}

type Place = Pick<Node, 'id' | 'stack' | 'after'>

function keyOf({ id, stack, after }: Place): string {
  return `${[...stack, id].join(' > ')}${after ? ' after' : ''}`
}

function wayOf({ set, say, go }: Route, traits: Partial<Way>): Way {
  return { go, set: set.map(({ to }) => to), say, asked: false, leaves: false, wrote: false, ...traits }
}

function afterUse(screen: Screen & { kind: 'use' }): readonly Way[] {
  if (screen.go === null) return []
  return [{ go: screen.go, set: screen.set.map(({ to }) => to), say: null, asked: false, leaves: false, wrote: false }]
}

function destination(
  program: Program,
  { id, stack, after }: Place,
  screen: Screen,
  { go }: Way,
  loops: Set<ScreenId>,
  lost: Set<ScreenId>,
): { place: Place; frame: Edge['frame'] } | null {
  switch (go) {
    case 'end':
      return null
    case 'again':
      return { place: { id, stack, after }, frame: 'same' }
    case 'home':
      return { place: { id: program.start, stack: [], after: false }, frame: 'home' }
    case 'return': {
      const user = stack.at(-1)
      const used = user === undefined ? undefined : program.screens[user]
      if (user !== undefined && used?.kind === 'use' && used.go !== null) {
        return { place: { id: user, stack: stack.slice(0, -1), after: true }, frame: 'leave' }
      }
      lost.add(user ?? id)
      return null
    }
  }
  if (screen.kind !== 'use' || after) return { place: { id: go, stack, after: false }, frame: 'same' }
  if ([...stack, id].some((each) => flowOf(each) === flowOf(go))) {
    loops.add(id)
    return null
  }
  return { place: { id: go, stack: [...stack, id], after: false }, frame: 'enter' }
}
