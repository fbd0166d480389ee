import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import type { TransferState } from '../ledger/transfer.ts'
import type { ReversalState } from './provider-reversals.ts'

/**
 * Why people must look. `done_after_refusal` and `refused_after_settlement`: the partner says the opposite of how the transfer ended;
 * `callback_mismatch`: a callback with the right key is about another payment, or says other amounts or parties.
 */
export type PartnerCase = 'done_after_refusal' | 'refused_after_settlement' | 'callback_mismatch'

/** Opens a case, once for each transfer and reason; true when it was not open before. */
export async function openCase(
  tx: Queryable,
  about: { transferId: TransferId; partner: string; what: PartnerCase; detail: string | null },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO provider_case (transfer_id, partner, what, detail) VALUES ($1, $2, $3, $4) ON CONFLICT (transfer_id, what) DO NOTHING`,
    [about.transferId, about.partner, about.what, about.detail],
  )
  return rowCount === 1
}

/** A case nobody has closed; `reference`: the transfer's, as people know it. */
export type OpenCase = {
  readonly id: string
  readonly reference: string
  readonly state: TransferState
  readonly partner: string
  readonly what: PartnerCase
  readonly detail: string | null
  readonly openedAt: Date
  /** Null: no officer has said that the partner is to take the payment back. */
  readonly reversal: OpenReversal | null
}

/** How far it is with a payment that the partner is to take back. */
export type OpenReversal = {
  readonly state: ReversalState
  /** Who wants it so, in the order in which they said so. */
  readonly officers: readonly string[]
  /** What we ask the partner by, and what the partner calls the payment; null until it is asked. */
  readonly reference: string | null
  readonly original: string | null
  /** Steps taken so far, questions included. */
  readonly attempts: number
  /** Why its last word is not definite, or what it refused with. */
  readonly cause: string | null
  /** When the next step is due; null where none is. */
  readonly dueAt: string | null
}

/** Oldest first. */
export async function listOpenCases(db: Queryable): Promise<OpenCase[]> {
  const { rows } = await db.query<OpenCase>(
    `SELECT c.id, t.reference, t.state, c.partner, c.what, c.detail, c.opened_at AS "openedAt",
            CASE WHEN r.case_id IS NOT NULL THEN jsonb_build_object(
              'state', r.state, 'officers', r.officers, 'reference', r.reference, 'original', r.original, 'attempts', r.attempts,
              'cause', r.cause, 'dueAt', r.due_at) END AS reversal
       FROM provider_case c JOIN transfer t ON t.id = c.transfer_id LEFT JOIN provider_reversal r ON r.case_id = c.id
      WHERE NOT EXISTS (SELECT FROM provider_case_closing d WHERE d.case_id = c.id)
      ORDER BY c.opened_at LIMIT 500`,
  )
  return rows
}

/** Puts on record who looked into a case and what they found; it moves nothing. `known`: it was closed before. */
export async function closeCase(
  db: Queryable,
  { id, by, note }: { readonly id: string; readonly by: string; readonly note: string },
): Promise<'closed' | 'known' | 'not_found'> {
  const { rows } = await db.query<{ found: boolean; closed: boolean }>(
    `WITH closed AS (
       INSERT INTO provider_case_closing (case_id, by, note) SELECT c.id, $2, $3 FROM provider_case c WHERE c.id = $1
       ON CONFLICT (case_id) DO NOTHING RETURNING case_id
     )
     SELECT EXISTS (SELECT FROM provider_case WHERE id = $1) AS found, EXISTS (SELECT FROM closed) AS closed`,
    [id, by, note],
  )
  if (rows[0]?.closed === true) return 'closed'
  return rows[0]?.found === true ? 'known' : 'not_found'
}
