import type { Secret } from '../domain/secret.ts'
import { readInput, readKey, readSecret } from './answer.ts'
import type { Effect, Json } from './contract.ts'
import { holds } from './guard.ts'
import type { ConfirmScreen, ListScreen, Program, Route, ScreenId, Target, TextKey } from './program.ts'
import { openChoices, type Reply, renderScreen, replyOf, rowsOf, screenOf } from './render.ts'
import { argumentsOf, lookupIn, type Values } from './scope.ts'
import {
  arrive,
  assign,
  atHome,
  enterFlow,
  goBack,
  leave,
  leaveFlow,
  leaveForGood,
  type MenuSession,
  moveTo,
  topFrame,
  type Words,
} from './session.ts'
import { limitsOf } from './text.ts'
import { conformFields, isRecord } from './value.ts'
import { fittest, joined, wordsOf } from './words.ts'

export type MenuEvent =
  /** `dialled`: answers that came with the dialled code, for plain screens only. */
  | { readonly kind: 'open'; readonly atMs: number; readonly dialled: readonly Secret[] }
  | { readonly kind: 'input'; readonly atMs: number; readonly input: Secret }
  /** How the action of the last step ended; `rest` is handed back as that step gave it. */
  | {
      readonly kind: 'outcome'
      readonly atMs: number
      readonly outcome: string
      readonly values: Values
      readonly rest: readonly Secret[]
    }

/** An action to run. `secret`: only where its screen asks for one. */
export type RunEffect = {
  readonly action: string
  readonly effect: Effect
  readonly input: Readonly<Record<string, Json>>
  readonly secret: Secret | null
  readonly deadlineMs: number
  readonly screen: ScreenId
}

export type SmsRequest = { readonly message: string; readonly values: Readonly<Record<string, Json>> }

/** What an answer was to the screen it was given to. `page`: it turned a page of a list. */
export type Heard = 'answered' | 'invalid' | 'back' | 'home' | 'page'

/** `heard`: null where no answer was given in this step, or more than one, as with a dialled string. */
export type Step = { readonly session: MenuSession; readonly heard: Heard | null } & (
  | { readonly kind: 'reply'; readonly reply: Reply; readonly sms: readonly SmsRequest[] }
  | { readonly kind: 'run'; readonly run: RunEffect; readonly rest: readonly Secret[] }
)

/**
 * What one event does to a dialogue: a screen to show, or an action to run whose outcome is the next event. Pure and total: an event
 * that does not fit (an answer while an action runs, an outcome nobody waits for) shows words and changes nothing that lasts.
 */
export function step(program: Program, session: MenuSession, event: MenuEvent): Step {
  const rest = event.kind === 'open' ? event.dialled.slice(0, MAX_DIALLED) : []
  const heard = event.kind === 'input' && session.state === 'shown' ? 'answered' : null
  const turn: Turn = { program, atMs: event.atMs, rest, heard }
  switch (session.state) {
    case 'new':
      return travel(turn, session, 'home')
    case 'running':
      return event.kind === 'outcome'
        ? settle({ ...turn, rest: event.rest }, session, event.outcome, event.values)
        : settle(turn, session, 'late', {})
    case 'shown':
      return event.kind === 'input' ? answer(turn, session, event.input) : show(turn, session, null)
    case 'ended':
      return { session, heard: null, kind: 'reply', reply: lastWords(session), sms: [] }
  }
}

/** Longest dialled string of answers that is followed. */
const MAX_DIALLED = 16

/** More invisible screens in a row than any compiled menu has, since they cannot form a cycle. */
const MAX_INVISIBLE = 256

type Turn = {
  readonly program: Program
  readonly atMs: number
  readonly rest: readonly Secret[]
  readonly heard: Heard | null
}

function heardAs(heard: Heard, turn: Turn): Turn {
  return turn.heard === null ? turn : { ...turn, heard }
}

/** Goes to the target and on through whatever is invisible, until there is something to show or to run. */
function travel(turn: Turn, from: MenuSession, target: Target): Step {
  let session = from
  let go = target
  for (let count = 0; count < MAX_INVISIBLE; count += 1) {
    const arrival = arriveAt(turn.program, session, go)
    if (arrival === null) return finish(turn, session, session.say, [])
    session = arrival
    const { at } = topFrame(session)
    const screen = screenOf(turn.program, at)
    switch (screen.kind) {
      case 'menu':
      case 'input':
      case 'confirm':
        return present(turn, session)
      case 'list':
        return screen.call === null ? presentList(turn, session, screen) : run(turn, session, screen.call, null)
      case 'call':
        return run(turn, session, screen, null)
      case 'end': {
        const sms = screen.sms.map((each) => ({ message: each.message, values: argumentsOf(session, each.with) }))
        const words = wordsOf(turn, session, `${at}.text`)
        return finish(turn, session, session.say === null ? words : joined(session.say, words), sms)
      }
      case 'route': {
        const lookup = lookupIn(session)
        go = screen.cases.find(({ when }) => holds(when, lookup))?.go ?? screen.otherwise
        break
      }
      case 'use':
        session = enterFlow(session, screen.start, argumentsOf(session, screen.with))
        go = screen.start
        break
    }
  }
  throw new Error(`invisible screens without end at ${topFrame(session).at}`)
}

