import type { Assignment, Guard, Program, Screen, Source } from '../../../src/menu/program.ts'

/** Names of variables whose values can turn a condition, at once or after being handed on; all others only matter by being set. */
export function tellingNames(program: Program): ReadonlySet<string> {
  const screens = Object.values(program.screens)
  const names = new Set(screens.flatMap(guardsOf).flatMap(sourcesOf).flatMap(nameOf))
  const handed = screens.flatMap(assignmentsOf)
  for (let before = -1; before !== names.size; ) {
    before = names.size
    for (const { to, value } of handed) if (names.has(to)) for (const name of nameOf(value)) names.add(name)
  }
  return names
}

export function guardsOf(screen: Screen): readonly Guard[] {
  if (screen.kind === 'route') return screen.cases.map(({ when }) => when)
  return screen.kind === 'menu' ? screen.choices.flatMap(({ when }) => when ?? []) : []
}

/** The single comparisons of a condition. */
export function comparisonsOf(guard: Guard): readonly (Guard & { op: 'in' | 'compare' })[] {
  switch (guard.op) {
    case 'and':
    case 'or':
      return [...comparisonsOf(guard.left), ...comparisonsOf(guard.right)]
    case 'not':
      return comparisonsOf(guard.of)
    default:
      return [guard]
  }
}

function sourcesOf(guard: Guard): readonly Source[] {
  return comparisonsOf(guard).flatMap((each) => (each.op === 'in' ? [each.left] : [each.left, each.right]))
}

function nameOf(source: Source): readonly string[] {
  return source.from === 'variable' || source.from === 'field' ? [source.name] : []
}

function assignmentsOf(screen: Screen): readonly Assignment[] {
  switch (screen.kind) {
    case 'menu':
      return screen.choices.flatMap(({ route }) => route.set)
    case 'list':
      return [...(screen.choose?.set ?? []), ...Object.values(screen.outcomes).flatMap(({ set }) => set)]
    case 'confirm':
    case 'call':
      return Object.values(screen.outcomes).flatMap(({ set }) => set)
    case 'use':
      return [...screen.with, ...screen.set]
    default:
      return []
  }
}
