import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { postTransfer } from '../ledger/post.ts'
import { balanceOf, miniStatement } from '../ledger/statement.ts'
import type { TransferState } from '../ledger/transfer.ts'
import type { OwnOutcome, OwnProvider } from './account-provider.ts'

/** The built-in ledger, which keeps everybody's wallet; what it does not do across a network it need not do at all. */
export const ownLedger: OwnProvider = {
  kind: 'own',
  id: 'ledger',
  capabilities: {
    twoPhase: true,
    queryByReference: true,
    resend: 'same-answer',
    callbacks: 'none',
    partialReversal: false,
    decimals: 2,
    nameLookup: true,
    statement: true,
    billCompanies: false,
  },
  balance: balanceOf,
  statement: miniStatement,
  settle,
  query,
}

async function settle(tx: Queryable, id: TransferId): Promise<OwnOutcome> {
  const outcome = await postTransfer(tx, id)
  switch (outcome.kind) {
    case 'posted':
      return { ...outcome, kind: 'done', repeated: false }
    case 'already': {
      const found = await query(tx, id)
      return found.kind === 'not_found' ? { kind: 'unknown', cause: 'settled and gone' } : found
    }
    case 'rejected':
      return { kind: 'refused', reason: 'rejected before' }
  }
}

async function query(db: Queryable, id: TransferId): Promise<OwnOutcome | { kind: 'not_found' }> {
  const { rows } = await db.query<{ state: TransferState; reason: string | null; changed_at: Date }>(
    `SELECT state, reason, changed_at FROM transfer WHERE id = $1`,
    [id],
  )
  const row = rows[0]
  if (row === undefined) return { kind: 'not_found' }
  switch (row.state) {
    case 'SETTLED':
    case 'REVERSED':
      return { kind: 'done', repeated: true, at: row.changed_at, payerAvailable: null, payeeAvailable: null }
    case 'REJECTED':
      return { kind: 'refused', reason: row.reason ?? 'rejected' }
    case 'HELD':
    case 'SUBMITTED':
    case 'PENDING':
    case 'IN_DOUBT':
    case 'REVIEW':
      return { kind: 'pending' }
  }
}
