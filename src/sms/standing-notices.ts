import type { Queryable } from '../database/database.ts'
import { addDays, dateAt } from '../domain/dates.ts'
import type { TransferId } from '../domain/ids.ts'
import type { StandingOrder } from '../ledger/standing-order.ts'
import type { Json } from '../menu/contract.ts'
import type { Messages } from '../menu/messages.ts'
import type { Sealer } from '../security/sealing.ts'
import type { Subscriber } from '../subscribers/find.ts'
import { enqueueSms, type QueuedSms } from './outbox.ts'

/** Why an ordered transfer was not made, as far as its payer is told; `payee_gone` ends the order. */
export type StandingRefusal =
  | 'insufficient'
  | 'too_dear'
  | 'over_limit'
  | 'payee_refused'
  | 'payee_gone'
  | 'payer_held'
  | 'late'

/** What payers are told of the transfers that they ordered, written in the transaction of the fact; ring for it after the commit. */
export type StandingNotices = {
  readonly announced: (tx: Queryable, about: About, when: { readonly nowMs: number; readonly runMs: number }) => Told
  /** Money is lacking, and it is tried again until then. */
  readonly again: (tx: Queryable, about: About, untilMs: number) => Told
  readonly refused: (tx: Queryable, about: About, why: StandingRefusal) => Told
}

type Told = Promise<QueuedSms[]>

/** The time in question and whom to tell. `isLast`: nothing of a repeated order comes after it. */
export type About = {
  readonly payer: Subscriber
  readonly order: StandingOrder
  readonly runId: TransferId
  readonly isLast: boolean
}

export type StandingNoticeDependencies = {
  readonly sealer: Sealer
  readonly messages: () => Messages
  /** What to dial to stop it, `*384*5*6*2#`. */
  readonly dial: () => string
  readonly timeZone: string
}

type Values = Record<string, Json>

export function makeStandingNotices({ sealer, messages, dial, timeZone }: StandingNoticeDependencies): StandingNotices {
  async function tell(
    tx: Queryable,
    { payer, order, runId }: About,
    fact: string,
    message: string,
    values: Values,
  ): Told {
    const text = messages().render(message, payer.language, { amount: order.amount, name: order.payeeName, ...values })
    const queued = await enqueueSms(tx, sealer, {
      ...{ factKey: `${runId}:${fact}`, subscriberId: payer.id, to: payer.number, priority: 'receipt' as const },
      ...{ body: { kind: 'text' as const, text }, expiresAt: null },
    })
    return queued === null ? [] : [queued]
  }

  return {
    announced(tx, about, { nowMs, runMs }) {
      const on = dateAt(runMs, timeZone)
      const last = about.isLast ? '_last' : ''
      return on === addDays(dateAt(nowMs, timeZone), 1)
        ? tell(tx, about, 'announced', `standing_tomorrow${last}`, { dial: dial() })
        : tell(tx, about, 'announced', `standing_soon${last}`, { dial: dial(), on })
    },
    again: (tx, about, untilMs) => tell(tx, about, 'again', 'standing_again', { until: untilMs }),
    refused(tx, about, why) {
      const { most } = about.order
      return tell(tx, about, 'refused', words[why], why === 'too_dear' ? { most } : {})
    },
  }
}

const words: Readonly<Record<StandingRefusal, string>> = {
  insufficient: 'standing_no_money',
  too_dear: 'standing_too_dear',
  over_limit: 'standing_over_limit',
  payee_refused: 'standing_payee_refused',
  payee_gone: 'standing_payee_gone',
  payer_held: 'standing_payer_held',
  late: 'standing_late',
}
