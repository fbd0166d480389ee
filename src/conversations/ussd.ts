import { randomUUID } from 'node:crypto'
import type { UssdEnd, UssdReply, UssdRequest, UssdTurn } from '../aggregators/aggregator.ts'
import { within } from '../domain/within.ts'
import type { MenuEvent } from '../menu/event.ts'
import { baseLanguageOf } from '../menu/program.ts'
import { begin, languageOf, topFrame } from '../menu/session.ts'
import { startsOver } from '../menu/step.ts'
import type { Subscriber } from '../subscribers/find.ts'
import { type Arrival, dialledInputs, placeCumulative } from './arrival.ts'
import { type Answered, type Errand, makeLastWords } from './last-words.ts'
import { makeMemory } from './memory.ts'
import { type Previous, readPrevious } from './previous.ts'
import { aliasOf, HOP_BUDGET_MS, isDial, isSingle, LEAST_WRITE_MS, seenOf, type UssdDependencies } from './round.ts'
import { makeRunHop } from './run-hop.ts'
import type { StoredSession, UssdSession } from './sessions.ts'
import { placeAlone } from './singles.ts'
import { makeStanding } from './standing.ts'

export type UssdConversation = {
  readonly answer: (request: UssdRequest) => Promise<UssdReply>
  /** The same, with what kind of answer it is, for networks where a repeat is not answered as a first screen is. */
  readonly converse: (request: UssdRequest) => Promise<UssdTurn>
  readonly end: (end: UssdEnd) => Promise<void>
  /** The last screen may or may not have arrived: until the next answer, its input again is a repeat, however late. */
  readonly doubt: (session: Omit<UssdEnd, 'status'>) => Promise<void>
}

/** How often a hop that lost its compare-and-set looks again. */
const MAX_ROUNDS = 4

/** Many times what anybody answers within the minutes that a network keeps a session. */
const MOST_HOPS = 500

/** The one place where the branches of a USSD request are taken. */
export function makeUssdConversation(dependencies: UssdDependencies): UssdConversation {
  const { services, sessions, programs, events, guard, stopping, now } = dependencies
  const words = makeLastWords(services, programs)
  const { last, speaking, lost, unfinished } = words
  const memory = makeMemory({ ...dependencies, words })
  const { remembered, refuse, closeOffer } = memory
  const { isInDialogue, isLive, doubt, end } = makeStanding({ ...dependencies, words }, memory)
  const run = makeRunHop({ ...dependencies, words }, memory)

  async function converse(request: UssdRequest): Promise<UssdTurn> {
    const startedMs = now()
    const held = guard.hold(request.aggregator, begins(request))
    const errand: Errand = { request, startedMs, mayAct: false, held, language: null }
    const placed = place(errand).catch((error: unknown): Answered | Promise<Answered> => {
      events.hopFailed({ aggregator: request.aggregator, error })
      if (errand.mayAct || isDial(request)) return unfinished(errand)
      return refuse(sessions.keyOf(request.aggregator, request.sessionId), errand).catch(() => unfinished(errand))
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
      const alias = aliasOf(sessions, request)
      let begun: StoredSession | null
      ;[stored, before, begun] = await Promise.all([
        sessions.read(name),
        isDial(request) ? sessions.lastOf(request.msisdn) : null,
        alias === null ? null : sessions.read(alias),
      ])
      if (stored === null && begun !== null && alias !== null && single?.kind === 'answer')
        [name, stored] = [alias, begun]
    } catch (error) {
      events.sessionStoreFailed({ error })
      const known = await remembered(name, errand)
      if (known !== null) return known
      // When the network repeats an answer, the session may be there again: its PIN must not move money after all.
      return isDial(request) ? last(errand, 'screen_busy', 'error') : refuse(name, errand)
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
    // A flood costs no look-up.
    if (errand.held === 'busy') return last(errand, 'screen_busy', 'refused')
    if (!guard.mayBegin(request.msisdn)) {
      events.hopHeld({ partner: request.aggregator, why: 'number' })
      return last(errand, 'screen_busy', 'refused')
    }
    if (stopping() || errand.held !== null) return last(await speaking(errand), 'screen_closing', 'refused')
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
    const asked = subscriber?.isAsked === true
    const event: MenuEvent = { kind: 'open', atMs: startedMs, dialled, asked, ...news }
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
        // What it did before is told; of a flood only that it may have done something.
        if (errand.held === 'busy') return last(errand, 'screen_failed', 'refused')
        if (errand.held !== null) return lost(session.id, errand)
        if (session.hop >= MOST_HOPS) return lost(session.id, errand)
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
    if (isSingle(request)) return placeAlone(session, request, seenOf(sessions, name, request), startedMs)
    return placeCumulative(session.seen, request.text, (text) => sessions.macOf(name, request.msisdn, text))
  }

  return { answer: async (request) => (await converse(request)).reply, converse, end, doubt }
}

/** What begins a dialogue, with or without inputs of its own. */
function begins({ text, single }: UssdRequest): boolean {
  return single === undefined ? text.reveal() === '' : single.kind === 'begin'
}

function factsOf(request: UssdRequest, subscriber: Subscriber | null): Parameters<typeof begin>[1]['facts'] {
  if (subscriber === null || subscriber.status === 'closed')
    return { status: 'unknown', name: '', firstName: '', number: request.msisdn }
  const { status, name, number } = subscriber
  return { status, name, firstName: name.split(' ')[0] ?? name, number }
}
