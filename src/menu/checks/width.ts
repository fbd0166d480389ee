import { blocksOf, footerOf, rowMark } from '../layout.ts'
import type { Report } from '../problem.ts'
import type { Program, Screen, ScreenId, Template, TextKey } from '../program.ts'
import { linesIn, stack, textOf, unitsOf } from '../text.ts'
import type { Checked, WorstScreen } from './all.ts'
import { flood, type Graph, isVisible, waysOf } from './graph.ts'
import { maxRows } from './keys.ts'
import { longest } from './longest.ts'

/** No screen of any language is too long, with the longest values and the longest words above it. Returns the fullest of each language. */
export function checkWidth(report: Report, checked: Checked, graph: Graph): readonly WorstScreen[] {
  const { program } = checked
  const aboves = wordsAbove(graph)
  const exits = waysOut(graph)
  const dialled = dialledTo(graph)
  return program.languages.flatMap(({ code }) => {
    const screens = Object.entries(program.screens).flatMap(([id, screen]) => {
      const above = aboves.get(id)
      const exit = exits.get(id)
      if (above === undefined || exit === undefined) return []
      const texts = candidates(
        checked,
        id,
        screen,
        dialled.has(id) ? new Set([...above, 'service.dialled_secret']) : above,
        exit,
      ).map((blocks) => measure(program, code, id, blocks))
      return texts.length === 0
        ? []
        : [texts.reduce((worst, each) => (fullness(each) > fullness(worst) ? each : worst))]
    })
    for (const screen of screens) reportOverflow(report, checked, screen)
    return screens.length === 0
      ? []
      : [screens.reduce((worst, each) => (fullness(each) > fullness(worst) ? each : worst))]
  })
}

/** What may stand above each screen when it is first shown: the key of a text, or null for nothing. */
function wordsAbove(graph: Graph): ReadonlyMap<ScreenId, ReadonlySet<TextKey | null>> {
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

/** The confirms that a dialled string can come to and try to answer. It goes no further than a confirm or a screen with news. */
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
      return dialled && node?.screen.kind === 'confirm' ? [node.id] : []
    }),
  )
}

type Exits = { readonly back: boolean; readonly home: boolean }

/** Whether each screen may have one to go back to, and whether it may be away from home. */
function waysOut(graph: Graph): ReadonlyMap<ScreenId, Exits> {
  const join = (known: Exits, coming: Exits): Exits =>
    (coming.back && !known.back) || (coming.home && !known.home)
      ? { back: known.back || coming.back, home: known.home || coming.home }
      : known
  const states = flood<Exits>(
    graph,
    { back: false, home: false },
    ({ screen }, exits, { way, frame }) => {
      if (frame === 'home') return { back: false, home: false }
      if (way.leaves) return { back: true, home: true }
      if (screen.kind !== 'confirm' || way.go === 'again') return exits
      return { back: exits.back && !way.wrote, home: true }
    },
    join,
  )
  return byScreen(graph, states, join)
}

type Blocks = {
  readonly above: TextKey | null
  readonly lines: readonly { mark: string; key: TextKey }[]
  readonly footer: readonly TextKey[]
}

/** Every form that the screen can take, and the last words of those of its ways that end the dialogue. */
function candidates(
  checked: Checked,
  id: ScreenId,
  screen: Screen,
  above: ReadonlySet<TextKey | null>,
  exits: Exits,
): readonly Blocks[] {
  const { program } = checked
  const ends = waysOf(program, screen).flatMap(({ go, say }): Blocks[] =>
    go === 'end' && say !== null ? [{ above: say, lines: [], footer: [] }] : [],
  )
  if (screen.kind === 'end')
    return [...above].map((key) => ({ above: key, lines: blocksOf(id, screen, []), footer: [] }))
  if (screen.kind === 'call' || screen.kind === 'route' || screen.kind === 'use') return ends
  const more = screen.kind === 'list' && maxRows(checked, id, screen) > 1
  const footer = footerOf(program.keys, { more, previous: more, back: exits.back, home: exits.home })
  const lines = [...blocksOf(id, screen, screen.kind === 'menu' ? screen.choices : [])]
  if (screen.kind === 'list')
    lines.push({ mark: rowMark(screen.choose !== null, maxRows(checked, id, screen) - 1), key: `${id}.row` })
  return [...ends, ...[...above, screen.wrong].map((key) => ({ above: key, lines, footer }))]
}

type Measured = WorstScreen & { readonly lines: number; readonly maxLines: number }

function measure(program: Program, language: string, id: ScreenId, { above, lines, footer }: Blocks): Measured {
  const template = (key: TextKey): Template => textOf(program, language, key)
  const print = (key: TextKey): string => longest(template(key), program.market)
  const keys = [...(above === null ? [] : [above]), ...lines.map(({ key }) => key), ...footer]
  const gsm7 = keys.every((key) => template(key).gsm7)
  const body = lines.map(({ mark, key }) => mark + print(key))
  const text = stack([above === null ? '' : print(above), ...body, footer.map(print).join(' ')])
  const encoding = gsm7 ? 'gsm7' : 'ucs2'
  const limit = program.limits[encoding]
  return {
    language,
    screen: id,
    text,
    units: unitsOf(text, gsm7),
    limit,
    encoding,
    lines: linesIn(text),
    maxLines: program.limits.lines,
  }
}

function fullness({ units, limit, lines, maxLines }: Measured): number {
  return Math.max(units / limit, lines > maxLines ? 1 + lines / maxLines : 0)
}

function reportOverflow(report: Report, { spots, service }: Checked, worst: Measured): void {
  const { language, screen, units, limit, encoding, lines, maxLines, text } = worst
  const at = spots.get(language)?.get(`${screen}.text`) ?? spots.get(service.language)?.get(screen) ?? service.at
  const what = encoding === 'gsm7' ? 'septets' : 'UCS-2 units (a character is outside GSM-7)'
  const shown = text
    .split('\n')
    .map((line) => `\n    | ${line}`)
    .join('')
  if (units > limit) {
    report(
      'E-WIDTH',
      at,
      `${screen} in ${language} can take ${units} of ${limit} ${what}, so the network would cut it. Take out ${units - limit}:${shown}`,
    )
  }
  if (lines > maxLines) {
    report(
      'E-LINES',
      at,
      `${screen} in ${language} can take ${lines} of ${maxLines} lines, so a phone would not show all. Take out ${lines - maxLines}:${shown}`,
    )
  }
}

function byScreen<State>(
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

function union<Item>(known: ReadonlySet<Item>, coming: ReadonlySet<Item>): ReadonlySet<Item> {
  return [...coming].every((item) => known.has(item)) ? known : new Set([...known, ...coming])
}
