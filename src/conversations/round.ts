import type { Action, Services } from '../actions/action.ts'
import type { UssdEnd, UssdRequest } from '../aggregators/aggregator.ts'
import type { MenuEvent } from '../menu/event.ts'
import type { Program } from '../menu/program.ts'
import type { Events } from '../telemetry/events.ts'
import type { SeenInput } from './arrival.ts'
import type { Guard } from './guard.ts'
import type { Errand, LastWords } from './last-words.ts'
import type { Programs } from './programs.ts'
import type { Sessions, UssdSession } from './sessions.ts'
import type { SingleRequest } from './singles.ts'
import type { Watch } from './watch.ts'

/** What a conversation over USSD needs. */
export type UssdDependencies = {
  readonly services: Services
  readonly actions: ReadonlyMap<string, Action>
  readonly sessions: Sessions
  readonly programs: Programs
  readonly events: Events
  readonly guard: Guard
  /** True once the service is stopping: dialogues go on, new ones are asked to come back. */
  readonly stopping: () => boolean
  readonly now: () => number
  /** Told of every step, for tools that look on; null in production. What it hears may hold what was typed. */
  readonly watch: Watch | null
}

/** What the parts of a conversation share. */
export type Shared = UssdDependencies & { readonly words: LastWords }

/** The whole hop, well inside the 10 s that the strictest network gives an application. */
export const HOP_BUDGET_MS: number = 7000

/** A write that cannot have at least this long is not begun: what it would answer is known beforehand. */
export const LEAST_WRITE_MS: number = 1000

/** What one round of a hop works on: the session as it was read (or as it begins), and the event to feed. */
export type Round = {
  readonly errand: Errand
  readonly name: string
  readonly revision: number
  readonly session: Omit<UssdSession, 'reply'>
  readonly program: Program
  readonly event: MenuEvent
}

/** Whether it begins a dialogue and answers nothing. */
export function isDial({ text, single }: Pick<UssdRequest, 'text' | 'single'>): boolean {
  return text.reveal() === '' && single?.kind !== 'answer'
}

/** Whether its network sends each input alone. */
export function isSingle(request: UssdRequest): request is SingleRequest {
  return request.single !== undefined
}

/** What is remembered of a request's input: its length and a keyed hash, since it may hold a PIN. */
export function seenOf(sessions: Pick<Sessions, 'macOf'>, name: string, request: UssdRequest): SeenInput {
  const text = request.text.reveal()
  const kind = request.single === undefined ? '' : `${request.single.kind}\0`
  return { length: text.length, mac: sessions.macOf(name, request.msisdn, `${kind}${text}`) }
}

/** The key of a session that we began under the name it had before the network gave it one; null where there is no such name. */
export function aliasOf(
  sessions: Pick<Sessions, 'keyOf'>,
  named: Pick<UssdEnd, 'aggregator' | 'alias'> & Pick<UssdRequest, 'single'>,
): string | null {
  const alias = named.single?.alias ?? named.alias
  return alias === undefined ? null : sessions.keyOf(named.aggregator, alias)
}
