import { z } from 'zod'
import type { Queryable } from '../database/database.ts'
import { type IsoDate, isIsoDate } from '../domain/dates.ts'
import { type SubscriberId, type TransferId, uuidOf } from '../domain/ids.ts'
import { type Currency, exponents } from '../domain/money.ts'
import { type Msisdn, parseE164 } from '../domain/msisdn.ts'
import { type Rhythm, rhythms } from '../domain/schedule.ts'
import type { Sealer } from '../security/sealing.ts'

/**
 * What a subscriber orders for later and confirms with the PIN. JSON-safe; money is a string of minor units. `most`: what each transfer may
 * cost at the most, with all fees; the tariff of its day decides within that. Number and name are those that were typed and shown.
 */
export type StandingOrder = {
  readonly id: string
  readonly payerId: SubscriberId
  readonly payeeId: SubscriberId
  readonly payeeNumber: Msisdn
  readonly payeeName: string
  readonly currency: Currency
  readonly amount: string
  readonly most: string
  readonly every: Rhythm
  readonly first: IsoDate
  readonly times: number
}

/** More than that is somebody else's business than a household's. */
export const MOST_ORDERS = 10

const amount = z.string().regex(/^[1-9]\d{0,18}$/)
const schema = z.strictObject({
  ...{ id: z.guid(), payerId: z.guid(), payeeId: z.guid(), payeeName: z.string().max(40) },
  payeeNumber: z.string().refine((text) => parseE164(text) !== null),
  currency: z.enum(Object.keys(exponents) as Currency[]),
  ...{
    amount,
    most: amount,
    every: z.enum(rhythms),
    first: z.string().refine(isIsoDate),
    times: z.int().min(1).max(52),
  },
})

/** Reads an order as a session carries it; throws on anything else. */
export function orderFromJson(json: unknown): StandingOrder {
  const read = schema.safeParse(json)
  if (!read.success) throw new Error('The session holds no order that can be read; nothing was done. Make it again.')
  return read.data as StandingOrder
}

/** The one id of what is due under an order on a day; its transfer's too. */
export function runIdOf(orderId: string, due: IsoDate): TransferId {
  return uuidOf(`standing/${orderId}/${due}`) as TransferId
}

/** `known`: this very order is stored. `conflict`: its id is stored with other content. `limited`: the payer has as many as one may have. */
export type MakeOutcome = 'made' | 'known' | 'conflict' | 'limited'

/** Stores the order that a PIN confirmed, in the caller's transaction, with the first time it is due; looked at from `lookAtMs` on. */
export async function makeOrder(
  tx: Queryable,
  sealer: Sealer,
  order: StandingOrder,
  { sessionId, lookAtMs }: { readonly sessionId: string; readonly lookAtMs: number },
): Promise<MakeOutcome> {
  const { id, payerId, payeeId, currency, amount, most, every, first, times } = order
  const macs = orderMacs(sealer, order)
  // One at a time for each payer, so that orders of one moment do not all see the same count.
  await tx.query(`SELECT FROM subscriber WHERE id = $1 FOR NO KEY UPDATE`, [payerId])
  const stored = await tx.query<{ content_mac: Buffer }>(`SELECT content_mac FROM standing_order WHERE id = $1`, [id])
  const [known] = stored.rows
  if (known !== undefined) return carriesOne(known.content_mac, macs) ? 'known' : 'conflict'
  if ((await countOpen(tx, payerId)) >= MOST_ORDERS) return 'limited'
  await tx.query(
    `INSERT INTO standing_order (id, payer_id, payee_id, number_sealed, name_sealed, currency, amount, most, every, first_on, times, session_id, content_mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      ...[id, payerId, payeeId, sealer.seal(order.payeeNumber, payeeNumberContext(id))],
      ...[
        sealer.seal(order.payeeName, payeeNameContext(id)),
        currency,
        amount,
        most,
        every,
        first,
        times,
        sessionId,
        macs[0],
      ],
    ],
  )
  await addRun(tx, { id: runIdOf(id, first), orderId: id, due: first, nth: 1, lookAtMs })
  return 'made'
}

/** How many orders of a payer have something due yet. */
export async function countOpen(db: Queryable, payerId: SubscriberId): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM standing_order o JOIN standing_run r ON r.order_id = o.id AND r.ended_at IS NULL
      WHERE o.payer_id = $1 AND o.cancelled_at IS NULL`,
    [payerId],
  )
  return rows[0]?.count ?? 0
}

type NewRun = {
  readonly id: TransferId
  readonly orderId: string
  readonly due: IsoDate
  readonly nth: number
  readonly lookAtMs: number
}

/** Writes down that an order is due on a day. */
export async function addRun(tx: Queryable, { id, orderId, due, nth, lookAtMs }: NewRun): Promise<void> {
  await tx.query(`INSERT INTO standing_run (id, order_id, due_on, nth, next_at) VALUES ($1, $2, $3, $4, $5)`, [
    ...[id, orderId, due, nth, new Date(lookAtMs)],
  ])
}

/** The columns of an order `o`, for `readOrder`. */
export const ORDER_COLUMNS: string = `o.id AS order_id, o.payer_id, o.payee_id, o.number_sealed, o.name_sealed, o.currency, o.amount, o.most, o.every,
       o.first_on::text AS first_on, o.times, o.content_mac`

export type OrderRow = {
  order_id: string
  payer_id: SubscriberId
  payee_id: SubscriberId
  number_sealed: Buffer
  name_sealed: Buffer
  currency: Currency
  amount: bigint
  most: bigint
  every: Rhythm
  first_on: IsoDate
  times: number
  content_mac: Buffer
}

/** The order as its payer confirmed it; throws where the row says anything else. */
export function readOrder(sealer: Sealer, row: OrderRow): StandingOrder {
  const id = row.order_id
  const payeeNumber = parseE164(sealer.open(row.number_sealed, payeeNumberContext(id)))
  if (payeeNumber === null) throw new Error(`The number of order ${id} is not one.`)
  const order: StandingOrder = {
    ...{ id, payerId: row.payer_id, payeeId: row.payee_id, payeeNumber, currency: row.currency },
    payeeName: sealer.open(row.name_sealed, payeeNameContext(id)),
    ...{ amount: String(row.amount), most: String(row.most), every: row.every, first: row.first_on, times: row.times },
  }
  if (!carriesOne(row.content_mac, orderMacs(sealer, order))) throw new Error(`Order ${id} is not what was confirmed.`)
  return order
}

/** An order keeps the one it was made with, also after DATA_KEY was replaced. */
function orderMacs(sealer: Sealer, order: StandingOrder): readonly [Buffer, ...Buffer[]] {
  const { id, payerId, payeeId, payeeNumber, payeeName, currency, amount, most, every, first, times } = order
  const content = [id, payerId, payeeId, payeeNumber, payeeName, currency, amount, most, every, first, times]
  return sealer.indexes(JSON.stringify(content), 'standing_order.content')
}

function carriesOne(stored: Buffer, macs: readonly Buffer[]): boolean {
  return macs.some((mac) => mac.equals(stored))
}

function payeeNumberContext(id: string): string {
  return `standing_order.number:${id}`
}

function payeeNameContext(id: string): string {
  return `standing_order.name:${id}`
}
