import type { Queryable } from '../database/database.ts'
import type { IsoDate } from '../domain/dates.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import { dueDate } from '../domain/schedule.ts'
import type { Sealer } from '../security/sealing.ts'
import { addRun, ORDER_COLUMNS, type OrderRow, readOrder, runIdOf, type StandingOrder } from './standing-order.ts'
import { announceFrom, type Due, type StandingHours } from './standing-times.ts'

/** One time that an order is due. Its id is its transfer's. */
export type StandingRun = Due & { readonly id: TransferId; readonly orderId: string; readonly nth: number }

/** A run with its order's row, both locked, and the moment of the look. */
export type DueRun = { readonly run: StandingRun; readonly row: OrderRow; readonly at: Date }

type RunRow = OrderRow & {
  id: TransferId
  due_on: IsoDate
  nth: number
  state: Due['state']
  next_at: Date
  not_before: Date | null
  tries: number
  at: Date
}

const RUN_COLUMNS = `r.id, r.due_on::text AS due_on, r.nth, r.state, r.next_at, r.not_before, r.tries`

/**
 * Locks the first run that is due and that nobody else is at, with its order; null where there is none. `now` is null for PostgreSQL's
 * clock, so that the workers' clocks may differ.
 */
export async function lockDueRun(tx: Queryable, now: Date | null): Promise<DueRun | null> {
  const { rows } = await tx.query<RunRow>({
    name: 'standing-due',
    text: `SELECT ${ORDER_COLUMNS}, ${RUN_COLUMNS}, coalesce($1::timestamptz, clock_timestamp()) AS at
             FROM standing_run r JOIN standing_order o ON o.id = r.order_id
            WHERE r.next_at <= coalesce($1::timestamptz, clock_timestamp())
            ORDER BY r.next_at LIMIT 1 FOR NO KEY UPDATE OF o, r SKIP LOCKED`,
    values: [now],
  })
  const [row] = rows
  return row === undefined ? null : { run: runOf(row), row, at: row.at }
}

/** Nothing is done about it until then. */
export async function postponeRun(db: Queryable, id: TransferId, untilMs: number): Promise<void> {
  await db.query(`UPDATE standing_run SET next_at = $2 WHERE id = $1 AND ended_at IS NULL`, [id, new Date(untilMs)])
}

/** Its payer is told in the same transaction, and it is made from `runMs` on. */
export async function noteAnnounced(tx: Queryable, id: TransferId, at: Date, runMs: number): Promise<void> {
  await tx.query(
    `UPDATE standing_run SET state = 'announced', announced_at = $2, not_before = $3, next_at = $3 WHERE id = $1`,
    [id, at, new Date(runMs)],
  )
}

/** It could not be made for lack of money, and is tried again at `nextMs`. */
export async function noteTried(tx: Queryable, id: TransferId, nextMs: number): Promise<void> {
  await tx.query(`UPDATE standing_run SET tries = tries + 1, reason = 'insufficient', next_at = $2 WHERE id = $1`, [
    id,
    new Date(nextMs),
  ])
}

/** How a run ended. `reason`: why it was skipped. `at`: when, by the clock that it was looked at with; null for PostgreSQL's. */
export type RunEnd =
  | { readonly state: 'sent'; readonly at: Date | null }
  | { readonly state: 'skipped'; readonly reason: string; readonly at: Date | null }

/** Ends a run and writes down when its order is due next, if it is. */
export async function endRun(
  tx: Queryable,
  order: StandingOrder,
  { id, nth }: Pick<StandingRun, 'id' | 'nth'>,
  end: RunEnd,
  hours: StandingHours,
): Promise<void> {
  await tx.query(
    `UPDATE standing_run SET state = $2, reason = $3, ended_at = coalesce($4::timestamptz, clock_timestamp()), next_at = NULL WHERE id = $1`,
    [id, end.state, end.state === 'sent' ? null : end.reason, end.at],
  )
  const due = dueDate(order, nth + 1)
  if (due === null) return
  const next = { id: runIdOf(order.id, due), orderId: order.id, due, nth: nth + 1 }
  await addRun(tx, { ...next, lookAtMs: announceFrom(due, hours) })
}

