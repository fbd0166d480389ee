import type { UssdReply } from '../aggregators/aggregator.ts'
import { screenNow } from '../menu/changes.ts'
import type { Reply } from '../menu/render.ts'
import { answerHop, awaitAnswer, findHop, type Hop, refuseHop } from './hops.ts'
import type { Answered, Errand } from './last-words.ts'
import { endOffer } from './offer.ts'
import { aliasOf, HOP_BUDGET_MS, isSingle, type Round, type Shared, seenOf } from './round.ts'
import type { StoredSession, UssdSession } from './sessions.ts'

/** What is kept of a hop: in Redis for the next one, in PostgreSQL for its repeats. */
export type Memory = {
  readonly keep: (
    session: UssdSession,
    round: Round,
    screen: Reply,
    claimed: boolean,
  ) => Promise<Answered | StoredSession>
  readonly settleHop: (hop: Hop, reply: UssdReply) => Promise<void>
  readonly twin: (hop: Hop, errand: Errand, timeoutMs: number) => Promise<Answered>
  readonly remembered: (name: string, errand: Errand) => Promise<Answered | null>
  readonly refuse: (name: string, errand: Errand) => Promise<Answered>
  readonly closeOffer: (session: Pick<UssdSession, 'offer'>, end: 'answered' | 'left') => Promise<void>
}

export function makeMemory({ services, sessions, programs, events, words: { last, lost, speaking } }: Shared): Memory {
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

  /** Keeps the answer for repeats. It is true whether or not it can be kept, so a failure here changes nothing of it. */
  async function settleHop(hop: Hop, reply: UssdReply): Promise<void> {
    await answerHop(services.database, services.sealer, hop, reply).catch((error: unknown) =>
      events.sessionStoreFailed({ error }),
    )
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
    for (const each of [name, aliasOf(sessions, request)]) {
      const hop = each === null ? null : await findHop(services.database, each, isSingle(request))
      if (each === null || hop?.callerMac !== sessions.macOf(each, request.msisdn, '')) continue
      const seen = seenOf(sessions, each, request)
      const isSame = seen.length === hop.seen.length && seen.mac === hop.seen.mac
      // Where a name is used again, a PIN that comes later is that of another payment, whose end is not that of the one before.
      const isRepeat = isSame && !(isSingle(request) && hop.isOver)
      if (isRepeat) return twin(hop, errand, HOP_BUDGET_MS)
      return lost(hop.sessionId, errand)
    }
    errand.mayAct = false
    return null
  }

  /**
   * Says to an answer whose session cannot be read that no money moved, and makes it so: its copies will move none either. Where that cannot
   * be put on record it throws, and must not be said.
   */
  async function refuse(name: string, errand: Errand): Promise<Answered> {
    const { request, startedMs } = errand
    errand.mayAct = true
    const said = last(await speaking(errand), 'screen_busy', 'error')
    for (const conversation of [name, aliasOf(sessions, request)]) {
      if (conversation === null) continue
      const answer = { conversation, seen: seenOf(sessions, conversation, request) }
      const refused = await refuseHop(services.database, services.sealer, answer, startedMs, said.reply.text)
      if (!refused) return (await remembered(name, errand)) ?? last(errand, 'screen_failed', 'error')
    }
    errand.mayAct = false
    return said
  }

  /** Before anything is done: who has answered needs no message, whatever becomes of the hop. */
  async function closeOffer({ offer }: Pick<UssdSession, 'offer'>, end: 'answered' | 'left'): Promise<void> {
    if (offer === undefined) return
    await endOffer(services, offer, end).catch((error: unknown) => events.smsAnswerFailed({ error }))
  }

  return { keep, settleHop, twin, remembered, refuse, closeOffer }
}