/** The session at the screen that the target means; null at the end. */
function arriveAt(program: Program, session: MenuSession, go: Target): MenuSession | null {
  switch (go) {
    case 'end':
      return null
    case 'again':
      return session
    case 'home':
      return atHome(program, session)
    case 'return':
      return returned(program, session)
    default:
      return moveTo(session, go)
  }
}

/** Back in the calling flow, with its variables set from those of the flow that returned, at the screen where it goes on. */
function returned(program: Program, session: MenuSession): MenuSession {
  const results = topFrame(session).variables
  const caller = leaveFlow(session)
  const screen = screenOf(program, topFrame(caller).at)
  if (screen.kind !== 'use' || screen.go === null) throw new Error(`return to ${topFrame(caller).at}`)
  const values = screen.set.flatMap(({ to, value }) => {
    const result = value.from === 'field' ? results[value.name] : undefined
    return result === undefined ? [] : [[to, result] as const]
  })
  const set = assign(caller, Object.fromEntries(values))
  return arriveAt(program, set, screen.go) ?? set
}

function present(turn: Turn, session: MenuSession): Step {
  return showOrFeed(turn, arrive(session))
}

/** Shows the current screen, or answers it with what was dialled. A dialled string never answers a confirm, nor a screen with news. */
function showOrFeed(turn: Turn, session: MenuSession): Step {
  const [first, ...rest] = turn.rest
  if (first === undefined || session.say !== null) return show(turn, session, session.say)
  const screen = screenOf(turn.program, topFrame(session).at)
  if (screen.kind === 'confirm') return show(turn, session, wordsOf(turn, session, 'service.dialled_secret'))
  return answer({ ...turn, rest }, show(turn, session, null).session, first)
}

function presentList(turn: Turn, session: MenuSession, screen: ListScreen): Step {
  if (screen.empty !== null && rowsOf(screen, session).length === 0) return follow(turn, session, screen.empty)
  return present(turn, session)
}

function show({ program, atMs, heard }: Turn, session: MenuSession, above: Words | null): Step {
  const { reply, next } = renderScreen(program, session, above, atMs)
  return { session: { ...session, state: 'shown', say: null, next }, heard, kind: 'reply', reply, sms: [] }
}

function run(
  turn: Turn,
  session: MenuSession,
  call: Pick<ConfirmScreen, 'action' | 'with'>,
  secret: Secret | null,
): Step {
  const action = turn.program.actions[call.action]
  if (action === undefined) throw new Error(`no action ${call.action}`)
  const { effect, deadlineMs } = action
  const { at: screen } = topFrame(session)
  const input = argumentsOf(session, call.with)
  return {
    session: { ...session, state: 'running' },
    heard: turn.heard,
    kind: 'run',
    run: { action: call.action, effect, input, secret, deadlineMs, screen },
    rest: turn.rest,
  }
}

/** Takes the way that the running screen has for this outcome. One that the contract does not allow counts as `failed`. */
function settle(turn: Turn, session: MenuSession, outcome: string, values: Values): Step {
  const { at } = topFrame(session)
  const screen = screenOf(turn.program, at)
  if (screen.kind !== 'list' && screen.kind !== 'call' && screen.kind !== 'confirm')
    throw new Error(`no action at ${at}`)
  const call = screen.kind === 'list' ? screen.call : screen
  const types = turn.program.actions[call?.action ?? '']?.outcomes ?? {}
  const declared = Object.hasOwn(types, outcome) ? types[outcome] : undefined
  const fields = declared === undefined ? undefined : conformFields(declared, values)
  const known = fields === undefined ? 'failed' : outcome
  if (screen.kind === 'list' && screen.call?.outcome === known) {
    const rows = fields?.[screen.call.field]
    return presentList(turn, assign(session, { [screen.rows]: keptOf(rows, screen.call.keep) }), screen)
  }
  const route = screen.outcomes[known]
  if (route === undefined) throw new Error(`no route for ${known} at ${at}`)
  return follow(
    turn,
    screen.kind === 'confirm' ? confirmed(turn.program, session, screen, route) : session,
    route,
    fields,
  )
}

