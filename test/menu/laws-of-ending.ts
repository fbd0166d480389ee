import fc from 'fast-check'
import { expect } from 'vitest'
import type { Json } from '../../src/menu/contract.ts'
import type { MenuEvent, Step } from '../../src/menu/event.ts'
import type { Guard, Program, Screen, Source, Types } from '../../src/menu/program.ts'
import { openChoices } from '../../src/menu/render.ts'
import type { Facts, MenuSession } from '../../src/menu/session.ts'
import type { Engine } from './engine.ts'
import type { Menus } from './menus.ts'
import { AT_MS, amina } from './support.ts'
import { CANARY, fixedValue, open, screenAt, settle, typing, valueFor, type Walk } from './walk.ts'

/** Where a screen's tries are used up, it may lead on to another that has its own. */
export function givingUp(engine: Engine, { program }: Menus, walk: Walk): void {
  const asking = Object.values(program.screens).flatMap((screen) => ('wrong' in screen ? [screen] : []))
  const tries = Math.max(program.attempts, ...asking.map(({ attempts }) => attempts ?? 0)) + 1
  const most = tries * (1 + asking.filter(({ after }) => after !== null).length)
  for (const { session } of walk.shown()) {
    let last = session
    for (let count = 0; count < most && last.state !== 'ended'; count += 1)
      last = settle(engine, program, engine.step(program, last, typing(''))).session
    expect(last.state).toBe('ended')
  }
}

/** More than one of these menus needs; what takes longer is not judged. */
const MOST_STEPS = 1500
const STATUSES: readonly Facts['status'][] = ['active', 'enrolled', 'unknown']

/** Of menus in which nothing but the caller's status opens a way, since no search tries every value. */
export function ending(engine: Engine, menus: fc.Arbitrary<Menus>, options: fc.Parameters<unknown> = {}): void {
  fc.assert(
    fc.property(menus, ({ program }) => {
      if (!Object.values(program.screens).every(dependsOnStatus)) return
      const [{ code: language = '' } = {}] = program.languages
      const ends = STATUSES.map((status) =>
        comesToRest(engine, program, engine.begin(program, { language, facts: { ...amina, status } })),
      )
      expect(ends).toContain(true)
    }),
    options,
  )
}

/** Whether some answers, and some ends of actions, lead to an end or to a page that is only read. */
function comesToRest(engine: Engine, program: Program, start: MenuSession): boolean {
  const waiting: { session: MenuSession; event: MenuEvent }[] = [{ session: start, event: open([]) }]
  const seen = new Set<string>()
  for (let count = 0; count < MOST_STEPS; count += 1) {
    const next = waiting.shift()
    if (next === undefined) return false
    const after = engine.step(program, next.session, next.event)
    if (after.kind === 'reply' && (after.reply.end || isRead(screenAt(program, after.session)))) return true
    const { frames, language, pages, typed, wrong } = after.session
    const place = JSON.stringify([after.kind, frames, language, pages, typed, wrong])
    if (seen.has(place)) continue
    seen.add(place)
    const { session } = after
    for (const event of after.kind === 'run' ? endingsOf(program, after) : answersTo(program, session))
      waiting.push({ session, event })
  }
  return true
}

function isRead(screen: Screen | undefined): boolean {
  return screen?.kind === 'menu' ? screen.choices.length === 0 : screen?.kind === 'list' && screen.choose === null
}

function answersTo(program: Program, session: MenuSession): readonly MenuEvent[] {
  const screen = screenAt(program, session)
  const { home, more } = program.keys
  // Where too many tries lead elsewhere, that is a way on like any other.
  const none = screen !== undefined && 'after' in screen && screen.after !== null ? [''] : []
  return [...answersOf(screen, session, more), home, ...none].map(typing)
}

function answersOf(screen: Screen | undefined, session: MenuSession, more: string): readonly string[] {
  switch (screen?.kind) {
    case 'menu':
      return openChoices(screen.choices, session).map(({ key }) => key)
    case 'input':
      return [valueFor(screen.type, 0)]
    case 'list':
      return session.next === null ? ['1'] : ['1', more]
    case 'confirm':
      return screen.asks === 'yes' ? ['1', '2'] : [screen.asks === 'code' ? `${CANARY}4` : CANARY]
    default:
      return []
  }
}

/** Each that the screen has a way for; ends that the service has, such as `failed`, are nobody's choice. Rows come, or none. */
function endingsOf(program: Program, { run, rest }: Step & { kind: 'run' }): readonly MenuEvent[] {
  const screen = program.screens[run.screen]
  const routes = screen !== undefined && 'outcomes' in screen ? screen.outcomes : {}
  return Object.entries(program.actions[run.action]?.outcomes ?? {}).flatMap(([outcome, types]): MenuEvent[] => {
    const route = routes[outcome]
    if (route?.go === 'end' && route.say?.startsWith('service.outcomes.')) return []
    const given = [true, false].map((full) => valuesOf(types, full))
    return given.map((values) => ({ kind: 'outcome', atMs: AT_MS, outcome, values, rest }))
  })
}

function valuesOf(types: Types, full: boolean): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => [name, type.type === 'rows' && !full ? [] : fixedValue(type)]),
  )
}

function dependsOnStatus(screen: Screen): boolean {
  if (screen.kind === 'route') return screen.cases.every(({ when }) => asksStatus(when))
  return screen.kind !== 'menu' || screen.choices.every(({ when }) => when === null || asksStatus(when))
}

function asksStatus(guard: Guard): boolean {
  switch (guard.op) {
    case 'and':
    case 'or':
      return asksStatus(guard.left) && asksStatus(guard.right)
    case 'not':
      return asksStatus(guard.of)
    case 'in':
      return isStatus(guard.left)
    case 'compare':
      return [guard.left, guard.right].every((source) => isStatus(source) || source.from === 'literal')
  }
}

function isStatus(source: Source): boolean {
  return source.from === 'fact' && source.name === 'status'
}
