import { dateAt } from '../domain/dates.ts'
import { type SubscriberId, type TransferId, uuidv7 } from '../domain/ids.ts'
import { parseE164 } from '../domain/msisdn.ts'
import { MOST_TIMES, rhythms, timesUntil } from '../domain/schedule.ts'
import { MOST_AMOUNT, MOST_FEE } from '../ledger/check-tariff.ts'
import { countOpen, MOST_ORDERS, makeOrder, orderFromJson, type StandingOrder } from '../ledger/standing-order.ts'
import { cancelOrder, listOpenOrders, skipRun } from '../ledger/standing-run.ts'
import { announceFrom } from '../ledger/standing-times.ts'
import { chargeOf } from '../ledger/tariff.ts'
import type { Json, ValueType } from '../menu/contract.ts'
import { findById } from '../subscribers/find.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'

const money: ValueType & { type: 'money' } = { type: 'money', max: MOST_AMOUNT }
const fee: ValueType & { type: 'money' } = { type: 'money', max: MOST_FEE }
const number: ValueType & { type: 'number' } = { type: 'number', max: 52 }

/** The ends that can be chosen: times in words, or until a day. */
const ends = ['open', 'three', 'four', 'six', 'twelve', 'date'] as const
const counts: Readonly<Record<Exclude<(typeof ends)[number], 'open' | 'date'>, number>> = {
  three: 3,
  four: 4,
  six: 6,
  twelve: 12,
}

/**
 * Freezes what an order would be, before the PIN is asked. `fee`: as of today; `most`: what each transfer may cost at the most. What is
 * only so today, such as too little money, does not matter: each transfer is judged on its day.
 */
export const planTransfer: Action = defineAction(
  {
    name: 'plan-transfer',
    effect: 'read',
    input: {
      ...{ payee: { type: 'opaque' }, number: { type: 'msisdn' }, name: { type: 'text', max: 16 }, amount: money },
      ...{ every: { type: 'choice', of: rhythms }, first: { type: 'date' } },
      ...{ until: { type: 'choice', of: ends }, last: { type: 'date' } },
    },
    outcomes: {
      planned: { order: { type: 'opaque' }, fee, most: money, times: number },
      never: {},
      limited: {},
      below_minimum: { minimum: money },
      over_transaction_limit: { limit: money },
      unavailable: {},
    },
  },
  async (services, { caller, atMs }, input) => {
    const { every, first, until, last } = input
    const payeeNumber = parseE164(input.number)
    if (payeeNumber === null) return { outcome: 'unavailable' }
    if ((await countOpen(services.database, caller.id)) >= MOST_ORDERS) return { outcome: 'limited' }
    const times = timesOf(every, first, until, last)
    if (times === 0 || first <= dateAt(atMs, services.market.timeZone)) return { outcome: 'never' }
    const payee = { kind: 'subscriber', id: String(input.payee) as SubscriberId, name: input.name } as const
    const price = await priceOf(services, caller.id, atMs, BigInt(input.amount), payee)
    if (price.kind !== 'priced') return price.refused
    const most = BigInt(input.amount) + MOST_FEES * price.fee
    const order: StandingOrder = {
      ...{ id: uuidv7(atMs), payerId: caller.id, payeeId: payee.id, payeeNumber, payeeName: payee.name },
      ...{ currency: services.market.currency, amount: input.amount, most: String(most), every, first, times },
    }
    return { outcome: 'planned', values: { order: { ...order }, fee: String(price.fee), most: String(most), times } }
  },
)

/** A fee may double until a transfer is not made any more without asking anew. */
const MOST_FEES = 2n

function timesOf(every: StandingOrder['every'], first: string, until: (typeof ends)[number], last: string): number {
  if (until === 'date') return timesUntil(every, first, last)
  return Math.min(MOST_TIMES[every], until === 'open' ? MOST_TIMES[every] : counts[until])
}

type Unplannable =
  | { outcome: 'below_minimum'; values: { minimum: string } }
  | { outcome: 'over_transaction_limit'; values: { limit: string } }
  | { outcome: 'unavailable'; values?: undefined }

async function priceOf(
  { database, sealer, quoteTransfer, tariffs }: Services,
  payerId: SubscriberId,
  atMs: number,
  amount: bigint,
  payee: { kind: 'subscriber'; id: SubscriberId; name: string },
): Promise<{ kind: 'priced'; fee: bigint } | { kind: 'refused'; refused: Unplannable }> {
  const id = uuidv7(atMs) as TransferId
  const quoted = await quoteTransfer({ id, atMs, payerId, amount, payee })
  if (quoted.kind === 'below_minimum')
    return refusal({ outcome: quoted.kind, values: { minimum: String(quoted.minimum) } })
  if (quoted.kind === 'over_transaction_limit')
    return refusal({ outcome: quoted.kind, values: { limit: String(quoted.limit) } })
  if (quoted.kind === 'payee_unavailable') return refusal({ outcome: 'unavailable' })
  const payer = await findById(database, sealer, payerId)
  const charge = chargeOf(await tariffs.current(database), 'send', amount, payer === null ? {} : { tier: payer.tier })
  return charge === null ? refusal({ outcome: 'unavailable' }) : { kind: 'priced', fee: charge.fee }
}

