import { randomUUID } from 'node:crypto'
import type { Action, ActionContext, Caller, Services } from '../actions/action.ts'
import { tellAtEnd } from '../actions/notices.ts'
import type { UssdEnd, UssdReply, UssdRequest, UssdTurn } from '../aggregators/aggregator.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { within } from '../domain/within.ts'
import { screenNow } from '../menu/changes.ts'
import type { Json } from '../menu/contract.ts'
import type { MenuEvent, Step } from '../menu/event.ts'
import { OFFER } from '../menu/layout.ts'
import type { Heard } from '../menu/meaning.ts'
import { baseLanguageOf, type Program } from '../menu/program.ts'
import type { Reply } from '../menu/render.ts'
import { begin, languageOf, type MenuSession, topFrame } from '../menu/session.ts'
import { startsOver, step } from '../menu/step.ts'
import type { Subscriber } from '../subscribers/find.ts'
import type { Events } from '../telemetry/events.ts'
import { type Arrival, dialledInputs, placeCumulative, type SeenInput } from './arrival.ts'
import { answerHop, awaitAnswer, claimHop, findHop, type Hop } from './hops.ts'
import { type Answered, type Errand, makeLastWords } from './last-words.ts'
import { endOffer } from './offer.ts'
import { type Previous, pastOf, readPrevious } from './previous.ts'
import type { Programs } from './programs.ts'
import { runAction } from './run-action.ts'
import type { Sessions, StoredSession, UssdSession } from './sessions.ts'
import { earlierOf, placeAlone, type SingleRequest } from './singles.ts'
import type { Watch } from './watch.ts'

export type UssdDependencies = {
  readonly services: Services
  readonly actions: ReadonlyMap<string, Action>
  readonly sessions: Sessions
  readonly programs: Programs
  readonly events: Events
  /** True once the service is stopping: dialogues go on, new ones are asked to come back. */
  readonly stopping: () => boolean
  readonly now: () => number
  /** Told of every step, for tools that look on; null in production. What it hears may hold what was typed. */
  readonly watch: Watch | null
}

export type UssdConversation = {
  readonly answer: (request: UssdRequest) => Promise<UssdReply>
  /** The same, with what kind of answer it is, for networks where a repeat is not answered as a first screen is. */
  readonly converse: (request: UssdRequest) => Promise<UssdTurn>
  readonly end: (end: UssdEnd) => Promise<void>
  /** The last screen may or may not have arrived: until the next answer, its input again is a repeat, however late. */
  readonly doubt: (session: Omit<UssdEnd, 'status'>) => Promise<void>
}

/** The whole hop, well inside the 10 s that the strictest network gives an application. */
const HOP_BUDGET_MS = 7000

/** A write that cannot have at least this long is not begun: what it would answer is known beforehand. */
const LEAST_WRITE_MS = 1000

/** More actions than any dialogue runs between two screens; a menu that needs more is broken. */
const MAX_RUNS = 16

/** No network keeps a session for longer; who has not answered by then is in no dialogue. */
const LONGEST_SESSION_MS = 180_000

/** How often a hop that lost its compare-and-set looks again. */
const MAX_ROUNDS = 4

/** What one round of a hop works on: the session as it was read (or as it begins), and the event to feed. */
type Round = {
  readonly errand: Errand
  readonly name: string
  readonly revision: number
  readonly session: Omit<UssdSession, 'reply'>
  readonly program: Program
  readonly event: MenuEvent
}

type Shown = Step & { readonly kind: 'reply' }

