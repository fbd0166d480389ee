import type { Msisdn } from '../../../src/domain/msisdn.ts'
import { Secret } from '../../../src/domain/secret.ts'
import type { Json } from '../../../src/menu/contract.ts'
import { type Coverage, itemsIn, makeCoverage, universeOf } from '../../../src/menu/coverage.ts'
import type { MenuEvent, Step } from '../../../src/menu/event.ts'
import type { Program, Screen } from '../../../src/menu/program.ts'
import { openChoices, type Reply, rowsOf } from '../../../src/menu/render.ts'
import type { Values } from '../../../src/menu/scope.ts'
import { begin, type Facts, type MenuSession, topFrame } from '../../../src/menu/session.ts'
import type { Dialled } from '../../../src/menu/shortcut.ts'
import { step } from '../../../src/menu/step.ts'
import { limitsOf } from '../../../src/menu/text.ts'
import { tellingNames } from './telling.ts'
import { AT_MS, type Edges, edgesOf, nationalNumber, type Profile, typedFor, variantsOf } from './values.ts'

/** Something on the way that must not be. `path`: what leads there from the dial. */
export type Finding = {
  /** `unreached`: never come to; `endless`: no way on to an end; `spins`: actions in a circle; `wide`: longer than a screen. */
  readonly kind: 'throws' | 'endless' | 'spins' | 'wide' | 'unreached' | 'unwalked'
  /** Empty where it is so in every language. */
  readonly language: string
  readonly screen: string
  readonly what: string
  readonly path: readonly string[]
}

/** A screen as long as it was ever seen. `units` of `limit`. */
export type Seen = Pick<Reply, 'screen' | 'text' | 'encoding' | 'units'> & {
  readonly language: string
  readonly limit: number
}

export type Walk = {
  /** Different situations that were come to, and steps that were tried in them. */
  readonly states: number
  readonly steps: number
  /** Each screen in each language, fullest first. */
  readonly longest: readonly Seen[]
  readonly coverage: Coverage
  readonly findings: readonly Finding[]
}

/** One situation: a session, and how it was come to. Running sessions wait for an outcome, shown ones for an answer. */
type State = {
  readonly session: MenuSession
  readonly waits: Step
  readonly profile: Profile
  readonly from: State | null
  readonly did: string
  readonly next: State[]
}

/** More than any menus have that people could find their way in. */
const MOST_STATES = 100_000

/**
 * Walks every way through a program with values made from its types: every choice, outcome and language, people of every standing, all
 * values short and all long, and those around which conditions turn. Two situations that differ only in what lies further back than one
 * screen are taken for one. Pure: no store, no clock.
 */
