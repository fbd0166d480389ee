import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'

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
