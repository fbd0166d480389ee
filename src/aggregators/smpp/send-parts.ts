import type { SendOutcome } from '../sms-link.ts'
import type { Pdu } from './codec.ts'

/** What became of one submit. */
export type PartOutcome =
  /** `over`: the connection that it went over. */
  | { readonly kind: 'accepted'; readonly id: string; readonly over: object | null }
  | { readonly kind: 'refused'; readonly reason: string; readonly retry: boolean; readonly scope?: 'link' }
  | { readonly kind: 'unknown'; readonly cause: string }

/** Pauses before a later part that was refused for a while is tried again, alone. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000]
/** With so many parts of unknown outcome the network is not there, and the rest would only cost. */
const MAX_UNKNOWN = 2
/** Well below the time after which a worker is taken for dead. */
const LONGEST_MS = 100_000

/**
 * Sends the parts of one message, for which the network counts so many segments, one after the other, so that they arrive in order, and makes one outcome of theirs. Once a part may
 * have been taken the message is never refused as a whole, since another link would send all of it again: a part that is refused for
 * a while is tried again alone, and where that does not help the message is of unknown outcome, with the ids of what was taken.
 */
export async function sendParts(
  { parts, segments }: { readonly parts: readonly Pdu['fields'][]; readonly segments: number },
  submit: (fields: Pdu['fields'], begun: boolean) => Promise<PartOutcome>,
  stopped: () => boolean,
): Promise<SendOutcome> {
  const startMs = performance.now()
  const isOver = (): boolean => performance.now() - startMs > LONGEST_MS
  const ids: string[] = []
  const causes: string[] = []
  for (const [index, part] of parts.entries()) {
    const begun = index > 0
    let outcome: PartOutcome =
      begun && isOver() ? { kind: 'refused', reason: 'too_slow', retry: false } : await submit(part, begun)
    for (const pauseMs of begun ? PAUSES_MS : []) {
      if (outcome.kind !== 'refused' || !outcome.retry || stopped() || isOver()) break
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      outcome = await submit(part, begun)
    }
    if (outcome.kind === 'refused' && !begun) return outcome
    if (outcome.kind === 'refused') {
      causes.push(`partly_sent_${outcome.reason}`)
      break
    }
    ids.push(outcome.kind === 'accepted' ? outcome.id : '')
    if (outcome.kind === 'unknown') causes.push(outcome.cause)
    if (causes.length >= MAX_UNKNOWN) break
  }
  const providerIds = ids.some((id) => id !== '') ? ids : []
  const [cause] = causes
  if (cause !== undefined) return { kind: 'unknown', cause, providerIds }
  return { kind: 'accepted', providerIds, segments }
}
