import { formKey } from '../build/forms.ts'
import { type Block, blocksOf, footerOf, OFFER, offerBlocks, rowMark } from '../layout.ts'
import type { Report } from '../problem.ts'
import type { InputScreen, Program, Screen, ScreenId, Template, TextKey } from '../program.ts'
import { fitsIn, formOf, lastFormOf, limitsOf, linesIn, stack, textOf, unitsOf } from '../text.ts'
import { aboveOf } from './above.ts'
import type { Checked, WorstScreen } from './all.ts'
import { hintsOf, isTwice } from './asking.ts'
import type { Exits } from './exits.ts'
import { type Graph, waysOf } from './graph.ts'
import { maxRows } from './keys.ts'
import { longest } from './longest.ts'
import { checkShort } from './short.ts'

/**
 * No screen of any language is too long on any channel, with the longest values and the longest words above it, where its texts may take
 * their short forms. Returns each screen at its fullest.
 */
export function checkWidth(
  report: Report,
  checked: Checked,
  graph: Graph,
  exits: ReadonlyMap<ScreenId, Exits>,
): readonly WorstScreen[] {
  const { program } = checked
  const above = aboveOf(program, graph)
  const channels = [null, ...Object.keys(program.channels)]
  const forms = Object.entries(program.screens).flatMap(([id, screen]) =>
    formsOf(checked, id, screen, above.get(id) ?? new Set(), exits.get(id)).map((form) => ({ id, form })),
  )
  if (program.resume !== null) forms.push(...offerForms)
  const fullest = new Map<string, Measured>()
  const everywhere = new Map<string, Measured>()
  const needed = new Set<string>()
  for (const { code } of program.languages) {
    for (const { id, form } of forms) {
      const printed = printsOf(program, code, form)
      for (const channel of channels) {
        const measured = measure(program, code, id, printed, channel)
        noteNeeded(needed, code, form, measured)
        if (form.rows === 'all') continue
        keepFuller(fullest, `${code} ${id}`, measured)
        keepFuller(everywhere, `${code} ${id} ${channel ?? ''}`, measured)
      }
    }
  }
  for (const screen of everywhere.values()) {
    // What is too long everywhere is not told once more for each channel.
    const usual = everywhere.get(`${screen.language} ${screen.screen} `)
    if (screen.channel === null || usual === undefined || fullness(usual) <= 1) reportOverflow(report, checked, screen)
  }
  checkShort(report, checked, needed)
  return [...fullest.values()]
}

function keepFuller(known: Map<string, Measured>, key: string, measured: Measured): void {
  const before = known.get(key)
  if (before === undefined || fullness(measured) > fullness(before)) known.set(key, measured)
}

/** Adds the short forms that the texts of a screen had to take. */
function noteNeeded(needed: Set<string>, language: string, form: Form, { taken }: Measured): void {
  for (let short = 1; short <= taken; short += 1)
    for (const key of keysOf(form)) needed.add(`${language} ${formKey(key, short)}`)
}

/** `rows`: whether a list stands there with one row, as it may, or with all of them, for which it may take its short forms. */
type Form = {
  readonly rows?: 'all'
  readonly above: TextKey | null
  readonly lines: readonly Block[]
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
      const back = exits.back || (screen.kind === 'list' && screen.filter !== null)
      const footer = footerOf(program.keys, { more: rows > 1, previous: rows > 1, back, home: exits.home })
      const choices = screen.kind === 'menu' ? screen.choices : []
      const row = (index: number): Block => ({
        mark: rowMark(screen.kind === 'list' && screen.choose !== null, index),
        key: `${id}.row`,
      })
      const head = blocksOf(id, screen, choices)
      const lines = screen.kind === 'list' ? [...head, row(rows - 1)] : head
      const top = [...above, ...hintsOf(screen)]
      const shown = top.map((key): Form => ({ above: key, lines, footer }))
      const again = isTwice(screen) ? secondForms(program, id, screen, exits) : []
      const last = [
        ...(screen.after === null ? ['service.invalid.end'] : []),
        ...(program.keys.exit === null ? [] : ['service.exit.end']),
      ]
      const most = [...ends, ...last.map((key): Form => ({ above: key, lines: [], footer: [] })), ...shown, ...again]
      if (screen.kind !== 'list' || !hasShort(program, [...top, ...lines.map(({ key }) => key), ...footer])) return most
      const all = Array.from({ length: Math.min(rows, MOST_ROWS) }, (_, index) => row(index))
      const unpaged = footerOf(program.keys, { more: false, previous: false, back, home: exits.home })
      const whole = top.map((key): Form => ({ rows: 'all', above: key, lines: [...head, ...all], footer: unpaged }))
      return [...most, ...whole]
    }
  }
}

