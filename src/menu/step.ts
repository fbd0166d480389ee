import type { Secret } from '../domain/secret.ts'
import { readKey } from './answer.ts'
import type { Json } from './contract.ts'
import type { MenuEvent, SmsRequest, Step } from './event.ts'
import { holds } from './guard.ts'
import { LAST_TRANSFER_FIELDS } from './last-transfer.ts'
import { type Heard, heardOf, meaningOf } from './meaning.ts'
import { arriveAt, confirmed } from './move.ts'
import type { ConfirmScreen, ListScreen, Program, Route, Screen, Target, TextKey } from './program.ts'
import { openChoices, type Reply, renderOffer, renderScreen, replyOf, rowsOf, screenOf } from './render.ts'
import { argumentsOf, lookupIn, type Values } from './scope.ts'
import {
  arrive,
  assign,
  enterFlow,
  goBack,
  leave,
  leaveForGood,
  type MenuSession,
  topFrame,
  type Words,
} from './session.ts'
import { answersOf, type Dialled, mayBeSecret } from './shortcut.ts'
import { limitsOf } from './text.ts'
import { conformFields, isRecord } from './value.ts'
import { fittest, joined, wordsOf } from './words.ts'

/**
 * What one event does to a dialogue: a screen to show, or an action to run whose outcome is the next event. Pure and total: an event
 * that does not fit (an answer while an action runs, an outcome nobody waits for) shows words and changes nothing that lasts.
 */
export function step(program: Program, session: MenuSession, event: MenuEvent): Step {
  const rest = event.kind === 'open' ? answersOf(program, event.dialled) : []
  const heard = event.kind === 'input' && isWaiting(session) ? 'answered' : null
  const turn: Turn = { program, atMs: event.atMs, rest, heard }
  switch (session.state) {
    case 'new': {
      const first = travel(turn, session, 'home')
      return event.kind === 'open' ? underNews(turn, first, event) : first
    }
    case 'running':
      return event.kind === 'outcome'
        ? settle({ ...turn, rest: event.rest }, session, event.outcome, event.values)
        : settle(turn, session, 'late', {})
    case 'shown':
      if (event.kind === 'resume' && program.resume) return offer(turn, { ...session, wrong: 0 }, null)
      return event.kind === 'input' ? answer(turn, session, event.input) : show(turn, session, null)
    case 'offered':
      return event.kind === 'input' ? answerOffer(turn, session, event.input) : offer(turn, session, null)
    case 'ended':
      return { session, heard: null, kind: 'reply', reply: lastWords(session), sms: [] }
  }
}

function isWaiting({ state }: MenuSession): boolean {
  return state === 'shown' || state === 'offered'
}

/** More invisible screens in a row than any compiled menu has, since they cannot form a cycle. */
const MAX_INVISIBLE = 256

