import { expect } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { readKey } from '../../src/menu/answer.ts'
import type { Step } from '../../src/menu/event.ts'
import { meaningOf } from '../../src/menu/meaning.ts'
import type { Program, Shortcut } from '../../src/menu/program.ts'
import { openChoices } from '../../src/menu/render.ts'
import { type MenuSession, topFrame } from '../../src/menu/session.ts'
import { mayBeSecret } from '../../src/menu/shortcut.ts'
import { formOf, lastFormOf, textOf } from '../../src/menu/text.ts'
import type { Engine } from './engine.ts'
import type { Menus } from './menus.ts'
import { AT_MS } from './support.ts'
import { type Move, open, screenAt, settle, typed, typedBy, unheard, valueFor } from './walk.ts'

type Replied = Step & { kind: 'reply' }

/** Until an end, news, a confirmation, or digits that may be a PIN: these are never fed, and their screen stands below a warning. */
export function dialling(engine: Engine, menus: Menus, start: MenuSession, stream: readonly Move[]): void {
  // Published codes have a law of their own.
  const program: Program = { ...menus.program, shortcuts: [] }
  const together = (texts: readonly string[]): Replied =>
    settle(engine, program, engine.step(program, start, open(texts)))
  const dialled: string[] = []
  let single = together([])
  for (const move of stream.slice(0, 8)) {
    if (single.reply.end || hasNews(engine, program, single)) break
    if (screenAt(program, single.session)?.kind === 'confirm') {
      expect(together([...dialled, '1', '1']).session).toEqual(single.session)
      break
    }
    const text = typedBy(program, single.session, move)
    if (mayBeSecret(new Secret(text))) {
      expectWarned(program, together([...dialled, text, '1']), single.session)
      break
    }
    dialled.push(text)
    single = typed(engine, program, single.session, text)
  }
  expect(together(dialled).session).toEqual(single.session)
}

/** The same screen below the warning, which on a page of a list takes the room of rows. */
function expectWarned(program: Program, warned: Replied, plain: MenuSession): void {
  expect({ ...warned.session, next: plain.next }).toEqual(plain)
  const words = textOf(program, plain.language, 'service.dialled_secret')
  const forms = Array.from({ length: lastFormOf([words]) + 1 }, (_, form) => formOf(words, form).parts.join(''))
  expect(forms.filter((form) => warned.reply.text.startsWith(`${form}\n`))).not.toEqual([])
}

/** `which`: the shortcut, and how every action on its way ends. Keys of navigation are no values of a shortcut, so none is dialled. */
export function publishing(
  engine: Engine,
  { program }: Menus,
  start: MenuSession,
  stream: readonly Move[],
  [which = 0, ending = 0]: readonly number[],
): void {
  const shortcut = program.shortcuts[which % Math.max(1, program.shortcuts.length)]
  if (shortcut === undefined) return
  const outcome = ending % 4 === 0 ? ending : 0
  const dialled = shortcut.tokens.map((token, index) =>
    token.kind === 'key' ? token.key : dialledValue(program, shortcut, index, stream[index]),
  )
  const dial = (): Replied => settle(engine, program, engine.step(program, start, open(dialled)), {}, outcome)
  let single = settle(engine, program, engine.step(program, start, open([])), {}, outcome)
  for (const answer of shortcut.answers) {
    const { at } = topFrame(single.session)
    const text = answer.kind === 'key' ? answer.key : (dialled[answer.index] ?? '')
    if (single.reply.end || at !== answer.at || hasNews(engine, program, single)) break
    const screen = screenAt(program, single.session)
    if (screen?.kind === 'menu' && !openChoices(screen.choices, single.session).some(({ key }) => key === text)) break
    // Typed, it would be no answer; dialled, it may be a PIN in the place of one.
    const isNoValue = screen !== undefined && meaningOf(program, single.session, screen, text, AT_MS).kind === 'invalid'
    if (answer.kind === 'token' && isNoValue && mayBeSecret(new Secret(text))) {
      expectWarned(program, dial(), single.session)
      return
    }
    single = typed(engine, program, single.session, text, {}, outcome)
  }
  expect(unheard(dial())).toEqual(unheard(single))
}

function dialledValue(program: Program, { answers }: Shortcut, token: number, move: Move | undefined): string {
  const at = answers.find((answer) => answer.kind === 'token' && answer.index === token)?.at ?? ''
  const screen = program.screens[at]
  const { back, home, exit } = program.keys
  if (screen?.kind !== 'input') throw new Error(`no input takes what is dialled at ${at}`)
  const noise = move?.noise ?? null
  return noise === null || [back, home, exit].includes(readKey(noise)) ? valueFor(screen.type, move?.pick ?? 0) : noise
}

/** Whether words stand above the screen. */
function hasNews(engine: Engine, program: Program, { session, reply }: Replied): boolean {
  return settle(engine, program, engine.step(program, session, open([]))).reply.text !== reply.text
}
