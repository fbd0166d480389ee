import { factTypes } from '../build/symbols.ts'
import type { Guard, Screen, ScreenId, Target } from '../program.ts'
import type { Check, Checked } from './all.ts'
import { byScreen, flood, flowOf, type Graph, union } from './graph.ts'
import { type KnownOf, satisfiable } from './satisfiable.ts'

/** Every choice can be offered to somebody, every case of a route can be taken, and so can its `else`. */
export const checkNever: Check = (report, checked, graph) => {
  const { program, symbols } = checked
  const callers = callersOf(checked, graph)
  for (const [id, screen] of Object.entries(program.screens)) {
    const statuses = callers.get(id)
    if (statuses === undefined || statuses.size === 0) continue
    const known = knownAt(checked, id, statuses)
    const spot = (key: string) => symbols.spots.get(key) ?? symbols.spots.get(id)
    if (screen.kind === 'menu') {
      for (const { key, when } of screen.choices) {
        const at = spot(`${id}.when.${key}`)
        if (when !== null && at !== undefined && !satisfiable([when], [], known))
          report(
            'E-REACH',
            at,
            `the condition of the choice ${key} can never hold here, so nobody is ever offered it. Correct the condition, or take the choice away.`,
          )
      }
    }
    if (screen.kind !== 'route') continue
    const before: Guard[] = []
    for (const [index, { when }] of screen.cases.entries()) {
      const at = spot(`${id}.case.${index}`)
      if (at !== undefined && !satisfiable([when], before, known)) {
        const why = satisfiable([when], [], known)
          ? 'can no longer hold after the ones before it'
          : 'can never hold here'
        report('E-REACH', at, `this condition ${why}, so nobody ever goes this way. Correct it, or take the case away.`)
      }
      before.push(when)
    }
    const at = spot(`${id}.else`)
    if (at !== undefined && before.length > 0 && !satisfiable([], before, known))
      report(
        'W-REACH',
        at,
        `one of the conditions before else always holds, so nobody ever goes this way. Take the last case away and let else lead where it does.`,
      )
  }
}

/** Of which status a caller can be at each screen: facts stay the same for a whole dialogue, so a route that asks for it sorts them. */
function callersOf(checked: Checked, graph: Graph): ReadonlyMap<ScreenId, ReadonlySet<string>> {
  const { status } = factTypes(checked.symbols.languages)
  const everybody = new Set(status.type === 'choice' ? status.of : [])
  const states = flood<ReadonlySet<string>>(
    graph,
    everybody,
    ({ id, screen }, statuses, { way }) => sorted(checked, id, screen, statuses, way.go),
    union,
  )
  return byScreen(graph, states, union)
}

/** Those whom the conditions of a screen let go this way. */
function sorted(
  checked: Checked,
  id: ScreenId,
  screen: Screen,
  statuses: ReadonlySet<string>,
  go: Target,
): ReadonlySet<string> {
  const ways = conditionsOf(screen, go)
  if (ways === null || !ways.some(({ yes, no }) => [...yes, ...no].some(asksStatus))) return statuses
  const passes = (status: string): boolean => {
    const known = knownAt(checked, id, new Set([status]))
    return ways.some(({ yes, no }) => satisfiable(yes, no, known))
  }
  return new Set([...statuses].filter(passes))
}

type Condition = { readonly yes: readonly Guard[]; readonly no: readonly Guard[] }

/** What must hold, and what not, on each way from the screen to this target; null where nothing does. */
function conditionsOf(screen: Screen, go: Target): readonly Condition[] | null {
  if (screen.kind === 'menu')
    return screen.choices
      .filter(({ route }) => route.go === go)
      .map(({ when }) => ({ yes: when === null ? [] : [when], no: [] }))
  if (screen.kind !== 'route') return null
  const guards = screen.cases.map(({ when }) => when)
  const taken = screen.cases.flatMap((each, index): Condition[] =>
    each.go === go ? [{ yes: [each.when], no: guards.slice(0, index) }] : [],
  )
  return screen.otherwise === go ? [...taken, { yes: [], no: guards }] : taken
}

function asksStatus(guard: Guard): boolean {
  switch (guard.op) {
    case 'and':
    case 'or':
      return asksStatus(guard.left) || asksStatus(guard.right)
    case 'not':
      return asksStatus(guard.of)
    case 'in':
      return isStatus(guard.left)
    case 'compare':
      return isStatus(guard.left) || isStatus(guard.right)
  }
}

function isStatus(source: { readonly from: string; readonly name?: string }): boolean {
  return source.from === 'fact' && source.name === 'status'
}

function knownAt({ symbols }: Checked, id: ScreenId, statuses: ReadonlySet<string>): KnownOf {
  const variables = symbols.flows.get(flowOf(id))?.variables ?? {}
  const facts = factTypes(symbols.languages)
  return (source) => {
    if (source.from === 'variable') return { type: variables[source.name] ?? null, only: null }
    if (source.from !== 'fact') return { type: null, only: null }
    return { type: facts[source.name], only: source.name === 'status' ? [...statuses] : null }
  }
}
