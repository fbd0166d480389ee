import { STATUS } from '../codec.ts'
import type { Answer, Connection } from '../connection.ts'
import type { AccountBook, Delivery, ServerEvents, SmppAccount } from './account.ts'
import { deliverFields } from './deliver-fields.ts'
import type { ServerLimits } from './limits.ts'
import { REFUSAL } from './refusal.ts'

type Outcome = Parameters<ServerEvents['onDelivered']>[0]['outcome']

/** A bind that takes deliver_sm. */
export type Receiver = { readonly connection: Connection; readonly tlvs: boolean }

export type Deliverer = {
  /** Something may wait now. */
  look(): void
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>
}

/** Deliveries without an answer at any time, and taken from the book at once. */
const MAX_WINDOW = 10
/** A client that asks for patience, or refuses for now, is left alone for that long, doubled each time it does so in a row. */
const PATIENCE_MS = 1_000
const LONGEST_PATIENCE_MS = 60_000
/** Refused for good: permanently, or this message. */
const FOR_GOOD: ReadonlySet<number> = new Set([STATUS.permanentAppError, REFUSAL.rejected])

/**
 * Hands an account what waits for it, in order, over whichever of its receivers are there. What is not acknowledged stays in the book and
 * comes again, so a client may see it twice. `receivers` is asked each time.
 */
export function makeDeliverer(
  account: () => SmppAccount,
  receivers: () => readonly Receiver[],
  { book, events, limits }: { book: AccountBook; events: ServerEvents; limits: ServerLimits },
): Deliverer {
  let running: Promise<void> | null = null
  let again = false
  let refusals = 0
  let turn = 0

  async function run(): Promise<void> {
    do {
      again = false
      const window = Math.min(MAX_WINDOW, account().window)
      const batch = await book.takeDeliveries(account(), window, limits.responseTimeoutMs * 3)
      if (batch.length === 0) return
      const outcomes = await Promise.all(
        batch.map(async (delivery) => ({ id: delivery.id, outcome: await hand(delivery) })),
      )
      const [done, kept] = [outcomes.filter(isDone), outcomes.filter((each) => !isDone(each))]
      if (done.length > 0) await book.acknowledge(done.map(({ id }) => id))
      const refused = kept.some(({ outcome }) => outcome === 'postponed')
      refusals = refused ? refusals + 1 : 0
      if (kept.length > 0) {
        const delayMs = refused ? Math.min(LONGEST_PATIENCE_MS, PATIENCE_MS * 2 ** Math.min(refusals - 1, 10)) : 0
        return await book.postpone(
          kept.map(({ id }) => id),
          delayMs,
        )
      }
      again ||= batch.length === window
    } while (again && receivers().length > 0)
  }

  async function hand(delivery: Delivery): Promise<Outcome> {
    const there = receivers()
    turn += 1
    const receiver = there[turn % Math.max(1, there.length)]
    if (receiver === undefined) return 'unanswered'
    const fields = deliverFields(delivery, receiver.tlvs)
    const answer = await receiver.connection.request('deliver_sm', fields, limits.responseTimeoutMs)
    const outcome = outcomeOf(answer)
    events.onDelivered({ account: account().systemId, what: delivery.kind, outcome })
    return outcome
  }

  return {
    look() {
      if (receivers().length === 0) return
      again = true
      running ??= run()
        .catch((error: unknown) => events.onFailed({ error }))
        .finally(() => {
          running = null
        })
    },
    idle: async () => void (await running),
  }
}

function isDone({ outcome }: { outcome: Outcome }): boolean {
  return outcome === 'acknowledged' || outcome === 'refused'
}

function outcomeOf(answer: Answer): Outcome {
  if (answer.kind !== 'answered') return 'unanswered'
  if (answer.pdu.command !== 'deliver_sm_resp') return 'postponed'
  if (answer.pdu.status === STATUS.ok) return 'acknowledged'
  return FOR_GOOD.has(answer.pdu.status) ? 'refused' : 'postponed'
}
