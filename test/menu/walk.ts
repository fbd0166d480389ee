import fc from 'fast-check'
import { expect } from 'vitest'
import { countSeptets } from '../../src/domain/gsm7.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Json } from '../../src/menu/contract.ts'
import type { MenuEvent, RunEffect, Step } from '../../src/menu/event.ts'
import type { InputType, Program, Type, Types } from '../../src/menu/program.ts'
import type { Reply } from '../../src/menu/render.ts'
import { type Facts, type MenuSession, topFrame } from '../../src/menu/session.ts'
import type { Dialled } from '../../src/menu/shortcut.ts'
import { limitsOf } from '../../src/menu/text.ts'
import type { Engine } from './engine.ts'
import { AT_MS } from './support.ts'

/** What a stream is made of: an answer, sensible or not, how the actions that it starts end, and what comes out of turn. */
export type Move = {
  /** Null for a sensible answer; `<back>` and the like stand for the program's keys. */
  readonly noise: string | null
  readonly pick: number
  readonly ending: number
  /** An event that no network would send now: before the answer, and once more after an end. */
  readonly stray: MenuEvent['kind'] | null
  readonly values: fc.GeneratorValue
}

/** What is typed wherever a secret is asked for; nothing else may hold it. */
export const CANARY = '73915'

const noise: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '<back>',
    '<home>',
    '<more>',
    '<previous>',
    '<exit>',
    '<back>',
    '0',
    '00',
    '98',
    '7',
    '',
    'x',
    '٣',
    '12345678901',
    '7391',
  ),
  fc.string({ unit: 'grapheme' }),
)

const move: fc.Arbitrary<Move> = fc.record({
  noise: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: noise }),
  pick: fc.nat(99),
  ending: fc.nat(99),
  stray: fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom<MenuEvent['kind']>('open', 'outcome') },
  ),
  values: fc.gen(),
})

export const moves: fc.Arbitrary<readonly Move[]> = fc.array(move, { maxLength: 25, size: 'max' })

export const facts: fc.Arbitrary<Facts> = fc.record({
  status: fc.constantFrom('unknown', 'enrolled', 'active', 'active', 'active'),
  name: fc.string({ unit: 'grapheme', maxLength: 60 }).map(withoutMark),
  firstName: fc.string({ unit: 'grapheme', maxLength: 30 }).map(withoutMark),
  number: fc.constant('+254712345678' as Msisdn),
})

export type Taken = { readonly before: MenuSession; readonly event: MenuEvent; readonly after: Step }
export type Shown = { readonly session: MenuSession; readonly reply: Reply }
export type Walk = { steps(): Generator<Taken>; shown(): Generator<Shown> }

/** More than any program takes from one screen to the next. */
const MOST_STEPS = 100

/** Plays the stream, dialling again after each end; `codes`: what else than the service's own code is dialled now and then. */
export function walkFrom(
  engine: Engine,
  program: Program,
  start: MenuSession,
  stream: readonly Move[],
  codes: readonly (readonly string[])[] = [],
): Walk {
  function* play(before: MenuSession, first: MenuEvent, each: Move): Generator<Taken, MenuSession> {
    let [session, event] = [before, first]
    for (let count = 0; count < MOST_STEPS; count += 1) {
      const after = engine.step(program, session, event)
      yield { before: session, event, after }
      session = after.session
      if (after.kind === 'reply') return session
      event = outcomeOf(program, after.run, each, after.rest)
    }
    throw new Error(`actions without end at ${topFrame(session).at}`)
  }
  const dialled = (pick: number): readonly string[] =>
    pick % 2 === 0 ? [] : (codes[((pick - 1) / 2) % codes.length] ?? [])
  function* steps(): Generator<Taken> {
    let session = start
    for (const each of stream) {
      const stray = strayEvent(each)
      if (stray !== null && session !== start) session = yield* play(session, stray, each)
      if (session.state === 'ended') session = start
      const event: MenuEvent = session === start ? open(dialled(each.pick)) : typing(typedBy(program, session, each))
      session = yield* play(session, event, each)
    }
  }
  return {
    steps,
    *shown() {
      for (const { after } of steps()) if (after.kind === 'reply') yield { session: after.session, reply: after.reply }
    },
  }
}

/** The answers of every published code that has no values. */
export function codesOf({ shortcuts }: Program): readonly (readonly string[])[] {
  return shortcuts.flatMap(({ tokens }) =>
    tokens.every(({ kind }) => kind === 'key')
      ? [tokens.flatMap((token) => (token.kind === 'key' ? [token.key] : []))]
      : [],
  )
}