function refusal(refused: Unplannable): { kind: 'refused'; refused: Unplannable } {
  return { kind: 'refused', refused }
}

/** Stores exactly the order that the PIN confirmed; the same one again is the same. */
export const scheduleTransfer: Action = defineAction(
  {
    name: 'schedule-transfer',
    effect: 'write',
    asks: 'pin',
    input: { order: { type: 'opaque' } },
    outcomes: { made: {}, limited: {} },
  },
  async (services, { caller, sessionId }, input) => {
    const { database, sealer, audit, standing } = services
    const order = orderFromJson(input.order)
    if (order.payerId !== caller.id) throw new Error('an order of somebody else was confirmed')
    const made = await database.transaction(async (tx) => {
      const outcome = await makeOrder(tx, sealer, order, { sessionId, lookAtMs: announceFrom(order.first, standing) })
      if (outcome !== 'made') return outcome
      const { amount, most, currency, every, first, times } = order
      const payload = { amount, most, currency, every, first, times: String(times) }
      await audit.record(tx, { actor: actorOf(caller.id), action: 'standing.made', subject: order.id, payload })
      return outcome
    })
    if (made === 'conflict') throw new Error(`order ${order.id} is stored with other content`)
    return { outcome: made === 'limited' ? 'limited' : 'made' }
  },
)

/** What the caller has ordered and is due yet, the next first. `left`: how many times, the next counted. */
export const listScheduled: Action = defineAction(
  {
    name: 'list-scheduled',
    effect: 'read',
    input: {},
    outcomes: {
      ok: {
        orders: {
          type: 'rows',
          max: MOST_ORDERS,
          of: {
            ...{ order: { type: 'opaque' }, run: { type: 'opaque' }, amount: money, name: { type: 'text', max: 16 } },
            ...{ next: { type: 'date' }, left: number },
          },
        },
      },
    },
  },
  async ({ database, sealer }, { caller }) => {
    const open = await listOpenOrders(database, sealer, caller.id, MOST_ORDERS)
    const orders = open.map(({ order, run, left }) => ({
      ...{ order: order.id as Json, run: run.id as Json, amount: order.amount, name: order.payeeName },
      ...{ next: run.due, left },
    }))
    return { outcome: 'ok', values: { orders } }
  },
)

/** Leaves out the next time only; nothing of the caller's moves by it. */
export const skipScheduled: Action = defineAction(
  {
    name: 'skip-scheduled',
    effect: 'record',
    asks: 'yes',
    input: { run: { type: 'opaque' } },
    outcomes: { skipped: {}, gone: {} },
  },
  async ({ database, sealer, audit, standing }, { caller }, { run }) => {
    const id = String(run) as TransferId
    const skipped = await database.transaction(async (tx) => {
      const outcome = await skipRun(tx, sealer, id, caller.id, standing)
      if (outcome.kind === 'skipped') {
        const payload = { order: outcome.order.id }
        await audit.record(tx, { actor: actorOf(caller.id), action: 'standing.skipped', subject: id, payload })
      }
      return outcome.kind
    })
    return { outcome: skipped === 'gone' ? 'gone' : 'skipped' }
  },
)

/** Ends an order; what is made already is not touched. */
export const cancelScheduled: Action = defineAction(
  {
    name: 'cancel-scheduled',
    effect: 'write',
    asks: 'pin',
    input: { order: { type: 'opaque' } },
    outcomes: { cancelled: {}, gone: {} },
  },
  async ({ database, audit }, { caller }, { order }) => {
    const id = String(order)
    const cancelled = await database.transaction(async (tx) => {
      const outcome = await cancelOrder(tx, id, caller.id, 'cancelled by the payer')
      if (outcome === 'cancelled')
        await audit.record(tx, { actor: actorOf(caller.id), action: 'standing.cancelled', subject: id, payload: {} })
      return outcome
    })
    return { outcome: cancelled === 'gone' ? 'gone' : 'cancelled' }
  },
)

function actorOf(id: ActionContext['caller']['id']): { kind: 'subscriber'; id: SubscriberId } {
  return { kind: 'subscriber', id }
}
