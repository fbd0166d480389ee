import type { Queryable } from '../database/database.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import { isOpen, noteAsked } from './asked.ts'

/** Somebody asks somebody for money; the amount in minor units. Its id becomes the id of the transfer that pays it, so it is paid once. */
export type MoneyRequest = {
  readonly id: TransferId
  readonly requesterId: SubscriberId
  readonly payerId: SubscriberId
  readonly currency: Currency
  readonly amount: bigint
}

/** `known`: asked before under this id, nothing new. `limited`: this person has asked too often, or the same person again. */
export type AskOutcome =
  | { readonly kind: 'asked'; readonly expiresAt: Date }
  | { readonly kind: 'known' }
  | { readonly kind: 'limited' }

/** What one person may ask in a day, of everybody and of one: more is somebody begging by machine. */
const MOST_A_DAY = 10
const MOST_OPEN_TO_ONE = 1

/** Stores a request in the caller's transaction; it is open for `openMs`. */
export async function askForMoney(tx: Queryable, request: MoneyRequest, openMs: number): Promise<AskOutcome> {
  const { id, requesterId, payerId, currency, amount } = request
  // One at a time for each who asks, so that requests of one moment do not all see the same count.
  await tx.query(`SELECT FROM subscriber WHERE id = $1 FOR NO KEY UPDATE`, [requesterId])
  const { rows } = await tx.query<{ known: boolean; today: number; open: number }>(
    `SELECT EXISTS (SELECT FROM money_request WHERE id = $1) AS known,
            (SELECT count(*)::integer FROM money_request
              WHERE requester_id = $2 AND asked_at > now() - interval '1 day') AS today,
            (SELECT count(*)::integer FROM money_request r
              WHERE r.requester_id = $2 AND r.payer_id = $3 AND ${isOpen}) AS open`,
    [id, requesterId, payerId],
  )
  const [counted] = rows
  if (counted?.known === true) return { kind: 'known' }
  if (counted === undefined || counted.today >= MOST_A_DAY || counted.open >= MOST_OPEN_TO_ONE)
    return { kind: 'limited' }
  const stored = await tx.query<{ expires_at: Date }>(
    `INSERT INTO money_request (id, requester_id, payer_id, currency, amount, expires_at)
     VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond') RETURNING expires_at`,
    [id, requesterId, payerId, currency, amount, openMs],
  )
  const [row] = stored.rows
  if (row === undefined) throw new Error('a request was not stored')
  await noteAsked(tx, payerId)
  return { kind: 'asked', expiresAt: row.expires_at }
}

type Row = { id: TransferId; requester_id: SubscriberId; payer_id: SubscriberId; currency: Currency; amount: bigint }

/** The request if it still waits for this payer's answer; null otherwise. */
export async function findOpenRequest(
  db: Queryable,
  id: TransferId,
  payerId: SubscriberId,
): Promise<MoneyRequest | null> {
  const { rows } = await db.query<Row>(
    `SELECT id, requester_id, payer_id, currency, amount FROM money_request r WHERE id = $1 AND payer_id = $2 AND ${isOpen}`,
    [id, payerId],
  )
  return rows[0] === undefined ? null : requestOf(rows[0])
}

/** The payer says no; null where it does not wait for them (any more). */
export async function declineRequest(
  tx: Queryable,
  id: TransferId,
  payerId: SubscriberId,
): Promise<MoneyRequest | null> {
  const { rows } = await tx.query<Row>(
    `UPDATE money_request r SET declined_at = now() WHERE id = $1 AND payer_id = $2 AND ${isOpen}
     RETURNING id, requester_id, payer_id, currency, amount`,
    [id, payerId],
  )
  if (rows[0] === undefined) return null
  await noteAsked(tx, payerId)
  return requestOf(rows[0])
}

/** Whether this payer said no to it before. */
export async function wasDeclined(db: Queryable, id: TransferId, payerId: SubscriberId): Promise<boolean> {
  const { rows } = await db.query(
    `SELECT FROM money_request WHERE id = $1 AND payer_id = $2 AND declined_at IS NOT NULL`,
    [id, payerId],
  )
  return rows.length > 0
}

function requestOf({ id, requester_id, payer_id, currency, amount }: Row): MoneyRequest {
  return { id, requesterId: requester_id, payerId: payer_id, currency, amount }
}
