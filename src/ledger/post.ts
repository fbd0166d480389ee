import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'

/** `already`: it was settled before, `rejected`: its hold is gone; neither has changed anything. */
export type PostOutcome =
  | { readonly kind: 'posted'; readonly at: Date; readonly payerAvailable: bigint; readonly payeeAvailable: bigint }
  | { readonly kind: 'already' }
  | { readonly kind: 'rejected' }

type Row = { outcome: PostOutcome['kind']; at: Date; payer_available: bigint; payee_available: bigint }

/**
 * Moves a held transfer's money as quoted and makes it SETTLED, in the caller's transaction. The database throws for a bill without
 * a partner's answer `done` on record.
 */
export async function postTransfer(tx: Queryable, id: TransferId): Promise<PostOutcome> {
  const { rows } = await tx.query<Row>({
    name: 'post-transfer',
    text: `SELECT outcome, at, payer_available, payee_available FROM ledger_post($1)`,
    values: [id],
  })
  const row = rows[0]
  if (row === undefined) throw new Error('ledger_post returned nothing')
  if (row.outcome !== 'posted') return { kind: row.outcome }
  return { kind: 'posted', at: row.at, payerAvailable: row.payer_available, payeeAvailable: row.payee_available }
}
