import type { Queryable } from '../database/database.ts'
import type { AccountId, TransferId } from '../domain/ids.ts'
import type { Sealer } from '../security/sealing.ts'
import { type HoldOutcome, holdTransfer } from './hold.ts'
import type { Quote } from './quote.ts'
import { type QuoteJson, quoteFromJson, quoteToJson } from './quote-json.ts'

/** What is paid from the wallet once the money for it is collected from elsewhere; both were confirmed with one PIN. */
export type Successor = { readonly quote: Quote; readonly sessionId: string }

/** Puts on record what follows a collect, in the transaction that holds the collect. */
export async function storeSuccessor(
  tx: Queryable,
  sealer: Sealer,
  collectId: TransferId,
  quote: Quote,
): Promise<void> {
  await tx.query(`INSERT INTO transfer_successor (collect_id, successor_id, quote) VALUES ($1, $2, $3)`, [
    collectId,
    quote.id,
    sealer.seal(JSON.stringify(quoteToJson(quote)), quoteContext(collectId)),
  ])
}

/** What follows a collect, or null. Locks the accounts of both, so that one may be posted and then the other held in this transaction. */
export async function takeSuccessor(tx: Queryable, sealer: Sealer, collectId: TransferId): Promise<Successor | null> {
  const { rows } = await tx.query<{ quote: Buffer; session_id: string }>(
    `SELECT s.quote, t.session_id FROM transfer_successor s JOIN transfer t ON t.id = s.collect_id WHERE s.collect_id = $1`,
    [collectId],
  )
  const row = rows[0]
  if (row === undefined) return null
  const quote = quoteFromJson(JSON.parse(sealer.open(row.quote, quoteContext(collectId))) as QuoteJson)
  const accounts: AccountId[] = [quote.payerAccount, quote.payeeAccount]
  await tx.query(`SELECT ledger_lock_with($1, $2)`, [collectId, accounts])
  return { quote, sessionId: row.session_id }
}

/**
 * Holds what follows, in the transaction that has posted the collect. Anything but `held`: the money stays in the wallet. What the ledger
 * throws for, such as a payer who may not pay any more, must not keep the collect from being posted.
 */
export async function holdSuccessor(
  tx: Queryable,
  sealer: Sealer,
  { quote, sessionId }: Successor,
): Promise<HoldOutcome | { readonly kind: 'not_allowed' }> {
  await tx.query('SAVEPOINT successor')
  try {
    const outcome = await holdTransfer(tx, sealer, quote, { sessionId })
    await tx.query('RELEASE SAVEPOINT successor')
    return outcome
  } catch (error) {
    if (!/^LG/.test(String((error as { code?: unknown }).code))) throw error
    await tx.query('ROLLBACK TO SAVEPOINT successor')
    return { kind: 'not_allowed' }
  }
}

/** The transfer that follows a collect, as it stands; `kept`: it could not be. Null where nothing follows, or not yet. */
export async function successorState(
  db: Queryable,
  collectId: TransferId,
): Promise<
  { readonly kind: 'held'; readonly id: TransferId; readonly reference: string } | { readonly kind: 'kept' } | null
> {
  const { rows } = await db.query<{ id: TransferId; reference: string | null; refused: boolean }>(
    `SELECT s.successor_id AS id, t.reference, r.id IS NOT NULL AS refused
       FROM transfer_successor s LEFT JOIN transfer t ON t.id = s.successor_id LEFT JOIN transfer_refusal r ON r.id = s.successor_id
      WHERE s.collect_id = $1`,
    [collectId],
  )
  const row = rows[0]
  if (row === undefined) return null
  if (row.reference !== null) return { kind: 'held', id: row.id, reference: row.reference }
  return row.refused ? { kind: 'kept' } : null
}

/** Ties a sealed quote to the collect that it follows. */
function quoteContext(collectId: TransferId): string {
  return `transfer_successor.quote:${collectId}`
}
