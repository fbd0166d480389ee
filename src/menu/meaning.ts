import type { Secret } from '../domain/secret.ts'
import { beginsWord } from '../domain/words.ts'
import { readInput, readKey, readPick, readSearch, readSecret } from './answer.ts'
import { pickKey } from './layout.ts'
import type { ConfirmScreen, InputScreen, ListScreen, Program, Route, Screen, Target, TextKey } from './program.ts'
import { openChoices, rowsOf } from './render.ts'
import { lookupIn, type Values } from './scope.ts'
import { type MenuSession, topFrame } from './session.ts'
import { fill, textOf } from './text.ts'

/** What an answer to the current screen means. */
export type Meaning =
  | { readonly kind: 'home' | 'back' | 'exit' | 'more' | 'previous' }
  /** A choice, or a row with its fields. */
  | { readonly kind: 'choose'; readonly route: Route; readonly fields: Values }
  | { readonly kind: 'value'; readonly set: Values; readonly go: Target }
  /** The screen stays and remembers this. */
  | { readonly kind: 'typed'; readonly typed: string }
  | { readonly kind: 'confirm'; readonly call: ConfirmScreen; readonly secret: Secret | null }
  | { readonly kind: 'no'; readonly go: Target }
  /** No answer to this screen. `typed`: what it still remembers. */
  | { readonly kind: 'invalid'; readonly hint: TextKey; readonly typed: string }

/** Reads an answer. The keys of navigation come first, on every screen. */
export function meaningOf(program: Program, session: MenuSession, screen: Screen, raw: string, atMs: number): Meaning {
  const key = readKey(raw)
  const { home, back, exit } = program.keys
  if (key === home) return { kind: 'home' }
  if (key === back) return { kind: 'back' }
  if (key === exit) return { kind: 'exit' }
  switch (screen.kind) {
    case 'menu': {
      const choice = openChoices(screen.choices, session).find((each) => each.key === key)
      return choice === undefined ? invalid(session, screen) : { kind: 'choose', route: choice.route, fields: {} }
    }
    case 'input':
      return inputMeaning(program, session, screen, raw, atMs)
    case 'list':
      return listMeaning(program, session, screen, raw)
    case 'confirm': {
      if (screen.asks === 'yes') {
        if (key === '1') return { kind: 'confirm', call: screen, secret: null }
        return key === '2' && screen.no !== null ? { kind: 'no', go: screen.no } : invalid(session, screen)
      }
      const secret = readSecret(screen.asks, raw)
      return secret === null ? invalid(session, screen) : { kind: 'confirm', call: screen, secret }
    }
    default:
      throw new Error(`no answer is expected at ${topFrame(session).at}`)
  }
}

function inputMeaning(program: Program, session: MenuSession, screen: InputScreen, raw: string, atMs: number): Meaning {
  const { type, twice } = screen
  const value =
    type.type === 'pick' ? pickedOf(program, session, type.of, raw, atMs) : readInput(type, raw, program.market, atMs)
  if (value === null) return invalid(session, screen)
  if (twice === null || session.typed === value) return { kind: 'value', set: { [screen.as]: value }, go: screen.go }
  if (session.typed === '') return { kind: 'typed', typed: value }
  return { kind: 'invalid', hint: twice.differ, typed: '' }
}

function pickedOf(
  program: Program,
  session: MenuSession,
  of: readonly string[],
  raw: string,
  atMs: number,
): string | null {
  const { at } = topFrame(session)
  const setting = { gsm7: false, market: program.market, atMs }
  const words = of.map((option) =>
    fill(textOf(program, session.language, pickKey(at, option)), lookupIn(session), setting),
  )
  const picked = readPick(words, raw)
  return picked === null ? null : (of[picked] ?? null)
}

/** A number is a row by the number it is shown with, whatever rows are shown now. */
function listMeaning(program: Program, session: MenuSession, screen: ListScreen, raw: string): Meaning {
  const key = readKey(raw)
  const { more, previous } = program.keys
  if (key === more && session.next !== null) return { kind: 'more' }
  if (key === previous && session.pages.length > 1) return { kind: 'previous' }
  const rows = rowsOf(screen, session)
  const row = /^[1-9]\d?$/.test(key) ? rows[Number(key) - 1] : undefined
  if (screen.choose !== null && row !== undefined) return { kind: 'choose', route: screen.choose, fields: row }
  const search = screen.filter === null ? null : readSearch(raw)
  if (screen.filter === null || search === null) return invalid(session, screen)
  const { field, none } = screen.filter
  if (rows.some((each) => beginsWord(String(each[field]), search))) return { kind: 'typed', typed: search }
  return { kind: 'invalid', hint: none, typed: session.typed }
}

function invalid({ typed }: MenuSession, { wrong }: { readonly wrong: TextKey }): Meaning {
  return { kind: 'invalid', hint: wrong, typed }
}

/** What an answer was to the screen it was given to. `page`: it turned a page of a list. */
export type Heard = 'answered' | 'invalid' | 'back' | 'home' | 'page'

/** How statistics count an answer with this meaning. */
export function heardOf({ kind }: Meaning, screen: Screen): Heard {
  switch (kind) {
    case 'home':
    case 'back':
    case 'invalid':
      return kind
    case 'more':
    case 'previous':
      return 'page'
    case 'typed':
      return screen.kind === 'list' ? 'page' : 'answered'
    default:
      return 'answered'
  }
}
