import type { QueryOutcome } from '../billers/biller.ts'
import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import type { Sealer } from '../security/sealing.ts'

/**
 * HELD -> SUBMITTED and the row of the one attempt to pay, committed before the socket is used; its number, or null when another
 * worker was first. `busyMs`: until then nobody asks.
 */
export async function submit(db: Queryable, id: TransferId, busyMs: number): Promise<number | null> {
  const { rows } = await db.query<{ attempt: number | null }>(
    `SELECT ledger_submit($1, $2 * interval '1 millisecond') AS attempt`,
    [id, busyMs],
  )
  return rows[0]?.attempt ?? null
}

/** Claims the next question about a submitted transfer; its number, or null when none is due or another worker was first. */
export async function askAgain(db: Queryable, id: TransferId, busyMs: number): Promise<number | null> {
  const { rows } = await db.query<{ attempt: number | null }>(
    `SELECT ledger_ask($1, $2 * interval '1 millisecond') AS attempt`,
    [id, busyMs],
  )
  return rows[0]?.attempt ?? null
}

/** An answer of the partner's, or what officers found out of it, who may not know the partner's own reference. */
export type RecordedAnswer =
  | Exclude<QueryOutcome, { readonly kind: 'done' }>
  | { readonly kind: 'done'; readonly partnerReference: string | null; readonly receipt: { readonly token?: string } }

/** Puts an answer on record; what the biller returned for the customer is sealed. */
export async function recordAnswer(
  tx: Queryable,
  sealer: Sealer,
  id: TransferId,
  attempt: number,
  answer: RecordedAnswer,
): Promise<void> {
  const token = answer.kind === 'done' ? answer.receipt.token : undefined
  await tx.query(`SELECT ledger_record_answer($1, $2, $3, $4, $5, $6)`, [
    id,
    attempt,
    answer.kind,
    answer.kind === 'done' || answer.kind === 'pending' ? (answer.partnerReference ?? null) : null,
    token === undefined ? null : sealer.seal(token, receiptContext(id, attempt)),
    answer.kind === 'unknown' ? answer.cause : answer.kind === 'refused' ? answer.reason : null,
  ])
}

/** What the partner returned for the customer when it was done, or null. */
export async function readToken(db: Queryable, sealer: Sealer, id: TransferId): Promise<string | null> {
  const { rows } = await db.query<{ attempt: number; receipt: Buffer }>(
    `SELECT attempt, receipt FROM partner_answer
      WHERE transfer_id = $1 AND outcome = 'done' AND receipt IS NOT NULL ORDER BY attempt DESC LIMIT 1`,
    [id],
  )
  return rows[0] === undefined ? null : sealer.open(rows[0].receipt, receiptContext(id, rows[0].attempt))
}

function receiptContext(id: TransferId, attempt: number): string {
  return `partner_answer.receipt:${id}:${attempt}`
}

/** How often a biller did not find the payment, how long ago it was sent, and whether the biller ever said that it has it. */
export async function askedBefore(
  tx: Queryable,
  id: TransferId,
): Promise<{ notFound: number; sincePaidMs: number; received: boolean }> {
  const { rows } = await tx.query<{ notFound: number; sincePaidMs: number; received: boolean }>(
    `SELECT EXISTS (SELECT FROM partner_answer WHERE transfer_id = $1 AND outcome = 'pending') AS received,
            (SELECT count(*)::integer FROM partner_answer WHERE transfer_id = $1 AND outcome = 'not_found') AS "notFound",
            (SELECT (extract(epoch FROM now() - min(started_at)) * 1000)::float8 FROM partner_attempt
              WHERE transfer_id = $1 AND action = 'pay') AS "sincePaidMs"`,
    [id],
  )
  return rows[0] ?? { notFound: 0, sincePaidMs: 0, received: false }
}

/** Nothing definite yet: when to ask again (null: people decide). False when a definite end came meanwhile. */
export async function waitFor(
  tx: Queryable,
  id: TransferId,
  state: 'PENDING' | 'IN_DOUBT' | 'REVIEW',
  reason: string | null,
  delayMs: number | null,
): Promise<boolean> {
  const { rows } = await tx.query<{ moved: boolean }>(
    `SELECT ledger_wait($1, $2, $3, $4 * interval '1 millisecond') AS moved`,
    [id, state, reason, delayMs],
  )
  return rows[0]?.moved ?? false
}

/** A transfer whose partner rests comes again after that; until then it stays as it is. */
export async function keepWaiting(db: Queryable, id: TransferId, delayMs: number): Promise<void> {
  await db.query(`SELECT ledger_keep_waiting($1, $2 * interval '1 millisecond')`, [id, delayMs])
}

/** What the partner calls a payment: by its own answer, or else by a callback that can have meant no other; null where it never said. */
export async function partnerReferenceOf(db: Queryable, partner: string, id: TransferId): Promise<string | null> {
  const { rows } = await db.query<{ reference: string | null }>(
    `SELECT coalesce(
              (SELECT partner_reference FROM partner_answer
                WHERE transfer_id = $1 AND partner_reference IS NOT NULL ORDER BY attempt DESC LIMIT 1),
              (SELECT partner_reference FROM partner_hint
                WHERE transfer_id = $1 AND partner = $2 AND certain ORDER BY at DESC LIMIT 1)) AS reference`,
    [id, partner],
  )
  return rows[0]?.reference ?? null
}

/** Whether a callback about its end came already: one that overtook the answer to the payment itself. */
export async function heardOf(db: Queryable, id: TransferId): Promise<boolean> {
  const { rows } = await db.query<{ heard: boolean }>(
    `SELECT EXISTS (SELECT FROM partner_hint WHERE transfer_id = $1 AND said <> 'validated')
         OR EXISTS (SELECT FROM provider_callback WHERE transfer_id = $1 AND verdict <> 'mismatch') AS heard`,
    [id],
  )
  return rows[0]?.heard ?? false
}

/** The partner let something be known: it is asked now. Null where nothing is to be asked, or the call to pay is still under way. */
export async function askNow(
  tx: Queryable,
  id: TransferId,
): Promise<{ readonly version: number; readonly biller: string | null } | null> {
  const { rows } = await tx.query<{ version: number | null; biller: string | null }>(
    `SELECT version, biller FROM ledger_hint($1)`,
    [id],
  )
  const row = rows[0]
  return row === undefined || row.version === null ? null : { version: row.version, biller: row.biller }
}
