import { beginsWord } from '../domain/words.ts'
import { holds } from './guard.ts'
import { blocksOf, footerOf, OFFER, offerBlocks, rowMark } from './layout.ts'
import type { Choice, ListScreen, Program, Screen, ScreenId, Template, TextKey } from './program.ts'
import { lookupIn, type Values } from './scope.ts'
import { type MenuSession, topFrame, type Words } from './session.ts'
import { fill, fitsIn, formOf, lastFormOf, limitsOf, linesIn, stack, textOf, unitsOf } from './text.ts'
import { isRecord } from './value.ts'

/** One screen as it goes to the phone. `units`: septets or UTF-16 units. */
export type Reply = {
  readonly text: string
  readonly end: boolean
  readonly encoding: 'gsm7' | 'ucs2'
  readonly units: number
  readonly screen: ScreenId
}

/**
 * The current screen under the words `above`, all texts in the fullest form in which it fits; of a list, in the fullest form that costs no
 * row. `next`: of a list, the first of the rows shown that is on the page after this one.
 */
export function renderScreen(
  program: Program,
  session: MenuSession,
  above: Words | null,
  atMs: number,
): { reply: Reply; next: number | null } {
  const screen = screenOf(program, topFrame(session).at)
  let best = renderForm(program, session, above, atMs, 0)
  for (let form = 1; form <= best.lastForm; form += 1) {
    if (best.fits && screen.kind !== 'list') break
    const page = renderForm(program, session, above, atMs, form)
    if (!best.fits || (page.fits && page.rows > best.rows)) best = page
  }
  return { reply: best.reply, next: best.next }
}

/** `rows`: how many the page shows; `lastForm`: the number of the shortest form that any text of the screen has. */
type Page = {
  readonly reply: Reply
  readonly next: number | null
  readonly rows: number
  readonly fits: boolean
  readonly lastForm: number
}

function renderForm(program: Program, session: MenuSession, words: Words | null, atMs: number, form: number): Page {
  const { at } = topFrame(session)
  const screen = screenOf(program, at)
  const limits = limitsOf(program, session.channel)
  const first = session.pages.at(-1) ?? 0
  const isList = screen.kind === 'list'
  const choices = screen.kind === 'menu' ? openChoices(screen.choices, session) : []
  const blocks = blocksOf(at, screen, choices, session.typed !== '')
  const rows = isList ? rowsLookedFor(screen, session) : []
  const footer = (more: boolean): readonly TextKey[] => {
    const past = session.history.length > 0
    const back = past || session.typed !== ''
    return footerOf(program.keys, { more, previous: first > 0, back, home: past || session.away })
  }

  const keys = [...blocks.map(({ key }) => key), ...(isList ? [`${at}.row`] : []), ...footer(rows.length > 0)]
  const texts = keys.map((key) => textOf(program, session.language, key))
  const lastForm = lastFormOf<Template | Words>(words === null ? texts : [words, ...texts])
  const above = words && formOf(words, form)
  const gsm7 = (above?.gsm7 ?? true) && texts.every((text) => formOf(text, form).gsm7)
  const print = (key: TextKey, fields: Values = {}): string => {
    const text = formOf(textOf(program, session.language, key), form)
    return fill(text, lookupIn(session, fields), { gsm7, market: program.market, atMs })
  }
  const foot = (more: boolean): string =>
    footer(more)
      .map((key) => print(key))
      .join(' ')
  const page = (shown: readonly string[], next: number | null): Page => {
    const reply = replyOf(at, gsm7, false, stack([head, ...shown, foot(next !== null)]))
    const fits = reply.units <= limits[reply.encoding] && linesIn(reply.text) <= limits.lines
    return { reply, next, rows: shown.length, fits, lastForm }
  }

  const head = stack([above?.text ?? '', ...blocks.map(({ mark, key }) => mark + print(key))])
  if (!isList) return page([], null)

  // Each row takes a line, so that no more than these can fit.
  const lines = rows
    .slice(first, first + limits.lines)
    .map(({ row, index }) => rowMark(screen.choose !== null, index) + print(`${at}.row`, row))
  const room = (more: boolean): Room => {
    const text = stack([head, foot(more)])
    return { units: limits[gsm7 ? 'gsm7' : 'ucs2'] - unitsOf(text, gsm7), lines: limits.lines - linesIn(text) }
  }
  const shown = fitting(lines, rows.length - first, gsm7, room)
  return page(lines.slice(0, shown), first + shown < rows.length ? first + shown : null)
}

/** The question whether to go on with a dropped session, under the words `above`. */
export function renderOffer(program: Program, session: MenuSession, above: Words | null, atMs: number): Reply {
  const texts = offerBlocks.map(({ key }) => textOf(program, session.language, key))
  const limits = limitsOf(program, session.channel)
  const render = (form: number): Reply => {
    const [top, shown] = [above && formOf(above, form), texts.map((text) => formOf(text, form))]
    const gsm7 = (top?.gsm7 ?? true) && shown.every((text) => text.gsm7)
    const setting = { gsm7, market: program.market, atMs }
    const lines = shown.map((text, index) => (offerBlocks[index]?.mark ?? '') + fill(text, lookupIn(session), setting))
    return replyOf(OFFER, gsm7, false, stack([top?.text ?? '', ...lines]))
  }
  const last = lastFormOf<Template | Words>(above === null ? texts : [above, ...texts])
  let reply = render(0)
  for (let form = 1; form <= last && !fitsIn(limits, reply.text, reply.encoding === 'gsm7'); form += 1)
    reply = render(form)
  return reply
}

export function replyOf(screen: ScreenId, gsm7: boolean, end: boolean, text: string): Reply {
  return { text, end, encoding: gsm7 ? 'gsm7' : 'ucs2', units: unitsOf(text, gsm7), screen }
}

/** Throws on an id that no compiled program has. */
export function screenOf(program: Program, id: ScreenId): Screen {
  const screen = program.screens[id]
  if (screen === undefined) throw new Error(`no screen ${id}`)
  return screen
}

export function openChoices(choices: readonly Choice[], session: MenuSession): readonly Choice[] {
  return choices.filter(({ when }) => when === null || holds(when, lookupIn(session)))
}

/** The rows as they were when the list was first shown. */
export function rowsOf(screen: ListScreen, session: MenuSession): readonly Values[] {
  const rows = topFrame(session).variables[screen.rows]
  return Array.isArray(rows) ? rows.filter(isRecord) : []
}

/** The rows that have what was typed, each with its place among all. */
function rowsLookedFor(
  screen: ListScreen,
  session: MenuSession,
): readonly { readonly row: Values; readonly index: number }[] {
  const rows = rowsOf(screen, session).map((row, index) => ({ row, index }))
  const { filter } = screen
  if (filter === null || session.typed === '') return rows
  return rows.filter(({ row }) => beginsWord(String(row[filter.field]), session.typed))
}

type Room = { readonly units: number; readonly lines: number }

/** How many rows a page takes: all that are left, or as many as leave room for `more`; never none, so that paging gets on. */
function fitting(lines: readonly string[], left: number, gsm7: boolean, room: (more: boolean) => Room): number {
  const count = countFitting(lines, gsm7, room(false))
  return count === left ? count : Math.max(1, countFitting(lines, gsm7, room(true)))
}

function countFitting(lines: readonly string[], gsm7: boolean, room: Room): number {
  let { units, lines: left } = room
  for (const [index, line] of lines.entries()) {
    units -= unitsOf(line, gsm7) + 1
    left -= 1
    if (units < 0 || left < 0) return index
  }
  return lines.length
}
