import type { Graph, Node } from '../checks/graph.ts'
import type { Report, Spot } from '../problem.ts'
import type { ScreenId, Shortcut, ShortcutAnswer, ShortcutToken } from '../program.ts'
import { entriesOf, isName, type Tree, textIn } from './tree.ts'

/** A shortcut as it stands in `service.yaml`, before its way through the screens is known. */
export type ShortcutHead = {
  readonly at: Spot
  readonly template: string
  readonly tokens: readonly ShortcutToken[]
  readonly screen: ScreenId
}

/** Three digits at most, so that what is published never looks like a PIN. */
const KEY = /^\d{1,3}$/

/** Reads `shortcuts: { "1*{to}": send-money.amount }`. */
export function readShortcuts(report: Report, tree: Tree | undefined): readonly ShortcutHead[] {
  const entries = tree === undefined ? [] : entriesOf(report, tree, 'shortcuts')
  return [...entries].flatMap(([template, { at, value }]) => {
    const screen = textIn(report, value, `the screen of ${template}`)
    const tokens = template.split('*').map(readToken)
    const known = tokens.filter((token) => token !== null)
    const names = variablesOf(known)
    if (known.length < tokens.length || known[0]?.kind !== 'key') {
      report(
        'E-CUT',
        at,
        `${template} cannot be dialled. Begin with a key of one to three digits, then keys and {variables} with * between them: "1*{to}*{amount}".`,
      )
    } else if (new Set(names).size < names.length) {
      report('E-CUT', at, `${template} has one variable twice, so one of the two values would be lost.`)
    } else if (screen !== null) return [{ at, template, tokens: known, screen }]
    return []
  })
}

function readToken(text: string): ShortcutToken | null {
  const [, name] = /^\{(.*)\}$/.exec(text) ?? []
  if (name !== undefined) return isName(name) ? { kind: 'variable', name } : null
  return KEY.test(text) ? { kind: 'key', key: text } : null
}

export function variablesOf(tokens: readonly ShortcutToken[]): readonly string[] {
  return tokens.flatMap((token) => (token.kind === 'variable' ? [token.name] : []))
}

/** The shortcuts with what answers each screen on their way; those that have no way are left out, and told by `checkShortcuts`. */
export function resolveShortcuts(heads: readonly ShortcutHead[], graph: Graph): readonly Shortcut[] {
  return heads.flatMap(({ template, tokens, screen }) => {
    const way = wayTo(graph, screen, variablesOf(tokens), answerable)
    if (way === null) return []
    const answers = way.flatMap((step) => answerAt(step, tokens))
    return [{ template, tokens, screen, answers }]
  })
}

/** A node on a way, and the edge that leaves it; the last one's is null. */
export type WayStep = { readonly node: Node; readonly edge: Node['edges'][number] | null }

/** Whether a dialled code may go through the node, with these variables. */
export type MayPass = (node: Node, variables: readonly string[]) => boolean

/** Menus by their keys, inputs by a variable, and what is not seen. Rows and confirmations are for people. */
const answerable: MayPass = ({ screen }, variables) => {
  if (screen.kind === 'input') return variables.includes(screen.as)
  return screen.kind !== 'list' && screen.kind !== 'confirm'
}

/** The shortest way from the first screen to this one that asks for each of the variables once and says nothing on it. */
export function wayTo(
  graph: Graph,
  screen: ScreenId,
  variables: readonly string[],
  mayPass: MayPass,
): readonly WayStep[] | null {
  type Trail = { readonly node: Node; readonly open: readonly string[]; readonly past: readonly WayStep[] }
  const first = graph.nodes.get(graph.start)
  let trails: readonly Trail[] = first === undefined ? [] : [{ node: first, open: variables, past: [] }]
  const seen = new Set<string>()
  while (trails.length > 0) {
    const next: Trail[] = []
    for (const { node, open, past } of trails) {
      const key = `${node.key} ${open.join(' ')}`
      if (seen.has(key)) continue
      seen.add(key)
      if (node.id === screen && !node.after && open.length === 0) return [...past, { node, edge: null }]
      if (!mayPass(node, variables)) continue
      const as = node.screen.kind === 'input' ? node.screen.as : null
      const left = open.filter((name) => name !== as)
      for (const edge of node.edges) {
        const to = graph.nodes.get(edge.to)
        if (to === undefined || edge.way.say !== null || edge.frame === 'home') continue
        next.push({ node: to, open: left, past: [...past, { node, edge }] })
      }
    }
    trails = next
  }
  return null
}

function answerAt({ node, edge }: WayStep, tokens: readonly ShortcutToken[]): readonly ShortcutAnswer[] {
  const { id, screen } = node
  if (edge === null) return []
  if (screen.kind === 'input') {
    const index = tokens.findIndex((token) => token.kind === 'variable' && token.name === screen.as)
    return [{ at: id, kind: 'token', index }]
  }
  if (screen.kind !== 'menu') return []
  const choice = screen.choices.find(({ route }) => route.say === null && route.go === edge.way.go)
  return choice === undefined ? [] : [{ at: id, kind: 'key', key: choice.key }]
}
