import type { ActionContext, Caller } from '../actions/action.ts'
import { tellAtEnd } from '../actions/notices.ts'
import type { UssdReply } from '../aggregators/aggregator.ts'
import type { Json } from '../menu/contract.ts'
import type { MenuEvent, Step } from '../menu/event.ts'
import type { Heard } from '../menu/meaning.ts'
import { languageOf, type MenuSession } from '../menu/session.ts'
import { step } from '../menu/step.ts'
import { holdsNothing } from './guard.ts'
import { claimHop, type Hop } from './hops.ts'
import type { Answered } from './last-words.ts'
import type { Memory } from './memory.ts'
import { isMachine, type Pace, paced } from './pace.ts'
import { pastOf } from './previous.ts'
import { HOP_BUDGET_MS, isSingle, LEAST_WRITE_MS, type Round, type Shared, seenOf } from './round.ts'
import { runAction } from './run-action.ts'
import type { StoredSession, UssdSession } from './sessions.ts'
import { earlierOf } from './singles.ts'
import { screenShown } from './standing.ts'

/** More actions than any dialogue runs between two screens; a menu that needs more is broken. */
const MAX_RUNS = 16

type Shown = Step & { readonly kind: 'reply' }

/** Takes a round of a hop to its screen. What is resolved instead of an answer is the session of whoever was sooner. */
export type RunHop = (round: Round) => Promise<Answered | StoredSession>

export function makeRunHop(
  { services, actions, sessions, events, guard, now, watch, words: { last, lost } }: Shared,
  { keep, settleHop, twin, closeOffer }: Memory,
): RunHop {
  /** Steps until a screen is due, running the actions on the way; the hop is claimed before the first effect. */
  async function run(round: Round): Promise<Answered | StoredSession> {
    const { errand, name, session, program } = round
    const { request, startedMs } = errand
    const seen = seenOf(sessions, name, request)
    const hop = session.hop + 1
    if (session.hop > 0) await closeOffer(session, 'answered')
    const left = () => HOP_BUDGET_MS - (now() - startedMs)
    const { pace, isMachineLike } = paceOf(round)
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
        if (effect.effect === 'write' && isMachineLike && guard.machineSpeed === 'refuse') return refuseWrite(round)
        if (claimed === null && (effect.effect === 'write' || effect.secret !== null)) {
          // What would answer in time is known beforehand, and nothing must begin after that.
          if (left() < LEAST_WRITE_MS) throw new Error(`no time left for ${effect.action}`)
          errand.mayAct = true
          const callerMac = sessions.macOf(name, session.menu.facts.number, '')
          const wanted: Hop = { sessionId: session.id, hop, conversation: name, callerMac, seen }
          const claim = await claimHop(services.database, services.sealer, wanted, session.atMs)
          if (claim.kind === 'refused') return { reply: claim.reply, outcome: 'repeat', screen: '' }
          if (claim.kind === 'other') return lost(session.id, errand)
          if (claim.kind === 'twin') return twin(wanted, errand, left())
          claimed = wanted
        }
        const context = contextOf(round, next.session)
        if (effect.effect === 'write' && left() < LEAST_WRITE_MS) throw new Error(`no time left for ${effect.action}`)
        const money = actions.get(effect.action)?.amountOf?.(effect.input) ?? null
        if (money !== null && !guard.reserve(request.aggregator, money)) {
          const capped = refuseWrite(round)
          if (claimed !== null) await settleHop(claimed, capped.reply)
          return capped
        }
        const deadlineMs = Math.max(1, Math.min(effect.deadlineMs, left()))
        const result = await runAction(services, actions, context, effect, deadlineMs)
        if (money !== null && holdsNothing(result.outcome)) guard.release(request.aggregator, money)
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
    const went: UssdSession = {
      ...known,
      ...(pace === undefined ? {} : { pace }),
      menu: next.session,
      hop,
      seen,
      reply,
      atMs,
      past,
      ...alone,
      ...open,
    }
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

  /** How fast this hop came after its screen; told of once, when the session begins to look like a machine's. */
  function paceOf({ errand, session }: Round): { pace: Pace | undefined; isMachineLike: boolean } {
    const before = session.pace ?? []
    if (session.hop === 0 || guard.machineSpeed === 'off') return { pace: session.pace, isMachineLike: false }
    const pace = paced(before, errand.startedMs - session.atMs)
    const isMachineLike = isMachine(pace)
    if (isMachineLike && !isMachine(before)) events.machineSeen({ partner: errand.request.aggregator })
    return { pace, isMachineLike }
  }

  /** What the dialogue did before may have moved money; this hop has not. */
  function refuseWrite({ errand, session }: Round): Answered {
    return last(errand, session.past === 'write' ? 'screen_failed' : 'screen_busy', 'refused')
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

  return run
}

function callerOf({ callerId, menu }: Pick<UssdSession, 'callerId' | 'menu'>): Caller {
  if (callerId === null) throw new Error('an action was run for somebody who is not enrolled')
  return { id: callerId, number: menu.facts.number, name: menu.facts.name }
}
