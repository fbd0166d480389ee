import type { Draft } from '../../../src/menu/compile.ts'
import type { Screen } from '../../../src/menu/program.ts'
import { type Drawn, type DrawnWay, drawnScreens } from './model.ts'

/** What stands left and right of a screen's name. */
const shapes: Readonly<Record<Screen['kind'], readonly [string, string]>> = {
  menu: ['["', '"]'],
  input: ['[/"', '"/]'],
  list: ['[("', '")]'],
  confirm: ['{{"', '"}}'],
  call: ['("', '")'],
  route: ['{"', '"}'],
  use: ['[["', '"]]'],
  end: ['(["', '"])'],
}

const STYLES = `  classDef unseen stroke-dasharray: 4 3
  classDef unreached stroke:#c2410c,stroke-width:2px,stroke-dasharray: 1 3
  classDef long fill:#fecaca,stroke:#b91c1c,color:#450a0a
  classDef mark fill:none,stroke:none
  classDef last fill:#374151,stroke:#374151,color:#ffffff
`

/** A Mermaid flowchart: a subgraph for each flow, a shape for each kind of screen, dashed where nothing is shown. */
export function mermaidOf(draft: Draft): string {
  const drawn = drawnScreens(draft)
  const names = nodeNames(drawn.map(({ id }) => id))
  const name = (id: string): string => names.get(id) ?? id
  const flows = [...new Set(drawn.map(({ flow }) => flow))]
  const blocks = flows.map((flow, index) => {
    const screens = drawn.filter((screen) => screen.flow === flow)
    const exits = [...new Set(screens.flatMap(({ ways }) => ways.map(markOf)))].filter((mark) => mark !== null)
    const lines = [
      ...screens.map((screen) => `    ${name(screen.id)}${node(screen)}`),
      ...exits.map((mark) => `    f${index}_${mark}${MARKS[mark]}`),
      ...screens
        .flatMap((screen) => arrows(screen, name, index))
        .filter((line) => !line.leaves)
        .map(text),
    ]
    return `  subgraph f${index} ["${escaped(flow)}"]\n${lines.join('\n')}\n  end\n`
  })
  const between = flows.flatMap((flow, index) =>
    drawn.filter((screen) => screen.flow === flow).flatMap((screen) => arrows(screen, name, index)),
  )
  const across = between.filter(({ leaves }) => leaves).map(({ line }) => `${line}\n`)
  return `flowchart LR\n${blocks.join('')}${across.join('')}${STYLES}`
}

type Mark = 'end' | 'home' | 'return'

const MARKS: Readonly<Record<Mark, string>> = {
  end: '(("end")):::last',
  home: '(["home"]):::mark',
  return: '(["return"]):::mark',
}

function markOf({ go, to }: DrawnWay): Mark | null {
  return to === null && Object.hasOwn(MARKS, go) ? (go as Mark) : null
}

function node({ id, kind, visible, reached, long }: Drawn): string {
  const [left, right] = shapes[kind]
  const style = long ? ':::long' : !reached ? ':::unreached' : visible ? '' : ':::unseen'
  return `${left}${escaped(id.slice(id.indexOf('.') + 1))}${right}${style}`
}

type Arrow = { readonly line: string; readonly leaves: boolean }

/** One arrow for all the ways from one screen to another. */
function arrows({ id, flow, ways }: Drawn, name: (id: string) => string, index: number): readonly Arrow[] {
  const labels = new Map<string, string[]>()
  const leaving = new Set<string>()
  for (const way of ways) {
    const mark = markOf(way)
    const to = way.to !== null ? name(way.to) : mark !== null ? `f${index}_${mark}` : name(id)
    if (way.to !== null && !way.to.startsWith(`${flow}.`)) leaving.add(to)
    labels.set(to, [...(labels.get(to) ?? []), escaped(way.label)])
  }
  return [...labels].map(([to, all]) => ({
    line: `${name(id)} -->|"${all.join('<br>')}"| ${to}`,
    leaves: leaving.has(to),
  }))
}

function text({ line }: Arrow): string {
  return `    ${line}`
}

/** Names that Mermaid accepts, each screen's its own. */
function nodeNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  return new Map(
    ids.map((id) => {
      let name = id.replace('.', '__').replaceAll('-', '_')
      while (taken.has(name)) name += '_'
      taken.add(name)
      return [id, name]
    }),
  )
}

/** Mermaid's own escapes; a label is in double quotes. */
function escaped(label: string): string {
  return label.replace(/[#"<>&]/g, (character) => `#${character.charCodeAt(0)};`)
}