/** The one place where the branches of a USSD request are taken. */
export function makeUssdConversation(dependencies: UssdDependencies): UssdConversation {
  const { services, actions, sessions, programs, events, stopping, now, watch } = dependencies
  const { last, speaking, lost, unfinished } = makeLastWords(services, programs)

  async function converse(request: UssdRequest): Promise<UssdTurn> {
    const startedMs = now()
    const errand: Errand = { request, startedMs, mayAct: false, language: null }
    const placed = place(errand).catch((error: unknown): Answered => {
      events.hopFailed({ aggregator: request.aggregator, error })
      return unfinished(errand)
    })
    // Whatever hangs behind us, the network gets its answer.
    const inTime = await within(HOP_BUDGET_MS + LEAST_WRITE_MS, placed)
    const { reply, outcome, screen } = inTime === 'late' ? unfinished(errand) : inTime
    events.hopAnswered({
      aggregator: request.aggregator,
      outcome,
      screen,
      end: reply.end,
      durationMs: now() - startedMs,
    })
    return { reply, outcome }
  }

  async function place(errand: Errand): Promise<Answered> {
    const { request } = errand
    const { single } = request
    let name = sessions.keyOf(request.aggregator, request.sessionId)
    let stored: StoredSession | null
    let before: string | null
    try {
      // A code with answers goes where it says, whatever was before. Asked together, all share a command.
      const isDial = request.text.reveal() === '' && single?.kind !== 'answer'
      const alias = aliasOf(request)
      let begun: StoredSession | null
      ;[stored, before, begun] = await Promise.all([
        sessions.read(name),
        isDial ? sessions.lastOf(request.msisdn) : null,
        alias === null ? null : sessions.read(alias),
      ])
      if (stored === null && begun !== null && alias !== null && single?.kind === 'answer')
        [name, stored] = [alias, begun]
    } catch (error) {
      events.sessionStoreFailed({ error })
      return (await remembered(name, errand)) ?? last(errand, 'screen_busy', 'error')
    }
    if (single?.pushed && (await isInDialogue(request.msisdn))) return last(errand, 'screen_busy', 'refused')
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (single?.pushed && isLive(stored)) return last(errand, 'screen_busy', 'refused')
      const result: Answered | StoredSession =
        stored === null ? await open(name, before, errand, null) : await proceed(name, before, stored, errand)
      if ('reply' in result) return result
      stored = result
    }
    return unfinished(errand)
  }

  /** Whether a dialogue may be on the phone now, whatever process or network it runs over: what is typed there must not meet another. */
  async function isInDialogue(msisdn: Msisdn): Promise<boolean> {
    const name = await sessions.lastOf(msisdn)
    return name !== null && isLive(await sessions.read(name))
  }

  function isLive(stored: StoredSession | null): boolean {
    if (stored === null) return false
    const { reply, closed, atMs } = stored.session
    return !reply.end && !closed && now() - atMs < LONGEST_SESSION_MS
  }

  /** A session that Redis does not know: one that it lost, or a new dial, which may take the place of the session `instead`. */
  async function open(
    name: string,
    before: string | null,
    errand: Errand,
    instead: StoredSession | null,
  ): Promise<Answered | StoredSession> {
    const { request, startedMs } = errand
    const { single } = request
    const dialled = dialledInputs(request.text)
    if (single === undefined ? dialled.length > 0 : single.kind === 'answer') {
      const known = await remembered(name, errand)
      if (known !== null) return known
    }
    if (single?.kind === 'answer') return last(await speaking(errand), 'screen_lost', 'refused')
    const revision = instead?.revision ?? 0
    if (stopping()) return last(await speaking(errand), 'screen_closing', 'refused')
    const subscriber = await services.findByNumber(request.msisdn)
    errand.language = subscriber?.language ?? null
    const isOlder = before !== name || instead !== null
    const previous = await previousOf(isOlder ? before : null, subscriber, startedMs)
    const facts = factsOf(request, subscriber)
    const fresh = {
      ...{ id: randomUUID(), callerId: subscriber?.id ?? null, hop: 0, seen: { length: 0, mac: '' } },
      ...{ atMs: startedMs, past: 'open' as const },
      ...(single?.offer === undefined ? {} : { offer: single.offer }),
    }
    if (previous.kind === 'dropped') {
      const { program } = previous
      const session = {
        ...fresh,
        program: program.hash,
        menu: { ...previous.session.menu, facts, channel: request.aggregator },
      }
      const event: MenuEvent = { kind: 'resume', atMs: startedMs }
      try {
        return await begun(await run({ errand, name, revision, session, program, event }), errand, instead)
      } catch (error) {
        // The menus of a build before this one may be none that it can show; nobody is kept from dialling by that.
        events.hopFailed({ aggregator: request.aggregator, error })
      }
    }
    const program = programs.current()
    const language = errand.language ?? baseLanguageOf(program)
    const menu = begin(program, { language, facts, channel: request.aggregator })
    const news = previous.kind === 'transferred' ? { last: previous.last } : {}
    const event: MenuEvent = { kind: 'open', atMs: startedMs, dialled, ...news }
    const session = { ...fresh, program: program.hash, menu }
    return begun(await run({ errand, name, revision, session, program, event }), errand, instead)
  }

  /** Who dials again has left the session that was there, whether or not the network told of it. */
  async function begun<T extends Answered | StoredSession>(
    result: T,
    { request }: Errand,
    instead: StoredSession | null,
  ): Promise<T> {
    if (instead === null || !('reply' in result) || result.outcome !== 'answered') return result
    const { program, menu, reply, closed } = instead.session
    if (reply.end || closed) return result
    await closeOffer(instead.session, 'left')
    events.sessionEnded({ aggregator: request.aggregator, status: 'dropped' })
    events.screenDid(program, languageOf(menu), topFrame(menu).at, 'dropped')
    return result
  }

  /** What was before is a convenience: a dial that cannot find out begins anew. */
  async function previousOf(before: string | null, subscriber: Subscriber | null, atMs: number): Promise<Previous> {
    if (before === null || subscriber === null) return { kind: 'none' }
    return readPrevious(dependencies, before, subscriber, atMs).catch((error: unknown) => {
      events.sessionStoreFailed({ error })
      return { kind: 'none' }
    })
  }

  async function proceed(
    name: string,
    before: string | null,
    stored: StoredSession,
    errand: Errand,
  ): Promise<Answered | StoredSession> {
    const { request, startedMs } = errand
    const { session, revision } = stored
    if (session.menu.facts.number !== request.msisdn) return last(errand, 'screen_lost', 'refused')
    errand.language = languageOf(session.menu)
    const arrival = arrivalOf(name, session, errand)
    switch (arrival.kind) {
      case 'begin':
        errand.language = null
        return open(name, before, errand, stored)
      case 'repeat':
      case 'stale':
        return { reply: session.reply, outcome: arrival.kind, screen: '' }
      case 'unrelated':
        return lost(session.id, errand)
      case 'next': {
        // A network that goes on with what it ended waits for an answer.
        if (session.closed && !session.reply.end && request.single) return lost(session.id, errand)
        if (session.reply.end || session.closed) return { reply: session.reply, outcome: 'stale', screen: '' }
        const program = await programs.find(session.program)
        if (program === null) return lost(session.id, errand)
        const current = programs.current()
        if (current.hash !== program.hash && startsOver(program, session.menu, arrival.input)) {
          const menu = begin(current, session.menu)
          const event: MenuEvent = { kind: 'open', atMs: startedMs, dialled: [] }
          return run({
            errand,
            name,
            revision,
            session: { ...session, program: current.hash, menu },
            program: current,
            event,
          })
        }
        const event: MenuEvent = { kind: 'input', atMs: startedMs, input: arrival.input }
        return run({ errand, name, revision, session, program, event })
      }
    }
  }

  function arrivalOf(name: string, session: UssdSession, errand: Errand): Arrival | { readonly kind: 'begin' } {
    const { request, startedMs } = errand
    if (isSingle(request)) return placeAlone(session, request, seenOf(name, request), startedMs)
    return placeCumulative(session.seen, request.text, (text) => sessions.macOf(name, request.msisdn, text))
  }

  /** Steps until a screen is due, running the actions on the way; the hop is claimed before the first effect. */
  async function run(round: Round): Promise<Answered | StoredSession> {
    const { errand, name, session, program } = round
    const { request, startedMs } = errand
    const seen = seenOf(name, request)
    const hop = session.hop + 1
    if (session.hop > 0) await closeOffer(session, 'answered')
    const left = () => HOP_BUDGET_MS - (now() - startedMs)
    let claimed: Hop | null = null
    let past = session.past
    const take = (before: MenuSession, event: MenuEvent): Step => {
      const taken = step(program, before, event)
      watch?.({ name, program, before, event, step: taken })
      return taken
    }
    let next = take(session.menu, round.event)
    const { heard } = next
    try {
      for (let runs = 0; next.kind === 'run'; runs++) {
        const { run: effect, rest } = next
        if (runs === MAX_RUNS) throw new Error(`more than ${MAX_RUNS} actions before ${effect.screen}`)
        if (claimed === null && (effect.effect === 'write' || effect.secret !== null)) {
          errand.mayAct = true
          const callerMac = sessions.macOf(name, session.menu.facts.number, '')
          const wanted: Hop = { sessionId: session.id, hop, conversation: name, callerMac, seen }
          const claim = await claimHop(services.database, wanted)
          if (claim === 'other') return lost(session.id, errand)
          if (claim === 'twin') return twin(wanted, errand, left())
          claimed = wanted
        }
        const context = contextOf(round, next.session)
        if (effect.effect === 'write' && left() < LEAST_WRITE_MS) throw new Error(`no time left for ${effect.action}`)
        const deadlineMs = Math.max(1, Math.min(effect.deadlineMs, left()))
        const result = await runAction(services, actions, context, effect, deadlineMs)
        events.actionRan({ action: effect.action, outcome: result.outcome, error: result.error })
        const values = result.values as Record<string, Json>
        next = take(next.session, { kind: 'outcome', atMs: now(), outcome: result.outcome, values, rest })
        past = pastOf(past, effect, result.outcome, next)
      }
    } catch (error) {
      if (claimed === null) throw error
      events.hopFailed({ aggregator: request.aggregator, error })
      const failed = last(errand, 'screen_failed', 'error')
      await settleHop(claimed, failed.reply)
      return failed
    }
    const reply: UssdReply = { text: next.reply.text, end: next.reply.end }
    if (claimed !== null) await settleHop(claimed, reply)
    const { unsure: _, offer, ...known } = session
    const alone = isSingle(request) ? { earlier: earlierOf(session) } : {}
    const open = offer === undefined || session.hop > 0 ? {} : { offer }
    // A repeat is told by the time that has passed since its answer, however long that took.
    const atMs = isSingle(request) ? now() : startedMs
    const went: UssdSession = { ...known, menu: next.session, hop, seen, reply, atMs, past, ...alone, ...open }
    const kept = await keep(went, round, next.reply, claimed !== null)
    const isOurs = 'reply' in kept && kept.outcome === 'answered'
    if (isOurs) countScreens(round, heard, next)
    if (next.sms.length > 0 && session.callerId !== null && isOurs) {
      // After the answer is kept, so that of two copies of a request one sends.
      await tellAtEnd(services, contextOf(round, next.session), hop, next.sms).catch((error: unknown) =>
        events.hopFailed({ aggregator: request.aggregator, error }),
      )
    }
    return kept
  }

  /** Before anything is done: who has answered needs no message, whatever becomes of the hop. */
  async function closeOffer({ offer }: Pick<UssdSession, 'offer'>, end: 'answered' | 'left'): Promise<void> {
    if (offer === undefined) return
    await endOffer(services, offer, end).catch((error: unknown) => events.smsAnswerFailed({ error }))
  }

  function countScreens({ program, session }: Round, heard: Heard | null, { session: menu, reply }: Shown): void {
    if (heard !== null) events.screenDid(program.hash, languageOf(session.menu), screenShown(session.menu), heard)
    const language = languageOf(menu)
    if (!reply.end || program.screens[reply.screen]?.kind === 'end')
      events.screenDid(program.hash, language, reply.screen, 'shown')
    if (reply.end) events.screenDid(program.hash, language, reply.screen, 'ended')
  }

  function contextOf({ name, session }: Round, menu: MenuSession): ActionContext {
    const sessionId = session.id
    return { caller: callerOf(session), language: languageOf(menu), sessionId, conversation: name, atMs: now() }
  }

  /** Keeps the answer for repeats. It is true whether or not it can be kept, so a failure here changes nothing of it. */
  async function settleHop(hop: Hop, reply: UssdReply): Promise<void> {
    await answerHop(services.database, services.sealer, hop, reply).catch((error: unknown) =>
      events.sessionStoreFailed({ error }),
    )
  }

  /**
   * The one write of a hop. Who loses the compare-and-set has had no effect and answers with what the winner stored; who has had one lost
   * it to the network's word that the session is over, and keeps its own state all the same.
   */
  async function keep(
    session: UssdSession,
    round: Round,
    screen: Reply,
    claimed: boolean,
  ): Promise<Answered | StoredSession> {
    // A session on older menus counts where that screen is counted now.
    const counted = screenNow(programs.current(), screen.screen)
    const answered: Answered = { reply: session.reply, outcome: 'answered', screen: counted }
    try {
      const result = await sessions.write(round.name, round.revision, session, session.hop === 1)
      if (result === 'written') return answered
      if (!claimed) return result
      if (result.session.id === session.id) {
        await sessions.write(round.name, result.revision, { ...session, closed: true })
      }
      return answered
    } catch (error) {
      events.sessionStoreFailed({ error })
      return claimed ? answered : last(round.errand, 'screen_busy', 'error')
    }
  }

  /** Another request has claimed this hop: its answer is ours too. */
  async function twin(hop: Hop, errand: Errand, timeoutMs: number): Promise<Answered> {
    const { database, sealer } = services
    const reply = await awaitAnswer(database, sealer, hop.sessionId, hop.hop, Math.max(0, timeoutMs))
    return reply === null ? lost(hop.sessionId, errand) : { reply, outcome: 'repeat', screen: '' }
  }

  /** Looks in PostgreSQL for a conversation that Redis has lost: a repeat gets its bytes, anything later a polite end. */
  async function remembered(name: string, errand: Errand): Promise<Answered | null> {
    const { request } = errand
    // Until it is known that there was no such hop, it may have moved money.
    errand.mayAct = true
    for (const each of [name, aliasOf(request)]) {
      const hop = each === null ? null : await findHop(services.database, each, isSingle(request))
      if (each === null || hop?.callerMac !== sessions.macOf(each, request.msisdn, '')) continue
      const seen = seenOf(each, request)
      if (seen.length === hop.seen.length && seen.mac === hop.seen.mac) return twin(hop, errand, HOP_BUDGET_MS)
      return lost(hop.sessionId, errand)
    }
    errand.mayAct = false
    return null
  }

  function seenOf(name: string, request: UssdRequest): SeenInput {
    const text = request.text.reveal()
    const kind = request.single === undefined ? '' : `${request.single.kind}\0`
    return { length: text.length, mac: sessions.macOf(name, request.msisdn, `${kind}${text}`) }
  }

  /** The session that the network names, or else the one it has not named yet. */
  async function namedBy(named: Omit<UssdEnd, 'status'>): Promise<{ name: string; stored: StoredSession } | null> {
    const names = [sessions.keyOf(named.aggregator, named.sessionId), aliasOf(named)].filter((name) => name !== null)
    for (const name of names) {
      const stored = await sessions.read(name)
      if (stored !== null) return stored.session.menu.facts.number === named.msisdn ? { name, stored } : null
    }
    return null
  }

  function aliasOf(named: Pick<UssdEnd, 'aggregator' | 'alias'> & Pick<UssdRequest, 'single'>): string | null {
    const alias = named.single?.alias ?? named.alias
    return alias === undefined ? null : sessions.keyOf(named.aggregator, alias)
  }

  async function doubt(named: Omit<UssdEnd, 'status'>): Promise<void> {
    const found = await namedBy(named)
    if (found === null || found.stored.session.closed) return
    const { name, stored } = found
    // Whoever has written meanwhile knows more.
    await sessions.write(name, stored.revision, { ...stored.session, unsure: true }, false)
  }

  async function end(ended: UssdEnd): Promise<void> {
    const { aggregator, status } = ended
    events.sessionEnded({ aggregator, status })
    const found = await namedBy(ended)
    if (found === null || found.stored.session.reply.end) return
    const { name, stored } = found
    const { program, menu, closed } = stored.session
    const result = await sessions.write(name, stored.revision, { ...stored.session, closed: true })
    if (result === 'written') await closeOffer(stored.session, 'left')
    if (closed || status === 'completed' || result !== 'written') return
    events.screenDid(program, languageOf(menu), screenShown(menu), status)
  }

  return { answer: async (request) => (await converse(request)).reply, converse, end, doubt }
}

function isSingle(request: UssdRequest): request is SingleRequest {
  return request.single !== undefined
}

/** What is on the phone: the current screen, or the question whether to go on there. */
function screenShown(menu: MenuSession): string {
  return menu.state === 'offered' ? OFFER : topFrame(menu).at
}

function factsOf(request: UssdRequest, subscriber: Subscriber | null): Parameters<typeof begin>[1]['facts'] {
  if (subscriber === null || subscriber.status === 'closed')
    return { status: 'unknown', name: '', firstName: '', number: request.msisdn }
  const { status, name, number } = subscriber
  return { status, name, firstName: name.split(' ')[0] ?? name, number }
}

function callerOf({ callerId, menu }: Pick<UssdSession, 'callerId' | 'menu'>): Caller {
  if (callerId === null) throw new Error('an action was run for somebody who is not enrolled')
  return { id: callerId, number: menu.facts.number, name: menu.facts.name }
}
