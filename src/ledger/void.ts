import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'

/** `already`: it was rejected before, `settled`: its money has moved; neither has changed anything. */
export type VoidOutcome =
  | { readonly kind: 'voided'; readonly at: Date; readonly payerAvailable: bigint }
  | { readonly kind: 'already' }
  | { readonly kind: 'settled' }

type Row = { outcome: VoidOutcome['kind']; at: Date; payer_available: bigint }

/**
 * Gives a held transfer's money back and makes it REJECTED, in the caller's transaction. Once something was submitted outside, the
 * database throws unless a partner's refusal is on record.
 */
export async function voidTransfer(tx: Queryable, id: TransferId, reason: string): Promise<VoidOutcome> {
  const { rows } = await tx.query<Row>({
    name: 'void-transfer',
    text: `SELECT outcome, at, payer_available FROM ledger_void($1, $2)`,
    values: [id, reason],
  })
  const row = rows[0]
  if (row === undefined) throw new Error('ledger_void returned nothing')
  if (row.outcome !== 'voided') return { kind: row.outcome }
  return { kind: 'voided', at: row.at, payerAvailable: row.payer_available }
}
