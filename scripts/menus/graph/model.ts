import { type Graph, graphOf, isVisible } from '../../../src/menu/checks/graph.ts'
import type { Draft } from '../../../src/menu/compile.ts'
import {
  baseLanguageOf,
  type Guard,
  type Program,
  type Route,
  type Screen,
  type ScreenId,
  type Source,
  type Target,
  type TextKey,
} from '../../../src/menu/program.ts'

/** A screen as it is drawn. */
export type Drawn = {
  readonly id: ScreenId
  readonly flow: string
  readonly kind: Screen['kind']
  /** Whether a phone ever shows it; `call`, `route` and `use` are passed through. */
  readonly visible: boolean
  readonly reached: boolean
  /** In at least one language it can be longer than a screen may be. */
  readonly long: boolean
  readonly ways: readonly DrawnWay[]
}

/** `label`: the key and its words, the outcome or the condition. `to`: the screen, where it is one; else `go` says what happens. */
export type DrawnWay = {
  readonly label: string
  readonly go: Target
  readonly to: ScreenId | null
  readonly say: TextKey | null
}

/** Every screen with its ways, flow by flow in the order in which a subscriber meets them, those that nobody meets last. */
export function drawnScreens({ program, worst, words }: Draft, graph: Graph = graphOf(program)): readonly Drawn[] {
  const base = words[baseLanguageOf(program)] ?? {}
  const reached = new Set([...graph.nodes.values()].map(({ id }) => id))
  const long = new Set(worst.flatMap(({ screen, units, limit }) => (units > limit ? [screen] : [])))
  const flowOf = (id: ScreenId): string => id.slice(0, id.indexOf('.'))
  const drawn = Object.entries(program.screens).map(([id, screen]): Drawn => {
    const ways = waysOf(id, screen, base).map((way) => ({ ...way, to: way.go in program.screens ? way.go : null }))
    const visible = isVisible(screen) || screen.kind === 'end'
    return { id, flow: flowOf(id), kind: screen.kind, visible, reached: reached.has(id), long: long.has(id), ways }
  })
  const order = flowOrder(program, drawn)
  return drawn.sort((a, b) => order.indexOf(a.flow) - order.indexOf(b.flow))
}

/** Flows as they are come to from the first screen, then the others. */
function flowOrder({ start }: Program, drawn: readonly Drawn[]): readonly string[] {
  const byId = new Map(drawn.map((each) => [each.id, each]))
  const flows: string[] = []
  const seen = new Set([start])
  for (const id of seen) {
    const screen = byId.get(id)
    if (screen === undefined) continue
    if (!flows.includes(screen.flow)) flows.push(screen.flow)
    for (const { to } of screen.ways) if (to !== null) seen.add(to)
  }
  return [...flows, ...new Set(drawn.map(({ flow }) => flow).filter((flow) => !flows.includes(flow)))]
}

type Way = Omit<DrawnWay, 'to'>

function waysOf(id: ScreenId, screen: Screen, words: Readonly<Record<TextKey, string>>): readonly Way[] {
  const outcomes = (routes: Readonly<Record<string, Route>>): readonly Way[] =>
    Object.entries(routes).map(([outcome, { go, say }]) => ({ label: outcome, go, say }))
  const plain = (label: string, go: Target | null): readonly Way[] => (go === null ? [] : [{ label, go, say: null }])
  switch (screen.kind) {
    case 'menu':
      return screen.choices.map(({ key, when, route }) => {
        const text = (words[`${id}.choice.${key}`] ?? '').replace(/\s+/g, ' ')
        const label = `${key} ${text}${when === null ? '' : ` (if ${guardText(when)})`}`
        return { label, go: route.go, say: route.say }
      })
    case 'input':
      return plain(screen.type.type, screen.go)
    case 'list':
      return [
        ...plain('a row', screen.choose?.go ?? null),
        ...(screen.empty === null ? [] : [{ label: 'empty', go: screen.empty.go, say: screen.empty.say }]),
        ...outcomes(screen.outcomes),
      ]
    case 'confirm':
      return [...outcomes(screen.outcomes), ...plain('2', screen.no)]
    case 'call':
      return outcomes(screen.outcomes)
    case 'route':
      return [...screen.cases.flatMap(({ when, go }) => plain(guardText(when), go)), ...plain('else', screen.otherwise)]
    case 'use':
      return [...plain('through', screen.start), ...plain('then', screen.go)]
    case 'end':
      return []
  }
}

/** The condition as an author would write it. */
function guardText(guard: Guard): string {
  switch (guard.op) {
    case 'and':
    case 'or':
      return `${bracketed(guard.left)} ${guard.op} ${bracketed(guard.right)}`
    case 'not':
      return `not ${bracketed(guard.of)}`
    case 'in':
      return `${sourceText(guard.left)} in [${guard.among.map(literalText).join(', ')}]`
    case 'compare':
      return `${sourceText(guard.left)} ${guard.by} ${sourceText(guard.right)}`
  }
}

function bracketed(guard: Guard): string {
  return guard.op === 'and' || guard.op === 'or' ? `(${guardText(guard)})` : guardText(guard)
}

function sourceText(source: Source): string {
  if (source.from === 'literal') return literalText(source.value)
  return source.from === 'fact' ? `me.${source.name}` : source.name
}

function literalText(value: unknown): string {
  return typeof value === 'string' && !/^\d+$/.test(value) ? `'${value}'` : String(value)
}
