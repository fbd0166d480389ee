import type { Report, Spot } from '../problem.ts'
import type { Program } from '../program.ts'
import type { FlowHead } from './symbols.ts'
import { type Entries, itemsOf, type Tree, textIn } from './tree.ts'

/** `flow.screen`, or `flow.$variable`: how screens and variables are named across versions. */
type Lineage = Pick<Program, 'variables' | 'moved' | 'removed'>

type Move = { readonly at: Spot; readonly from: string; readonly to: string }

const ID = /^(?:[a-z][a-z0-9_-]*\.)?\$?[a-z][a-z0-9_-]*$/

/** What this version calls otherwise than earlier ones (`was:` on flows, screens and variables), and what it has given up (`removed:`). */
export function readLineage(
  report: Report,
  service: Tree | null,
  trees: ReadonlyMap<string, Tree>,
  heads: ReadonlyMap<string, FlowHead>,
): Lineage {
  const variables = [...heads.values()].flatMap((head) =>
    Object.keys(head.variables).map((name) => variableId(head.name, name)),
  )
  const screens = [...heads.values()].flatMap((head) => [...head.screens.keys()].map((name) => `${head.name}.${name}`))
  const present = new Set([...screens, ...variables])
  const moved = new Map<string, string>()
  for (const { at, from, to } of [...heads.values()].flatMap((head) => movesOf(report, head, trees.get(head.name)))) {
    const claimed = moved.get(from)
    if (present.has(from))
      report('E-MIG', at, `was: names ${from}, which is still there, so nothing has moved. Take was: away, or ${from}.`)
    else if (claimed !== undefined && claimed !== to)
      report('E-MIG', at, `${claimed} was ${from} already, so its counts would have two homes. Keep one of the two.`)
    else moved.set(from, to)
  }
  for (const head of heads.values()) {
    for (const { at, from, to } of flowMoves(report, head, trees.get(head.name))) {
      if (heads.has(from)) {
        report('E-MIG', at, `was: names the flow ${from}, which is still there. Write was: at the screens that moved.`)
        break
      }
      const old = `${from}.${to.slice(head.name.length + 1)}`
      if (!moved.has(old)) moved.set(old, to)
    }
  }
  return { variables, moved: Object.fromEntries(moved), removed: readRemoved(report, service, present, heads) }
}

function variableId(flow: string, name: string): string {
  return `${flow}.$${name}`
}

/** The same types without the `was:` that may stand among them: `{ text: 20, was: old }`, `{ type: msisdn, was: old }`. */
export function withoutWas(tree: Tree): Tree {
  if (tree.kind !== 'map') return tree
  return {
    ...tree,
    entries: new Map([...tree.entries].map(([name, { at, value }]) => [name, { at, value: bare(value) }])),
  }
}

function bare(type: Tree): Tree {
  if (type.kind !== 'map' || !type.entries.has('was')) return type
  const rest: Entries = new Map([...type.entries].filter(([key]) => key !== 'was'))
  return (rest.size === 1 && rest.get('type')?.value) || { ...type, entries: rest }
}

/** What single screens and variables of a flow were. */
function movesOf(report: Report, head: FlowHead, tree: Tree | undefined): Move[] {
  const named = (entries: Entries, toId: (name: string) => string, mark: string): Move[] =>
    [...entries].flatMap(([name, { value }]) =>
      namesOf(report, entryOf(value, 'was')).map(({ at, name: old }) => {
        const from = old.includes('.') ? old : `${head.name}.${old}`
        return { at, from: mark === '' ? from : from.replace(/\.\$?/, `.${mark}`), to: toId(name) }
      }),
    )
  const types = ['parameters', 'variables'].flatMap((key) => [...entriesIn(tree && entryOf(tree, key))])
  return [
    ...named(head.screens, (name) => `${head.name}.${name}`, ''),
    ...named(new Map(types), (name) => variableId(head.name, name), '$'),
  ]
}

/** All that a flow has, where the whole of it was another flow: `from` is that flow. */
function flowMoves(report: Report, head: FlowHead, tree: Tree | undefined): Move[] {
  const ids = [
    ...[...head.screens.keys()].map((name) => `${head.name}.${name}`),
    ...Object.keys(head.variables).map((name) => variableId(head.name, name)),
  ]
  return namesOf(report, tree && entryOf(tree, 'was')).flatMap(({ at, name }) =>
    ids.map((to) => ({ at, from: name, to })),
  )
}

function readRemoved(
  report: Report,
  service: Tree | null,
  present: ReadonlySet<string>,
  heads: ReadonlyMap<string, FlowHead>,
): readonly string[] {
  const tree = service === null ? undefined : entryOf(service, 'removed')
  return (tree === undefined ? [] : itemsOf(report, tree, 'removed')).flatMap((item) =>
    namesOf(report, item).map(({ at, name }) => {
      if (present.has(name) || heads.has(name))
        report('E-MIG', at, `removed names ${name}, which is still there. Take it off the list, or out of the menus.`)
      return name
    }),
  )
}

/** One name or a list of them. */
function namesOf(report: Report, tree: Tree | undefined): { at: Spot; name: string }[] {
  if (tree === undefined) return []
  return (tree.kind === 'list' ? tree.items : [tree]).flatMap((item) => {
    const name = textIn(report, item, 'an earlier name')
    if (name !== null && !ID.test(name))
      report('E-SHAPE', item.at, `${name} names nothing that was: write flow.screen, flow.$variable or a flow.`)
    return name === null ? [] : [{ at: item.at, name }]
  })
}

function entryOf(tree: Tree, key: string): Tree | undefined {
  return tree.kind === 'map' ? tree.entries.get(key)?.value : undefined
}

function entriesIn(tree: Tree | undefined): Entries {
  return tree?.kind === 'map' ? tree.entries : new Map()
}
