import type { UssdPush } from '../aggregators/ussd-push.ts'
import type { Database } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { dropSms, holdLonger, releaseSms } from '../sms/hold.ts'
import type { SmsBell } from '../sms/queue.ts'
import type { Events } from '../telemetry/events.ts'

/** A dialogue to open on a phone, and the message that goes instead where it cannot be. */
export type Offer = {
  readonly keyword: string
  readonly to: Msisdn
  readonly inputs: readonly string[]
  /** Held in the outbox for `HELD_SECONDS`. */
  readonly messageId: string
}

export type Offers = {
  /** Call after the commit; returns at once. */
  readonly make: (offer: Offer) => void
  /** Waits for those under way. */
  readonly settled: () => Promise<void>
}

/**
 * Longer than a network takes to say what became of a push. The message that goes instead is committed with the one that it answers and
 * held for so long, and for so long after the time in which a screen that was shown can be answered: should nobody live to hear of it,
 * it goes by itself, so that no one is left without an answer.
 */
export const HELD_SECONDS = 60

type Mail = { readonly database: Database; readonly smsBell: SmsBell }

/**
 * What a dialogue's first screen came to: answered, so that its message is taken back, or left, so that it goes at once. Whoever hears of
 * it first, in whatever process, decides.
 */
export async function endOffer(
  { database, smsBell }: Mail,
  messageId: string,
  end: 'answered' | 'left',
): Promise<void> {
  if (end === 'answered') return dropSms(database, messageId, 'pushed')
  const released = await releaseSms(database, messageId)
  if (released !== null) smsBell.ring(released)
}

/** Opens dialogues, each once. A screen that asks something keeps its message until `endOffer`; only one that surely is all takes it back. */
export function makeOffers(dependencies: {
  readonly database: Database
  readonly push: UssdPush
  readonly smsBell: SmsBell
  readonly events: Events
}): Offers {
  const { database, push, events } = dependencies
  const open = new Set<Promise<void>>()

  async function offer({ keyword, to, inputs, messageId }: Offer): Promise<void> {
    const outcome = await push(to, inputs, messageId).catch((error: unknown) => {
      events.smsAnswerFailed({ error })
      return { kind: 'unknown' } as const
    })
    events.dialoguePushed({ keyword, outcome: outcome.kind })
    if (outcome.kind !== 'shown') return endOffer(dependencies, messageId, 'left')
    const { answerWithinMs } = outcome
    if (answerWithinMs === null) return endOffer(dependencies, messageId, 'answered')
    await holdLonger(database, messageId, answerWithinMs / 1_000 + HELD_SECONDS)
  }

  return {
    make(wanted) {
      const done: Promise<void> = offer(wanted)
        .catch((error: unknown) => events.smsAnswerFailed({ error }))
        .finally(() => open.delete(done))
      open.add(done)
    },
    settled: async () => {
      await Promise.all(open)
    },
  }
}
