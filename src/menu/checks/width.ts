import { blocksOf, footerOf, rowMark } from '../layout.ts'
import type { Report } from '../problem.ts'
import type { Program, Screen, ScreenId, Template, TextKey } from '../program.ts'
import { linesIn, stack, textOf, unitsOf } from '../text.ts'
import { aboveOf } from './above.ts'
import type { Checked, WorstScreen } from './all.ts'
import { type Exits, exitsOf } from './exits.ts'
import { type Graph, waysOf } from './graph.ts'
import { maxRows } from './keys.ts'
import { longest } from './longest.ts'

/** No screen of any language is too long, with the longest values and the longest words above it. Returns each screen at its fullest. */
export function checkWidth(report: Report, checked: Checked, graph: Graph): readonly WorstScreen[] {
  const { program } = checked
  const [above, exits] = [aboveOf(graph), exitsOf(graph)]
  const forms = Object.entries(program.screens).flatMap(([id, screen]) =>
    formsOf(checked, id, screen, above.get(id) ?? new Set(), exits.get(id)).map((form) => ({ id, form })),
  )
  const fullest = new Map<string, Measured>()
  for (const { code } of program.languages) {
    for (const { id, form } of forms) {
      const measured = measure(program, code, id, form)
      const known = fullest.get(`${code} ${id}`)
      if (known === undefined || fullness(measured) > fullness(known)) fullest.set(`${code} ${id}`, measured)
    }
  }
  for (const screen of fullest.values()) reportOverflow(report, checked, screen)
  return [...fullest.values()]
}

type Form = {
  readonly above: TextKey | null
  readonly lines: readonly { mark: string; key: TextKey }[]
  readonly footer: readonly TextKey[]
}

/** Every form that the screen can take, and the last words of those of its ways that end the dialogue. */
function formsOf(
  checked: Checked,
  id: ScreenId,
  screen: Screen,
  above: ReadonlySet<TextKey | null>,
  exits: Exits = { back: false, home: false },
): readonly Form[] {
  const { program } = checked
  const lastWords = waysOf(program, screen).flatMap(({ go, say }) => (go === 'end' && say !== null ? [say] : []))
  const ends = lastWords.map((key): Form => ({ above: key, lines: [], footer: [] }))
  switch (screen.kind) {
    case 'call':
    case 'route':
    case 'use':
      return ends
    case 'end':
      return [...above].map((key) => ({ above: key, lines: blocksOf(id, screen, []), footer: [] }))
    default: {
      const rows = screen.kind === 'list' ? maxRows(checked, id, screen) : 0
      const footer = footerOf(program.keys, { more: rows > 1, previous: rows > 1, ...exits })
      const choices = screen.kind === 'menu' ? screen.choices : []
      const row = screen.kind === 'list' ? [{ mark: rowMark(screen.choose !== null, rows - 1), key: `${id}.row` }] : []
      const lines = [...blocksOf(id, screen, choices), ...row]
      const shown = [...above, screen.wrong].map((key): Form => ({ above: key, lines, footer }))
      return [...ends, { above: 'service.invalid.end', lines: [], footer: [] }, ...shown]
    }
  }
}

type Measured = WorstScreen & { readonly lines: number; readonly maxLines: number }

function measure(program: Program, language: string, id: ScreenId, { above, lines, footer }: Form): Measured {
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