/** `known`: it was cancelled before. `gone`: this payer has no such order, or nothing of it is left. */
export type CancelOutcome = 'cancelled' | 'known' | 'gone'

/** Cancels an order and what is due of it, in the caller's transaction; a transfer that is made already is not touched. */
export async function cancelOrder(
  tx: Queryable,
  orderId: string,
  payerId: SubscriberId,
  reason: string,
): Promise<CancelOutcome> {
  // Like the worker, the order first: whoever waits here then sees what the worker wrote.
  const { rows } = await tx.query<{ cancelled: boolean }>(
    `SELECT cancelled_at IS NOT NULL AS cancelled FROM standing_order WHERE id = $1 AND payer_id = $2 FOR NO KEY UPDATE`,
    [orderId, payerId],
  )
  const [order] = rows
  if (order === undefined) return 'gone'
  if (order.cancelled) return 'known'
  const ended = await tx.query(
    `UPDATE standing_run SET state = 'skipped', reason = $2, ended_at = clock_timestamp(), next_at = NULL
      WHERE order_id = $1 AND ended_at IS NULL`,
    [orderId, reason],
  )
  if (ended.rowCount === 0) return 'gone'
  await tx.query(`UPDATE standing_order SET cancelled_at = clock_timestamp() WHERE id = $1`, [orderId])
  return 'cancelled'
}

/** `known`: it was skipped before. `gone`: this payer has no such run, or it was made. */
export type SkipOutcome =
  | { readonly kind: 'skipped'; readonly order: StandingOrder }
  | { readonly kind: 'known' | 'gone' }

/** The payer leaves one time out, in the caller's transaction. */
export async function skipRun(
  tx: Queryable,
  sealer: Sealer,
  id: TransferId,
  payerId: SubscriberId,
  hours: StandingHours,
): Promise<SkipOutcome> {
  const orders = await tx.query<OrderRow>(
    `SELECT ${ORDER_COLUMNS} FROM standing_order o
      WHERE o.payer_id = $2 AND o.id = (SELECT order_id FROM standing_run WHERE id = $1) FOR NO KEY UPDATE`,
    [id, payerId],
  )
  const [row] = orders.rows
  if (row === undefined) return { kind: 'gone' }
  const runs = await tx.query<{ nth: number; ended: boolean; reason: string | null }>(
    `SELECT nth, ended_at IS NOT NULL AS ended, reason FROM standing_run WHERE id = $1 FOR NO KEY UPDATE`,
    [id],
  )
  const [run] = runs.rows
  if (run === undefined || run.ended) return { kind: run?.reason === SKIPPED_BY_PAYER ? 'known' : 'gone' }
  const order = readOrder(sealer, row)
  await endRun(tx, order, { id, nth: run.nth }, { state: 'skipped', reason: SKIPPED_BY_PAYER, at: null }, hours)
  return { kind: 'skipped', order }
}

const SKIPPED_BY_PAYER = 'skipped by the payer'

/** An order of which something is due yet, and what is next. `left`: how many times, that one counted. */
export type OpenOrder = { readonly order: StandingOrder; readonly run: StandingRun; readonly left: number }

/** A payer's orders, the next one due first. */
export async function listOpenOrders(
  db: Queryable,
  sealer: Sealer,
  payerId: SubscriberId,
  limit: number,
): Promise<OpenOrder[]> {
  const { rows } = await db.query<RunRow>(
    `SELECT ${ORDER_COLUMNS}, ${RUN_COLUMNS} FROM standing_order o JOIN standing_run r ON r.order_id = o.id AND r.ended_at IS NULL
      WHERE o.payer_id = $1 AND o.cancelled_at IS NULL ORDER BY r.due_on, o.made_at LIMIT $2`,
    [payerId, limit],
  )
  return rows.map((row) => ({ order: readOrder(sealer, row), run: runOf(row), left: row.times - row.nth + 1 }))
}

function runOf(row: RunRow): StandingRun {
  const { id, order_id: orderId, due_on: due, nth, state, tries, next_at, not_before } = row
  return { id, orderId, due, nth, state, tries, nextMs: next_at.getTime(), notBeforeMs: not_before?.getTime() ?? null }
}
