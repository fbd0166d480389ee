import type { Services } from '../actions/action.ts'
import type { UssdReply, UssdRequest } from '../aggregators/aggregator.ts'
import type { Json } from '../menu/contract.ts'
import { baseLanguageOf } from '../menu/program.ts'
import type { HopOutcome } from '../telemetry/events.ts'
import type { Held } from './guard.ts'
import { deedsOf } from './hops.ts'
import type { Programs } from './programs.ts'

/** A hop's answer, and what telemetry says of it. */
export type Answered = { readonly reply: UssdReply; readonly outcome: HopOutcome; readonly screen: string }

/**
 * One request on its way. `mayAct`: from here on it must not be said that no money moved without looking. `language`: the caller's,
 * once it is known.
 */
export type Errand = {
  readonly request: UssdRequest
  readonly startedMs: number
  mayAct: boolean
  /** Why it goes no further than what was answered before; null: it does. */
  readonly held: Held | null
  language: string | null
}

/** What is said where a dialogue cannot go on: never that no money moved, unless it is known. */
export type LastWords = {
  /** A last screen outside any menu; in the service's own language where the caller's is not known. */
  readonly last: (errand: Errand, message: string, outcome: HopOutcome, values?: Record<string, Json>) => Answered
  /** The errand with its caller's language, which is looked up where no session has told it. */
  readonly speaking: (errand: Errand) => Promise<Errand>
  /** To somebody whose session is not known any more. */
  readonly lost: (sessionId: string, errand: Errand) => Promise<Answered>
  /** To somebody for whom no answer was found in time. */
  readonly unfinished: (errand: Errand) => Answered
}

export function makeLastWords(
  services: Pick<Services, 'database' | 'findByNumber' | 'messages'>,
  programs: Programs,
): LastWords {
  async function lost(sessionId: string, errand: Errand): Promise<Answered> {
    const known = await speaking(errand)
    const { transfer, mayAct } = await deedsOf(services.database, sessionId)
    if (transfer !== null) return last(known, 'screen_lost_transfer', 'refused', { reference: transfer.reference })
    return last(known, mayAct ? 'screen_failed' : 'screen_lost', 'refused')
  }

  function unfinished(errand: Errand): Answered {
    // Of an answer a copy may still come, and nothing is on record that would stop it.
    const { text, single } = errand.request
    const isAnswer = text.reveal() !== '' || single?.kind === 'answer'
    return last(errand, errand.mayAct || isAnswer ? 'screen_failed' : 'screen_busy', 'error')
  }

  async function speaking(errand: Errand): Promise<Errand> {
    const caller = errand.language === null ? services.findByNumber(errand.request.msisdn) : null
    // Whoever cannot be looked up is still to be answered.
    const subscriber = await (caller ?? Promise.resolve(null)).catch(() => null)
    errand.language ??= subscriber?.language ?? null
    return errand
  }

  function last(
    { language }: Errand,
    message: string,
    outcome: HopOutcome,
    values: Record<string, Json> = {},
  ): Answered {
    const text = services.messages().render(message, language ?? baseLanguageOf(programs.current()), values)
    return { reply: { text, end: true }, outcome, screen: message }
  }

  return { last, speaking, lost, unfinished }
}