/** Only the fields of a row that the screen shows or sets. */
function keptOf(rows: Json | undefined, keep: readonly string[]): Json {
  const pick = (row: Values): Json => Object.fromEntries(keep.map((name) => [name, row[name] ?? null]))
  return Array.isArray(rows) ? rows.filter(isRecord).map(pick) : []
}

/** An answered confirm is no place to go back to; once it has written, nothing before it is either. */
function confirmed(program: Program, session: MenuSession, screen: ConfirmScreen, route: Route): MenuSession {
  if (route.go === 'again') return session
  const wrote = program.actions[screen.action]?.effect === 'write'
  return leaveForGood(session, wrote)
}

function follow(turn: Turn, from: MenuSession, route: Route, fields: Values = {}): Step {
  const session = route.set.length === 0 ? from : assign(from, argumentsOf(from, route.set, fields))
  if (route.say === null) return travel(turn, session, route.go)
  return travel(turn, { ...session, say: wordsOf(turn, session, route.say, fields) }, route.go)
}

function answer(turn: Turn, session: MenuSession, input: Secret): Step {
  const { program } = turn
  const screen = screenOf(program, topFrame(session).at)
  const raw = input.reveal()
  const key = readKey(raw)
  if (key === program.keys.home) return travel(heardAs('home', turn), session, 'home')
  if (key === program.keys.back) return back(heardAs('back', turn), session)
  switch (screen.kind) {
    case 'menu': {
      const choice = openChoices(screen.choices, session).find((each) => each.key === key)
      return choice === undefined ? invalid(turn, session, screen.wrong) : follow(turn, leave(session), choice.route)
    }
    case 'input': {
      const value = readInput(screen.type, raw, program.market)
      if (value === null) return invalid(turn, session, screen.wrong)
      return travel(turn, assign(leave(session), { [screen.as]: value }), screen.go)
    }
    case 'list':
      return answerList(turn, session, screen, key)
    case 'confirm': {
      if (screen.asks === 'yes') {
        if (key === '1') return run(turn, session, screen, null)
        if (key === '2' && screen.no !== null) return travel(turn, leaveForGood(session, false), screen.no)
        return invalid(turn, session, screen.wrong)
      }
      const secret = readSecret(screen.asks, raw)
      return secret === null ? invalid(turn, session, screen.wrong) : run(turn, session, screen, secret)
    }
    default:
      throw new Error(`no answer is expected at ${topFrame(session).at}`)
  }
}

function answerList(turn: Turn, session: MenuSession, screen: ListScreen, key: string): Step {
  const { keys } = turn.program
  if (key === keys.more && session.next !== null) {
    return showOrFeed(heardAs('page', turn), { ...session, wrong: 0, pages: [...session.pages, session.next] })
  }
  if (key === keys.previous && session.pages.length > 1) return previousPage(turn, session)
  const row = /^[1-9]\d?$/.test(key) ? rowsOf(screen, session)[Number(key) - 1] : undefined
  if (screen.choose === null || row === undefined) return invalid(turn, session, screen.wrong)
  return follow(turn, leave(session), screen.choose, row)
}

function previousPage(turn: Turn, session: MenuSession): Step {
  return showOrFeed(heardAs('page', turn), { ...session, wrong: 0, pages: session.pages.slice(0, -1) })
}

/** The page before, the screen before, or home where there is neither. */
function back(turn: Turn, session: MenuSession): Step {
  if (session.pages.length > 1 && turn.program.keys.previous === null) return previousPage(turn, session)
  const before = goBack(session)
  return before === null ? travel(turn, session, 'home') : showOrFeed(turn, before)
}

/** The same screen with a hint above it; after too many, the end. What else was dialled is dropped. */
function invalid(from: Turn, session: MenuSession, hint: TextKey): Step {
  const turn = heardAs('invalid', from)
  if (session.wrong >= turn.program.attempts)
    return finish(turn, session, wordsOf(turn, session, 'service.invalid.end'), [])
  return show(turn, { ...session, wrong: session.wrong + 1 }, wordsOf(turn, session, hint))
}

function finish({ program, heard }: Turn, session: MenuSession, words: Words | null, sms: readonly SmsRequest[]): Step {
  const say = words && fittest(limitsOf(program, session.channel), words)
  const ended: MenuSession = { ...session, state: 'ended', say, history: [], pages: [], next: null }
  return { session: ended, heard, kind: 'reply', reply: lastWords(ended), sms }
}

function lastWords(session: MenuSession): Reply {
  const words = session.say ?? { text: '', gsm7: true }
  return replyOf(topFrame(session).at, words.gsm7, true, words.text)
}