/** More than any screen shows. */
const MOST_ROWS = 100

/** An input as it asks the second time; from there one can always go back. */
function secondForms(program: Program, id: ScreenId, screen: InputScreen, { home }: Exits): readonly Form[] {
  const footer = footerOf(program.keys, { more: false, previous: false, back: true, home })
  return [null, screen.wrong].map((above) => ({ above, lines: blocksOf(id, screen, [], true), footer }))
}

/** The offer to go on with a dropped session, which is a screen of no flow. */
const offerForms = [null, 'service.invalid.text'].map((above) => ({
  id: OFFER,
  form: { above, lines: offerBlocks, footer: [] } satisfies Form,
}))

function hasShort({ texts }: Program, keys: readonly (TextKey | null)[]): boolean {
  return Object.values(texts).some((each) => keys.some((key) => key !== null && each[key]?.short !== undefined))
}

function keysOf({ above, lines, footer }: Form): readonly TextKey[] {
  return [...(above === null ? [] : [above]), ...lines.map(({ key }) => key), ...footer]
}

type Print = { readonly text: string; readonly gsm7: boolean; readonly units: number; readonly lines: number }

/** The screen at its longest, in each of the forms that its texts have. */
function printsOf(program: Program, language: string, form: Form): readonly Print[] {
  const { above, lines, footer } = form
  const texts = new Map(keysOf(form).map((key) => [key, textOf(program, language, key)]))
  const last = lastFormOf([...texts.values()])
  return Array.from({ length: last + 1 }, (_, index) => {
    const template = (key: TextKey): Template => formOf(texts.get(key) ?? textOf(program, language, key), index)
    const print = (key: TextKey): string => longest(template(key), program.market)
    const body = lines.map(({ mark, key }) => mark + print(key))
    const text = stack([above === null ? '' : print(above), ...body, footer.map(print).join(' ')])
    const gsm7 = [...texts.keys()].every((key) => template(key).gsm7)
    return { text, gsm7, units: unitsOf(text, gsm7), lines: linesIn(text) }
  })
}

/** `taken`: the number of the form. */
type Measured = WorstScreen & { readonly lines: number; readonly maxLines: number; readonly taken: number }

/** The first form that fits on the channel, or the last one. */
function measure(
  program: Program,
  language: string,
  screen: ScreenId,
  prints: readonly Print[],
  channel: string | null,
): Measured {
  const limits = limitsOf(program, channel ?? '')
  const fits = prints.findIndex(({ text, gsm7 }) => fitsIn(limits, text, gsm7))
  const taken = fits < 0 ? prints.length - 1 : fits
  const { text, gsm7, units, lines } = prints[taken] ?? { text: '', gsm7: true, units: 0, lines: 0 }
  const encoding = gsm7 ? 'gsm7' : 'ucs2'
  const form = taken === 0 ? 'full' : 'short'
  return {
    language,
    screen,
    channel,
    form,
    text,
    units,
    limit: limits[encoding],
    encoding,
    lines,
    maxLines: limits.lines,
    taken,
  }
}

function fullness({ units, limit, lines, maxLines }: Measured): number {
  return Math.max(units / limit, lines > maxLines ? 1 + lines / maxLines : 0)
}

function reportOverflow(report: Report, { spots, service }: Checked, worst: Measured): void {
  const { language, screen, channel, form, units, limit, encoding, lines, maxLines, text } = worst
  const at = spots.get(language)?.get(`${screen}.text`) ?? spots.get(service.language)?.get(screen) ?? service.at
  const where = channel === null ? '' : ` over ${channel}`
  const name = `${screen} in ${language}${where}${form === 'short' ? ', even in its short form,' : ''}`
  const what = encoding === 'gsm7' ? 'septets' : 'UCS-2 units (a character is outside GSM-7)'
  const shown = text
    .split('\n')
    .map((line) => `\n    | ${line}`)
    .join('')
  if (units > limit) {
    report(
      'E-WIDTH',
      at,
      `${name} can take ${units} of ${limit} ${what}, so the network would cut it. Take out ${units - limit}:${shown}`,
    )
  }
  if (lines > maxLines) {
    report(
      'E-LINES',
      at,
      `${name} can take ${lines} of ${maxLines} lines, so a phone would not show all. Take out ${lines - maxLines}:${shown}`,
    )
  }
}
