import { blocksOf } from '../layout.ts'
import type { Guard, Program, Screen, ScreenId, Source, Template, TextKey } from '../program.ts'
import type { Check } from './all.ts'
import { hintsOf, isTwice } from './asking.ts'
import { flood, flowOf, type Node, waysOf } from './graph.ts'

/** The variables that surely have a value, of the outermost flow first. */
type Frames = readonly ReadonlySet<string>[]

/** No variable is read on any way before it is set, and a flow that returns has all its results. */
export const checkBind: Check = (report, { program, symbols, service }, graph) => {
  const states = flood<Frames>(
    graph,
    [new Set()],
    (_node, frames, { way, frame }) => {
      if (frame === 'home') return [new Set()]
      if (frame === 'enter') return [...frames, new Set(way.set)]
      const outer = frames.slice(0, -1)
      return frame === 'leave' ? outer : [...outer, new Set([...(frames.at(-1) ?? []), ...way.set])]
    },
    (known, coming) => {
      const both = known.map((set, depth) => new Set([...set].filter((name) => coming[depth]?.has(name))))
      return both.every((set, depth) => set.size === known[depth]?.size) ? known : both
    },
  )
  const texts = program.texts[service.language] ?? {}
  const told = new Set<string>()
  for (const [key, frames] of states) {
    const node = graph.nodes.get(key)
    if (node === undefined || node.after) continue
    for (const { name, at } of readsOf(
      program,
      texts,
      node,
      frames.at(-1) ?? new Set(),
      symbols.flows.get(flowOf(node.id))?.results ?? [],
    )) {
      const spot = symbols.spots.get(at) ?? symbols.spots.get(node.id)
      if (spot === undefined || told.has(`${at} ${name}`)) continue
      told.add(`${at} ${name}`)
      report(
        'E-BIND',
        spot,
        `${name} may have no value here, since not every way to ${node.id} sets it. Set it on each way.`,
      )
    }
  }
}

type Read = { readonly name: string; readonly at: TextKey | ScreenId }

/** What the screen reads that `set` lacks. */
function readsOf(
  program: Program,
  texts: Readonly<Record<TextKey, Template>>,
  { id, screen }: Node,
  set: ReadonlySet<string>,
  results: readonly string[],
): readonly Read[] {
  const shown = shownBy(id, screen).flatMap((key) => variablesIn(texts[key]).map((name) => ({ name, at: key })))
  const used = sourcesIn(screen).map((name) => ({ name, at: id }))
  const missing = [...shown, ...used].filter(({ name }) => !set.has(name))
  const later = waysOf(program, screen).flatMap((way): Read[] => {
    const has = (name: string): boolean => set.has(name) || (screen.kind !== 'use' && way.set.includes(name))
    const said = way.say === null ? [] : variablesIn(texts[way.say]).map((name) => ({ name, at: way.say ?? id }))
    const returned = way.go === 'return' ? results.map((name) => ({ name, at: id })) : []
    return [...said, ...returned].filter(({ name }) => !has(name))
  })
  return [...missing, ...later]
}

/** Texts shown on the screen itself, not on leaving it. */
function shownBy(id: ScreenId, screen: Screen): readonly TextKey[] {
  if (screen.kind === 'call' || screen.kind === 'route' || screen.kind === 'use') return []
  const blocks = blocksOf(id, screen, screen.kind === 'menu' ? screen.choices : [])
  const keys = [...blocks, ...(isTwice(screen) ? blocksOf(id, screen, [], true) : [])].map(({ key }) => key)
  if (screen.kind === 'list') keys.push(`${id}.row`)
  return screen.kind === 'end' ? keys : [...keys, ...hintsOf(screen)]
}

function variablesIn(template: Template | undefined): readonly string[] {
  return (template?.parts ?? []).flatMap((part) => (typeof part === 'string' ? [] : nameOf(part.value)))
}

function nameOf(source: Source): readonly string[] {
  return source.from === 'variable' ? [source.name] : []
}

/** Variables in guards and arguments. */
function sourcesIn(screen: Screen): readonly string[] {
  switch (screen.kind) {
    case 'menu':
      return screen.choices.flatMap(({ when, route }) => [
        ...(when === null ? [] : guardNames(when)),
        ...route.set.flatMap(({ value }) => nameOf(value)),
      ])
    case 'route':
      return screen.cases.flatMap(({ when }) => guardNames(when))
    case 'list':
      return screen.call === null ? [screen.rows] : screen.call.with.flatMap(({ value }) => nameOf(value))
    case 'confirm':
    case 'call':
    case 'use':
      return screen.with.flatMap(({ value }) => nameOf(value))
    case 'end':
      return screen.sms.flatMap((sms) => sms.with.flatMap(({ value }) => nameOf(value)))
    case 'input':
      return []
  }
}

function guardNames(guard: Guard): readonly string[] {
  switch (guard.op) {
    case 'and':
    case 'or':
      return [...guardNames(guard.left), ...guardNames(guard.right)]
    case 'not':
      return guardNames(guard.of)
    case 'in':
      return nameOf(guard.left)
    case 'compare':
      return [...nameOf(guard.left), ...nameOf(guard.right)]
  }
}
