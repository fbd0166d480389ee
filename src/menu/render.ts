import { beginsWord } from '../domain/words.ts'
import { holds } from './guard.ts'
import { type Block, blocksOf, footerOf, OFFER, offerBlocks, rowMark } from './layout.ts'
import type { Choice, Limits, ListScreen, Program, Screen, ScreenId, Template, TextKey } from './program.ts'
import { lookupIn, type Values } from './scope.ts'
import { type MenuSession, topFrame, type Words } from './session.ts'
import { fill, formOf, lastFormOf, limitsOf, linesIn, stack, textOf, unitsOf } from './text.ts'
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
  const { at } = topFrame(session)
  const screen = screenOf(program, at)
  if (screen.kind === 'list') return renderList(program, session, screen, above, atMs)
  const choices = screen.kind === 'menu' ? openChoices(screen.choices, session) : []
  const blocks = blocksOf(at, screen, choices, session.typed !== '')
  return { reply: renderBlocks(program, session, at, blocks, footOf(program, session, false), above, atMs), next: null }
}

/** The question whether to go on with a dropped session, under the words `above`. */
export function renderOffer(program: Program, session: MenuSession, above: Words | null, atMs: number): Reply {
  return renderBlocks(program, session, OFFER, offerBlocks, [], above, atMs)
}

/** Blocks one under another and a footer, in the fullest form that fits; every hop comes through here, so each text is looked up once. */
function renderBlocks(
  program: Program,
  session: MenuSession,
  at: ScreenId,
  blocks: readonly Block[],
  foot: readonly TextKey[],
  above: Words | null,
  atMs: number,
): Reply {
  const { language } = session
  const shown = blocks.map(({ key }) => textOf(program, language, key))
  const below = foot.map((key) => textOf(program, language, key))
  const limits = limitsOf(program, session.channel)
  const lookup = lookupIn(session)
  const render = (form: number): Reply => {
    const top = above && formOf(above, form)
    const isGsm7 = (text: Template): boolean => formOf(text, form).gsm7
    const gsm7 = (top?.gsm7 ?? true) && shown.every(isGsm7) && below.every(isGsm7)
    const setting = { gsm7, market: program.market, atMs }
    const lines = shown.map((text, index) => (blocks[index]?.mark ?? '') + fill(formOf(text, form), lookup, setting))
    const last = below.map((text) => fill(formOf(text, form), lookup, setting)).join(' ')
    return replyOf(at, gsm7, false, stack([top?.text ?? '', ...lines, last]))
  }
  const full = render(0)
  if (fits(limits, full)) return full
  const texts = [...shown, ...below]
  const last = lastFormOf<Template | Words>(above === null ? texts : [above, ...texts])
  let reply = full
  for (let form = 1; form <= last && !fits(limits, reply); form += 1) reply = render(form)
  return reply
}

function fits(limits: Limits, { text, encoding, units }: Reply): boolean {
  return units <= limits[encoding] && linesIn(text) <= limits.lines
}

function footOf(program: Program, session: MenuSession, more: boolean): readonly TextKey[] {
  const past = session.history.length > 0
  const previous = (session.pages.at(-1) ?? 0) > 0
  return footerOf(program.keys, { more, previous, back: past || session.typed !== '', home: past || session.away })
}

/** `rows`: how many the page shows; `lastForm`: the number of the shortest form that any text of the screen has. */
type Page = {
  readonly reply: Reply
  readonly next: number | null
  readonly rows: number
  readonly fits: boolean
  readonly lastForm: number
}

function renderList(
  program: Program,
  session: MenuSession,
  screen: ListScreen,
  above: Words | null,
  atMs: number,
): { reply: Reply; next: number | null } {
  let best = renderPage(program, session, screen, above, atMs, 0)
  for (let form = 1; form <= best.lastForm; form += 1) {
    const page = renderPage(program, session, screen, above, atMs, form)
    if (!best.fits || (page.fits && page.rows > best.rows)) best = page
  }
  return { reply: best.reply, next: best.next }
}

function renderPage(
  program: Program,
  session: MenuSession,
  screen: ListScreen,
  words: Words | null,
  atMs: number,
  form: number,
): Page {
  const { at } = topFrame(session)
  const limits = limitsOf(program, session.channel)
  const first = session.pages.at(-1) ?? 0
  const blocks = blocksOf(at, screen, [], session.typed !== '')
  const rows = rowsLookedFor(screen, session)

  const keys = [...blocks.map(({ key }) => key), `${at}.row`, ...footOf(program, session, rows.length > 0)]
  const texts = keys.map((key) => textOf(program, session.language, key))
  const lastForm = lastFormOf<Template | Words>(words === null ? texts : [words, ...texts])
  const above = words && formOf(words, form)
  const gsm7 = (above?.gsm7 ?? true) && texts.every((text) => formOf(text, form).gsm7)
  const print = (key: TextKey, fields: Values = {}): string => {
    const text = formOf(textOf(program, session.language, key), form)
    return fill(text, lookupIn(session, fields), { gsm7, market: program.market, atMs })
  }
  const foot = (more: boolean): string =>
    footOf(program, session, more)
      .map((key) => print(key))
      .join(' ')
  const page = (shown: readonly string[], next: number | null): Page => {
    const reply = replyOf(at, gsm7, false, stack([head, ...shown, foot(next !== null)]))
    return { reply, next, rows: shown.length, fits: fits(limits, reply), lastForm }
  }

  const head = stack([above?.text ?? '', ...blocks.map(({ mark, key }) => mark + print(key))])

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