export function open(dialled: readonly string[]): MenuEvent {
  return { kind: 'open', atMs: AT_MS, dialled: dialled.map((text) => new Secret(text)) }
}

export function typing(text: string): MenuEvent {
  return { kind: 'input', atMs: AT_MS, input: new Secret(text) }
}

function strayEvent({ stray }: Move): MenuEvent | null {
  if (stray === 'open') return open([])
  return stray === null ? null : { kind: 'outcome', atMs: AT_MS, outcome: 'ok', values: {}, rest: [] }
}

/** What is typed on this screen: the move's noise, or an answer that the screen takes. */
export function typedBy(program: Program, session: MenuSession, { noise: text, pick }: Move): string {
  const key = /^<(back|home|more|previous|exit)>$/.exec(text ?? '')?.[1] as keyof Program['keys'] | undefined
  return key === undefined ? (text ?? sensible(program, session, pick)) : (program.keys[key] ?? program.keys.back)
}

/** An answer that the current screen takes. Secrets are the canary. */
function sensible(program: Program, session: MenuSession, pick: number): string {
  const screen = program.screens[session.frames.at(-1)?.at ?? '']
  switch (screen?.kind) {
    case 'menu':
      if (pick >= 90) return program.keys.back
      return screen.choices[pick % Math.max(1, screen.choices.length)]?.key ?? program.keys.back
    case 'input':
      return valueFor(screen.type, pick)
    case 'list':
      if (pick >= 80 && screen.filter !== null) return 'ab'[pick % 2] ?? 'a'
      return pick < 40 && session.next !== null ? program.keys.more : String(1 + (pick % 3))
    case 'confirm':
      if (screen.asks === 'yes') return pick < 80 ? '1' : '2'
      return screen.asks === 'code' ? `${CANARY}4` : CANARY
    default:
      return program.keys.back
  }
}

/** A value that an input of this type takes. */
export function valueFor(type: InputType, pick: number): string {
  switch (type.type) {
    case 'msisdn':
      return '0712345678'
    case 'money':
      return inShillings(pick % 2 === 0 ? type.min : type.max)
    case 'text':
      return 'Something to say which is long'.slice(0, lengthFrom(type, pick)).padEnd(type.min, 'y').replace(/ $/, 'x')
    case 'digits':
      return '8'.repeat(lengthFrom(type, pick))
    case 'date':
      return pick < 80 ? '24/11/26' : '31/12/26'
    case 'pick':
      return pick < 80 ? '2' : (type.of.at(-1) ?? '2').slice(0, 3)
  }
}

function lengthFrom({ min, max }: { min: number; max: number }, pick: number): number {
  return min + (pick % (max - min + 1))
}

/** Minor units as people type them where a hundred make one. */
function inShillings(minor: string): string {
  return `${BigInt(minor) / 100n}.${(BigInt(minor) % 100n).toString().padStart(2, '0')}`
}

/**
 * Mostly an outcome that goes on, the first one above all; now and then one that the contract does not have, one without its values, or
 * an answer in the place of the outcome.
 */
export function outcomeOf(
  program: Program,
  run: RunEffect,
  { pick, ending, values }: Move,
  rest: readonly Dialled[],
): MenuEvent {
  const screen = program.screens[run.screen]
  const routes = screen !== undefined && 'outcomes' in screen ? screen.outcomes : {}
  const all = Object.entries(program.actions[run.action]?.outcomes ?? {})
  const going = all.filter(([name]) => routes[name]?.go !== 'end')
  const among = ending < 50 ? going.slice(0, 1) : ending < 80 ? going : all
  const [outcome, types] = among[(pick + ending) % among.length] ?? all[pick % all.length] ?? ['failed', {}]
  if (ending === 97) return typing('1')
  if (ending === 99) return { kind: 'outcome', atMs: AT_MS, outcome: 'unheard_of', values: {}, rest }
  return { kind: 'outcome', atMs: AT_MS, outcome, values: ending === 98 ? {} : generated(values, types), rest }
}

/** On a screen, a brace is then always a mark that has got no value. */
function withoutMark(text: string): string {
  return text.replaceAll('{', '(')
}

/** Its digits may come by chance. */
function withoutCanary(value: number | bigint): string {
  return String(value).replace(CANARY, '0')
}

function generated(g: fc.GeneratorValue, types: Types): Record<string, Json> {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, generatedValue(g, type)]))
}