export function walk(program: Program, most: number = MOST_STATES): Walk {
  const edges = edgesOf(program)
  const telling = tellingNames(program)
  const coverage = makeCoverage()
  const longest = new Map<string, Seen>()
  const findings = new Map<string, Finding>()
  const states = new Map<string, State>()
  const queue: State[] = []
  let steps = 0

  function find(kind: Finding['kind'], state: Pick<State, 'session' | 'from' | 'did'>, what: string): void {
    const { language } = state.session
    const { at: screen } = topFrame(state.session)
    const key = `${kind} ${language} ${screen} ${what}`
    if (!findings.has(key)) findings.set(key, { kind, language, screen, what, path: pathTo(state) })
  }

  function take(from: State | null, before: MenuSession, event: MenuEvent, did: string): Step | null {
    steps += 1
    try {
      const taken = step(program, before, event)
      coverage.add(itemsIn(program, before, event, taken))
      if (taken.kind === 'reply') look({ session: taken.session, from, did }, taken.reply)
      return taken
    } catch (error) {
      find('throws', { session: before, from, did }, error instanceof Error ? error.message : String(error))
      return null
    }
  }

  function look(state: Pick<State, 'session' | 'from' | 'did'>, { screen, text, encoding, units }: Reply): void {
    const { language } = state.session
    const limits = limitsOf(program, state.session.channel)
    const limit = limits[encoding]
    const lines = text.split('\n').length
    if (units > limit) find('wide', state, `${units} of ${limit} units`)
    if (lines > limits.lines) find('wide', state, `${lines} of ${limits.lines} lines`)
    const known = longest.get(`${language} ${screen}`)
    if (known === undefined || units / limit > known.units / known.limit)
      longest.set(`${language} ${screen}`, { language, screen, text, encoding, units, limit })
  }

  function arrive(from: State | null, profile: Profile, taken: Step | null, did: string): void {
    if (taken === null) return
    const key = keyOf(taken, profile, telling)
    const known = states.get(key)
    const state = known ?? { session: taken.session, waits: taken, profile, from, did, next: [] }
    from?.next.push(state)
    if (known !== undefined) return
    if (states.size >= most) find('unwalked', state, `more than ${most} situations; the walk is not complete`)
    else {
      states.set(key, state)
      queue.push(state)
    }
  }

  for (const channel of ['', ...Object.keys(program.channels)]) {
    for (const profile of ['short', 'long'] as const) {
      for (const { code: language } of program.languages) {
        for (const status of ['unknown', 'enrolled', 'active'] as const) {
          const session = begin(program, { language, facts: factsOf(program, status, profile), channel })
          const did = `dials (${language}, ${status})`
          arrive(null, profile, take(null, session, { kind: 'open', atMs: AT_MS, dialled: [] }, did), did)
        }
      }
    }
  }
  for (const state of queue) {
    for (const { event, did } of eventsOf(program, state, edges))
      arrive(state, state.profile, take(state, state.session, event, did), did)
    if (state.session.state === 'shown' && !givesUp(state, (before, event) => take(state, before, event, '#')))
      find('endless', state, 'wrong answers never end it')
  }

  for (const state of withoutEnd(queue)) find('endless', state, 'no way from here leads to an end')
  for (const state of inCircles(queue)) find('spins', state, 'actions run in a circle without anything being shown')
  const [base] = program.languages
  for (const item of universeOf(program).filter(({ language }) => language === base?.code)) {
    if (program.languages.some(({ code }) => coverage.has({ ...item, language: code }))) continue
    const { screen, kind, name } = item
    const what = kind === 'screen' ? 'is never come to' : `${kind} ${name} is never taken`
    findings.set(`unreached ${screen} ${what}`, { kind: 'unreached', language: '', screen, what, path: [] })
  }
  const fullest = [...longest.values()].sort((a, b) => b.units / b.limit - a.units / a.limit)
  return { states: states.size, steps, longest: fullest, coverage, findings: [...findings.values()] }
}

/** What must be equal for two situations to go on in the same way, as far as one screen back. */
function keyOf({ session, kind }: Step, profile: Profile, telling: ReadonlySet<string>): string {
  const { language, channel, facts, history, away, state, pages, next, say, typed } = session
  const frames = session.frames.map(({ at, variables }) => [at, ...shapesOf(variables, telling)])
  const before = history.at(-1)
  const back = [history.length > 0, before?.at, before?.depth]
  const words = kind === 'run' || state === 'ended' ? say?.text : null
  return JSON.stringify([
    profile,
    language,
    channel,
    facts.status,
    frames,
    back,
    away,
    state,
    pages,
    next,
    words,
    typed,
  ])
}

/** Of what tells nothing, that it is set; of rows, how many. */
function shapesOf(variables: Values, telling: ReadonlySet<string>): readonly Json[] {
  const names = Object.keys(variables).sort()
  return names.map((name) => {
    const value = variables[name] ?? null
    return [name, telling.has(name) ? value : Array.isArray(value) ? value.length : null]
  })
}

function factsOf(program: Program, status: Facts['status'], profile: Profile): Facts {
  const { countryCode, trunkPrefix } = program.market.numbering
  const number = `+${countryCode}${nationalNumber(program.market).slice(trunkPrefix.length)}` as Msisdn
  if (status === 'unknown') return { status, name: '', firstName: '', number }
  const name = 'M'.repeat(profile === 'short' ? 1 : 40)
  return { status, name, firstName: name, number }
}

