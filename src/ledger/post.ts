import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'

/**
 * `already`: it was settled before, `rejected`: its hold is gone; neither has changed anything. `payerBalance` counts what is held for
 * other transfers, `…Available` does not; each as of right after this one. `payeeAvailable` is null for an account of the house.
 */
export type PostOutcome =
  | {
      readonly kind: 'posted'
      readonly at: Date
      readonly payerAvailable: bigint
      readonly payerBalance: bigint
      readonly payeeAvailable: bigint | null
    }
  | { readonly kind: 'already' }
  | { readonly kind: 'rejected' }

/** Of a leg (the first, the amount, is 1) so many minor units move, fewer than were held; the rest goes back to the payer. */
export type PartOfLeg = { readonly leg: number; readonly amount: bigint }

type Row = {
  id: TransferId
  outcome: PostOutcome['kind']
  at: Date
  payer_available: bigint
  payer_balance: bigint
  payee_available: bigint | null
}

/**
 * Moves a held transfer's money as quoted, all its legs as one, and makes it SETTLED, in the caller's transaction. The database throws
 * for whatever asks a partner without a partner's answer `done` on record, and for a part larger than what was held.
 */
export async function postTransfer(
  tx: Queryable,
  id: TransferId,
  parts: readonly PartOfLeg[] = [],
): Promise<PostOutcome> {
  const { rows } = await tx.query<Row>({
    name: 'post-transfer',
    text: `SELECT id, outcome, at, payer_available, payer_balance, payee_available FROM ledger_post_all($1, $2, $3, $4)`,
    values: [[id], parts.map(() => id), parts.map(({ leg }) => leg), parts.map(({ amount }) => amount)],
  })
  const row = rows[0]
  if (row === undefined) throw new Error('ledger_post_all returned nothing')
  return outcomeOf(row)
}

/** `postTransfer` for many in one round trip, in the order in which they were confirmed. */
export async function postTransfers(
  tx: Queryable,
  ids: readonly TransferId[],
): Promise<ReadonlyMap<TransferId, PostOutcome>> {
  const { rows } = await tx.query<Row>({
    name: 'post-transfers',
    text: `SELECT id, outcome, at, payer_available, payer_balance, payee_available FROM ledger_post_all($1)`,
    values: [ids],
  })
  return new Map(rows.map((row) => [row.id, outcomeOf(row)]))
}

function outcomeOf(row: Row): PostOutcome {
  if (row.outcome !== 'posted') return { kind: row.outcome }
  return {
    kind: 'posted',
    at: row.at,
    payerAvailable: row.payer_available,
    payerBalance: row.payer_balance,
    payeeAvailable: row.payee_available,
  }
}
