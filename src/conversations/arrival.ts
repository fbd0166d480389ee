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

/** The inputs that came with a dialled code: `*384*1*0712345678#` → `1`, `0712345678`. */
export function dialledInputs(text: Secret): Secret[] {
  const all = text.reveal()
  return all === '' ? [] : all.split('*').map((part) => new Secret(part))
}