function generatedValue(g: fc.GeneratorValue, type: Type): Json {
  switch (type.type) {
    case 'text':
      // Now and then with a beginning that lists are looked through for.
      return (
        g(fc.constantFrom, '', 'a ', 'b ') + withoutMark(g(fc.string, { unit: 'grapheme', maxLength: type.max + 5 }))
      )
    case 'digits':
      return '8'.repeat(g(fc.integer, { min: 1, max: type.max }))
    case 'number':
      return g(fc.integer, { min: 0, max: type.max })
    case 'money':
      return withoutCanary(g(fc.bigInt, { min: 0n, max: BigInt(type.max) }))
    case 'msisdn':
      return '+254700000002'
    case 'moment':
    case 'time':
      return Number(withoutCanary(g(fc.integer, { min: 0, max: AT_MS * 2 })))
    case 'date':
      return g(fc.constantFrom, '2026-11-23', '1999-01-01')
    case 'choice':
      return type.of[g(fc.integer, { min: 0, max: type.of.length - 1 })] ?? ''
    case 'opaque':
      return { id: g(fc.string) }
    case 'rows':
      return rowsOf(g, type.of, g(fc.integer, { min: 0, max: type.max }))
  }
}

/** Each with a name of its own, `R1`, `R2`, … where the type has an id, so that it is known again on a screen. */
function rowsOf(g: fc.GeneratorValue, of: Types, count: number): Json {
  return Array.from({ length: count }, (_, index) => {
    const row = generated(g, of)
    return of.id?.type === 'text' ? { ...row, id: `R${index + 1}` } : row
  })
}

export function typed(
  engine: Engine,
  program: Program,
  session: MenuSession,
  input: string,
  values: Record<string, Json> = {},
  which = 0,
): Step & { kind: 'reply' } {
  return settle(engine, program, engine.step(program, session, typing(input)), values, which)
}

/** Without what statistics hear, since nobody counts the answers of a dialled code and a dial is none. */
export function unheard<S extends Step>(step: S): S {
  return { ...step, heard: null }
}

/** Answers actions with their first outcome, or the one with this number. */
export function settle(
  engine: Engine,
  program: Program,
  taken: Step,
  values: Record<string, Json> = {},
  which = 0,
): Step & { kind: 'reply' } {
  let last = taken
  while (last.kind === 'run') {
    const all = Object.entries(program.actions[last.run.action]?.outcomes ?? {})
    const [outcome, types] = all[which % all.length] ?? ['failed', {}]
    const fixed = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, fixedValue(type)]))
    last = engine.step(program, last.session, {
      kind: 'outcome',
      atMs: AT_MS,
      outcome,
      values: { ...fixed, ...values },
      rest: last.rest,
    })
  }
  return last
}

export function fixedValue(type: Type): Json {
  switch (type.type) {
    case 'number':
    case 'moment':
    case 'time':
      return 7
    case 'choice':
      return type.of[0] ?? ''
    case 'msisdn':
      return '+254700000002'
    case 'date':
      return '2026-11-24'
    case 'rows':
      return Array.from({ length: type.max }, () =>
        Object.fromEntries(Object.entries(type.of).map(([name, each]) => [name, fixedValue(each)])),
      )
    default:
      return '700'
  }
}

/** The screen that the session is at. */
export function screenAt(program: Program, session: MenuSession): Program['screens'][string] | undefined {
  return program.screens[topFrame(session).at]
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

/** Fast where they are the same, as they should be. */
export function expectSame(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) expect(found).toEqual(wanted)
}

/** Characters of two septets (3GPP TS 23.038 §6.2.1.1). */
const EXTENDED = /[\f^{}\\[\]~|€]/g

/** Septets or UTF-16 units, counted in another way than the engine does. */
export function measured(text: string, gsm7: boolean): number {
  return text.length + (gsm7 ? (text.match(EXTENDED)?.length ?? 0) : 0)
}

export function expectToFit(program: Program, { channel }: MenuSession, { text, encoding, units }: Reply): void {
  const limits = limitsOf(program, channel)
  expect(units).toBe(measured(text, encoding === 'gsm7'))
  if (encoding === 'gsm7') expect(countSeptets(text)).toBe(units)
  expect(units, text).toBeLessThanOrEqual(limits[encoding])
  expect(text.split('\n').length, text).toBeLessThanOrEqual(limits.lines)
  expect(text).not.toMatch(/\{|undefined|null/)
  // Half a character, as is left where one of two UTF-16 units is cut.
  expect(text).not.toMatch(/\p{Cs}/u)
}
