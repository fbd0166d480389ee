/** An SMS as it lies in a phone. `at` is ISO 8601; `segments` is what the network would charge. */
export type PhoneMessage = {
  readonly at: string
  readonly from: string
  readonly to: string
  readonly text: string
  readonly encoding: 'gsm7' | 'ucs2'
  readonly segments: number
}

/** One short message on its way to a phone. */
export type Arrival = {
  readonly from: string
  /** With `+`. */
  readonly to: string
  readonly text: string
  readonly encoding: PhoneMessage['encoding']
  readonly part: { readonly reference: number; readonly total: number; readonly number: number } | null
  /** What the network makes of a text that came whole; one unless said otherwise. */
  readonly segments?: number
}

export type Phones = {
  arrive(arrival: Arrival): void
  messages(number: string): readonly PhoneMessage[]
  /** Calls back for every message that arrives from now on; returns a function that stops it. */
  follow(number: string, onMessage: (message: PhoneMessage) => void): () => void
}

/** A phone keeps so many; older ones are dropped. */
const KEPT = 1_000
/** A long message whose parts do not all come within that time is dropped. */
const PART_LIFETIME_MS = 5 * 60_000

/** The inboxes of every phone there is: a number needs no registration. */
export function makePhones(): Phones {
  const inboxes = new Map<string, PhoneMessage[]>()
  const followers = new Map<string, Set<(message: PhoneMessage) => void>>()
  const unfinished = new Map<string, { parts: Map<number, string>; sinceMs: number }>()

  function put(arrival: Arrival, text: string, segments: number): void {
    const { from, to, encoding } = arrival
    const message: PhoneMessage = { at: new Date().toISOString(), from, to, text, encoding, segments }
    const inbox = inboxes.get(to) ?? []
    inboxes.set(to, [...inbox.slice(1 - KEPT), message])
    for (const tell of followers.get(to) ?? []) tell(message)
  }

  return {
    arrive(arrival) {
      const { part } = arrival
      if (part === null) {
        put(arrival, arrival.text, arrival.segments ?? 1)
        return
      }
      for (const [key, { sinceMs }] of unfinished) if (Date.now() - sinceMs > PART_LIFETIME_MS) unfinished.delete(key)
      const key = JSON.stringify([arrival.from, arrival.to, part.reference, part.total])
      const message = unfinished.get(key) ?? { parts: new Map<number, string>(), sinceMs: Date.now() }
      unfinished.set(key, message)
      message.parts.set(part.number, arrival.text)
      if (message.parts.size < part.total) return
      unfinished.delete(key)
      const texts = Array.from({ length: part.total }, (_, index) => message.parts.get(index + 1) ?? '')
      put(arrival, texts.join(''), part.total)
    },
    messages: (number) => inboxes.get(number) ?? [],
    follow(number, onMessage) {
      const set = followers.get(number) ?? new Set()
      followers.set(number, set.add(onMessage))
      return () => set.delete(onMessage)
    },
  }
}
