import { Secret } from '../domain/secret.ts'

/** What a session remembers of the cumulative input it has seen: its length and a keyed hash, since it may hold a PIN. */
export type SeenInput = { readonly length: number; readonly mac: string }

/** Where a request stands in its session. */
export type Arrival =
  /** The request we answered last, again. */
  | { readonly kind: 'repeat' }
  /** An older request that comes late. */
  | { readonly kind: 'stale' }
  /** The next answer of the subscriber. */
  | { readonly kind: 'next'; readonly input: Secret }
  /** Not a continuation of what we know. */
  | { readonly kind: 'unrelated' }

/**
 * Places a cumulative request (all inputs joined by `*`) beside what the session has seen. Whatever follows the known part is one
 * answer, stars included: the separator cannot be told from a typed star by splitting.
 */
export function placeCumulative(seen: SeenInput, text: Secret, mac: (text: string) => string): Arrival {
  const all = text.reveal()
  if (all.length < seen.length) return { kind: 'stale' }
  if (mac(all.slice(0, seen.length)) !== seen.mac) return { kind: all.length === seen.length ? 'stale' : 'unrelated' }
  if (all.length === seen.length) return { kind: 'repeat' }
  if (seen.length === 0) return { kind: 'next', input: new Secret(all) }
  if (all[seen.length] !== '*') return { kind: 'unrelated' }
  return { kind: 'next', input: new Secret(all.slice(seen.length + 1)) }
}

/** What a session remembers of inputs that came alone. `atMs`: when the last one was answered. */
export type SeenSingles = {
  readonly seen: SeenInput
  readonly atMs: number
  /** Nobody knows whether the network has the last screen. */
  readonly unsure: boolean
  /** The inputs before the last, newest first. */
  readonly earlier: readonly EarlierInput[]
}

export type EarlierInput = { readonly mac: string; readonly atMs: number }

/** Where an input that came alone stands. `begin`: a new session takes the place of the one that is known. */
export type SingleArrival = 'begin' | 'next' | 'repeat' | 'stale'

/**
 * Networks repeat at once what they miss an acknowledgement for, while nobody reads a screen and answers it this soon after the one
 * before.
 */
export const REPEAT_WINDOW_MS: number = 3_000

/** As many as could be under way within the window. */
export const MOST_EARLIER: number = 4

/**
 * Places an input without a number by a keyed hash of it: the same as the last one is a repeat for a short while (for good, as long as
 * nobody knows whether its answer arrived), the same as one before that is late. Anything else is new, as is what is known to be `fresh`.
 */
export function placeSingle(
  known: SeenSingles,
  input: { readonly kind: 'begin' | 'answer'; readonly mac: string; readonly fresh: boolean; readonly atMs: number },
): SingleArrival {
  const isNew = input.kind === 'begin' ? 'begin' : 'next'
  if (input.fresh) return isNew
  const isRecent = (atMs: number): boolean => input.atMs - atMs <= REPEAT_WINDOW_MS
  if (input.mac === known.seen.mac && (known.unsure || isRecent(known.atMs))) return 'repeat'
  return known.earlier.some((each) => each.mac === input.mac && isRecent(each.atMs)) ? 'stale' : isNew
}

/** The inputs that came with a dialled code: `*384*1*0712345678#` → `1`, `0712345678`. */
export function dialledInputs(text: Secret): Secret[] {
  const all = text.reveal()
  return all === '' ? [] : all.split('*').map((part) => new Secret(part))
}
