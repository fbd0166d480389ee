import type { UssdPush } from '../aggregators/ussd-push.ts'
import type { Database } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { dropSms, releaseSms } from '../sms/hold.ts'
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
 * held for so long: should this process die before the outcome is known, it goes by itself, so that nobody is left without an answer.
 */
export const HELD_SECONDS = 60

/** Opens dialogues, each once: only one that is surely shown takes its message back. */
export function makeOffers(dependencies: {
  readonly database: Database
  readonly push: UssdPush
  readonly smsBell: SmsBell
  readonly events: Events
}): Offers {
  const { database, push, smsBell, events } = dependencies
  const open = new Set<Promise<void>>()

  async function offer({ keyword, to, inputs, messageId }: Offer): Promise<void> {
    const outcome = await push(to, inputs).catch((error: unknown) => {
      events.smsAnswerFailed({ error })
      return { kind: 'unknown' } as const
    })
    events.dialoguePushed({ keyword, outcome: outcome.kind })
    if (outcome.kind === 'shown') return dropSms(database, messageId, 'pushed')
    const released = await releaseSms(database, messageId)
    if (released !== null) smsBell.ring(released)
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