type Turn = {
  readonly program: Program
  readonly atMs: number
  readonly rest: readonly Dialled[]
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

function present(turn: Turn, session: MenuSession): Step {
  return showOrFeed(turn, arrive(session))
}

/**
 * Shows the current screen, or answers it with what was dialled: a shortcut's answer only on its own screen, and what is beyond a
 * shortcut, or no value for it, only where it cannot be a secret. A dialled string never answers a confirm, nor a screen with news.
 */
function showOrFeed(turn: Turn, session: MenuSession): Step {
  const [first, ...rest] = turn.rest
  if (first === undefined || session.say !== null) return show(turn, session, session.say)
  const { at } = topFrame(session)
  const screen = screenOf(turn.program, at)
  const shown = show(turn, session, null)
  if (first.at === null) {
    return screen.kind === 'confirm' || mayBeSecret(first.input)
      ? show(turn, session, wordsOf(turn, session, 'service.dialled_secret'))
      : answer({ ...turn, rest }, shown.session, first.input)
  }
  const key = readKey(first.input.reveal())
  // The dialogue went another way, or this way is not open to this caller: it begins here as if nothing had been dialled.
  if (first.at !== at || screen.kind === 'confirm') return shown
  if (screen.kind === 'menu' && !openChoices(screen.choices, session).some((choice) => choice.key === key)) return shown
  const { back, home, exit } = turn.program.keys
  if (screen.kind === 'input' && [back, home, exit].includes(key))
    return invalid(turn, shown.session, screen, screen.wrong)
  const isMeant = meaningOf(turn.program, shown.session, screen, first.input.reveal(), turn.atMs).kind !== 'invalid'
  if (!isMeant && mayBeSecret(first.input)) return show(turn, session, wordsOf(turn, session, 'service.dialled_secret'))
  return answer({ ...turn, rest }, shown.session, first.input)
}

/** The first screen once more below what is new to the caller, where it is a menu that has no words above it. */
function underNews(turn: Turn, first: Step, event: Extract<MenuEvent, { kind: 'open' }>): Step {
  if (first.kind !== 'reply' || first.session.state !== 'shown') return first
  const { session } = first
  const screen = screenOf(turn.program, topFrame(session).at)
  if (screen.kind !== 'menu' || session.history.length > 0 || session.wrong > 0) return first
  const news = newsOf(turn, session, event)
  return news === null ? first : show(turn, session, news)
}

/** How the last transfer ended, or else that something waits for an answer. */
function newsOf(turn: Turn, session: MenuSession, event: Extract<MenuEvent, { kind: 'open' }>): Words | null {
  const { tellsLastTransfer, tellsAsked } = turn.program
  const values = tellsLastTransfer && event.last ? conformFields(LAST_TRANSFER_FIELDS, event.last.values) : undefined
  if (values !== undefined) return wordsOf(turn, session, `service.last_transfer.${event.last?.outcome}`, values)
  return tellsAsked && event.asked === true ? wordsOf(turn, session, 'service.asked') : null
}

/** Asks whether to go on where the session was dropped, or to begin anew. */
function offer({ program, atMs, heard }: Turn, session: MenuSession, above: Words | null): Step {
  const reply = renderOffer(program, session, above, atMs)
  return { session: { ...session, state: 'offered' }, heard, kind: 'reply', reply, sms: [] }
}

/** Whether the answer turns down the offer to go on where a dropped session was. */
export function startsOver({ keys }: Program, { state }: MenuSession, input: Secret): boolean {
  return state === 'offered' && ['2', keys.home].includes(readKey(input.reveal()))
}

function answerOffer(turn: Turn, session: MenuSession, input: Secret): Step {
  const went: MenuSession = { ...session, state: 'shown', wrong: 0 }
  if (startsOver(turn.program, session, input)) return travel(turn, went, 'home')
  if (readKey(input.reveal()) === '1') return show(turn, went, null)
  const unheard = heardAs('invalid', turn)
  if (session.wrong >= turn.program.attempts)
    return finish(unheard, session, wordsOf(turn, session, 'service.invalid.end'), [])
  const above = wordsOf(turn, session, 'service.invalid.text')
  return offer(unheard, { ...session, wrong: session.wrong + 1 }, above)
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

function follow(turn: Turn, from: MenuSession, route: Route, fields: Values = {}): Step {
  const session = route.set.length === 0 ? from : assign(from, argumentsOf(from, route.set, fields))
  if (route.say === null) return travel(turn, session, route.go)
  return travel(turn, { ...session, say: wordsOf(turn, session, route.say, fields) }, route.go)
}

function answer(from: Turn, session: MenuSession, input: Secret): Step {
  const { program, atMs } = from
  const screen = screenOf(program, topFrame(session).at)
  const meaning = meaningOf(program, session, screen, input.reveal(), atMs)
  const turn = heardAs(heardOf(meaning, screen), from)
  switch (meaning.kind) {
    case 'home':
      return travel(turn, session, 'home')
    case 'back':
      return back(turn, session)
    case 'exit':
      return finish(turn, session, wordsOf(turn, session, 'service.exit.end'), [])
    case 'more':
      return showOrFeed(turn, { ...session, wrong: 0, pages: [...session.pages, session.next ?? 0] })
    case 'previous':
      return previousPage(turn, session)
    case 'typed':
      // The first of two equal values is no answer yet, so it does not start the count anew.
      return showOrFeed(turn, {
        ...session,
        wrong: screen.kind === 'list' ? 0 : session.wrong,
        pages: [0],
        typed: meaning.typed,
      })
    case 'choose':
      return follow(turn, leaveFresh(session, screen), meaning.route, meaning.fields)
    case 'value':
      return travel(turn, assign(leaveFresh(session, screen), meaning.set), meaning.go)
    case 'confirm':
      return run(turn, session, meaning.call, meaning.secret)
    case 'no':
      return travel(turn, leaveForGood(session, false), meaning.go)
    case 'invalid':
      return invalid(turn, { ...session, typed: meaning.typed }, screen, meaning.hint)
  }
}

function previousPage(turn: Turn, session: MenuSession): Step {
  return showOrFeed(heardAs('page', turn), { ...session, wrong: 0, pages: session.pages.slice(0, -1) })
}

/** The page before, the screen without what was typed on it, the screen before, or home where there is none of these. */
function back(turn: Turn, session: MenuSession): Step {
  if (session.pages.length > 1 && turn.program.keys.previous === null) return previousPage(turn, session)
  if (session.typed !== '') return showOrFeed(turn, { ...session, pages: [0], typed: '' })
  const before = goBack(session)
  return before === null ? travel(turn, session, 'home') : showOrFeed(turn, before)
}

/** The same screen with a hint above it; after too many, what the screen has for that. What else was dialled is dropped. */
function invalid(turn: Turn, session: MenuSession, screen: Screen, hint: TextKey): Step {
  const { attempts = null, after = null } = 'wrong' in screen ? screen : {}
  if (session.wrong < (attempts ?? turn.program.attempts))
    return show(turn, { ...session, wrong: session.wrong + 1 }, wordsOf(turn, session, hint))
  if (after === null) return finish(turn, session, wordsOf(turn, session, 'service.invalid.end'), [])
  const left = screen.kind === 'confirm' ? leaveForGood(session, false) : leaveFresh(session, screen)
  return follow({ ...turn, rest: [] }, left, after)
}

/** An input that one goes back to asks from the beginning. */
function leaveFresh(session: MenuSession, screen: Screen): MenuSession {
  return leave(screen.kind === 'input' ? { ...session, typed: '' } : session)
}

function finish({ program, heard }: Turn, session: MenuSession, words: Words | null, sms: readonly SmsRequest[]): Step {
  const say = words && fittest(limitsOf(program, session.channel), words)
  const ended: MenuSession = { ...session, state: 'ended', say, history: [], pages: [], next: null, typed: '' }
  return { session: ended, heard, kind: 'reply', reply: lastWords(ended), sms }
}

function lastWords(session: MenuSession): Reply {
  const words = session.say ?? { text: '', gsm7: true }
  return replyOf(topFrame(session).at, words.gsm7, true, words.text)
}