type Tried = { readonly event: MenuEvent; readonly did: string }

/** Every valid answer, or every outcome, that can come in a situation. */
function eventsOf(program: Program, { session, waits, profile }: State, edges: Edges): readonly Tried[] {
  if (waits.kind === 'run') {
    const { action } = waits.run
    return Object.entries(program.actions[action]?.outcomes ?? {}).flatMap(([outcome, types]) =>
      variantsOf(types, profile, edges, program.market).map((values) => outcomeOf(waits.rest, action, outcome, values)),
    )
  }
  if (session.state !== 'shown') return []
  const screen = program.screens[topFrame(session).at]
  const answers = screen === undefined ? [] : answersTo(program, session, screen, profile, edges)
  const { back, home, more, previous } = program.keys
  const pages = screen?.kind === 'list' ? [more, ...(previous === null ? [] : [previous])] : []
  return [...new Set([...answers, back, home, ...pages])].map((input) => ({
    event: typed(input),
    did: `types ${input}`,
  }))
}

function outcomeOf(rest: readonly Dialled[], action: string, outcome: string, values: Values): Tried {
  return { event: { kind: 'outcome', atMs: AT_MS, outcome, values, rest }, did: `${action} ${outcome}` }
}

function typed(input: string): MenuEvent {
  return { kind: 'input', atMs: AT_MS, input: new Secret(input) }
}

function answersTo(
  { market }: Program,
  session: MenuSession,
  screen: Screen,
  profile: Profile,
  edges: Edges,
): readonly string[] {
  switch (screen.kind) {
    case 'menu':
      return openChoices(screen.choices, session).map(({ key }) => key)
    case 'input':
      return typedFor(screen.type, profile, edges, market)
    case 'list': {
      const { length } = rowsOf(screen, session)
      return screen.choose === null || length === 0 ? [] : ['1', String(length)]
    }
    case 'confirm':
      return screen.asks === 'yes' ? ['1', '2'] : [SECRETS[screen.asks]]
    default:
      return []
  }
}

const SECRETS = { pin: '11111', new_pin: '11111', code: '111111', answer: 'x' }

/** Never a valid answer where any answer is not. */
const WRONG = '#'

/** Nobody is asked more often for the same thing. */
const MOST_WRONG = 20

/** Whether wrong answers, one after another, end the dialogue; true where every answer is right. */
function givesUp({ session }: State, take: (before: MenuSession, event: MenuEvent) => Step | null): boolean {
  let before = session
  for (let count = 0; count < MOST_WRONG; count += 1) {
    const taken = take(before, typed(WRONG))
    if (taken === null || taken.heard !== 'invalid' || taken.session.state === 'ended') return true
    before = taken.session
  }
  return false
}

function pathTo(state: Pick<State, 'from' | 'did'>): readonly string[] {
  const path: string[] = []
  for (let at: Pick<State, 'from' | 'did'> | null = state; at !== null; at = at.from) path.unshift(at.did)
  return path
}

/** Those from which no answers lead to an end. */
function withoutEnd(states: readonly State[]): readonly State[] {
  const comingFrom = new Map<State, State[]>()
  for (const state of states) {
    for (const to of state.next) {
      const known = comingFrom.get(to)
      if (known === undefined) comingFrom.set(to, [state])
      else known.push(state)
    }
  }
  const ending = new Set(states.filter(({ session }) => session.state === 'ended'))
  for (const state of ending) for (const from of comingFrom.get(state) ?? []) ending.add(from)
  return states.filter((state) => !ending.has(state))
}

/** Running situations that come to themselves again through running ones only. */
function inCircles(states: readonly State[]): readonly State[] {
  let circle = new Set(states.filter(({ session }) => session.state === 'running'))
  for (let before = -1; before !== circle.size; ) {
    before = circle.size
    const led = new Set([...circle].flatMap(({ next }) => next))
    circle = new Set([...circle].filter((state) => led.has(state) && state.next.some((to) => circle.has(to))))
  }
  return [...circle]
}
