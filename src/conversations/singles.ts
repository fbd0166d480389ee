import type { SingleInput, UssdRequest } from '../aggregators/aggregator.ts'
import { type Arrival, type EarlierInput, MOST_EARLIER, placeSingle, type SeenInput } from './arrival.ts'
import type { UssdSession } from './sessions.ts'

/** A request of a network that sends each input alone. */
export type SingleRequest = UssdRequest & { readonly single: SingleInput }

/** Places it beside what the session has seen; `seen` is its own input. */
export function placeAlone(
  session: UssdSession,
  { single, text }: SingleRequest,
  seen: SeenInput,
  atMs: number,
): Arrival | { readonly kind: 'begin' } {
  const known = { ...session, unsure: session.unsure === true, earlier: session.earlier ?? [] }
  const kind = placeSingle(known, { ...single, mac: seen.mac, atMs })
  return kind === 'next' ? { kind, input: text } : { kind }
}

/** What a session's last input becomes with the next one. */
export function earlierOf({ seen, atMs, earlier = [] }: Omit<UssdSession, 'reply'>): readonly EarlierInput[] {
  const all = seen.mac === '' ? earlier : [{ mac: seen.mac, atMs }, ...earlier]
  return all.slice(0, MOST_EARLIER)
}
