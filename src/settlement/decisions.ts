import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { readDecisions } from '../ledger/decision.ts'
import type { Sealer } from '../security/sealing.ts'
import type { RecordedAnswer } from './attempts.ts'

/** Transfers in REVIEW of which two officers say the same, oldest first. */
export async function listDecided(db: Queryable, limit: number): Promise<TransferId[]> {
  const { rows } = await db.query<{ id: TransferId }>(
    `SELECT t.id FROM transfer t
      WHERE t.state = 'REVIEW'
        AND EXISTS (SELECT FROM transfer_decision d WHERE d.transfer_id = t.id GROUP BY d.settle HAVING count(*) >= 2)
      ORDER BY t.created_at, t.id LIMIT $1`,
    [limit],
  )
  return rows.map(({ id }) => id)
}

/** The answer that two officers agree on, and the attempt it is put on record for; null where no two do, or it has ended. */
export async function takeDecision(
  tx: Queryable,
  sealer: Sealer,
  id: TransferId,
): Promise<{ readonly attempt: number; readonly answer: RecordedAnswer } | null> {
  const { rows } = await tx.query<{ attempt: number; settle: boolean }>(
    `SELECT attempt, settle FROM ledger_begin_decided($1)`,
    [id],
  )
  const [begun] = rows
  if (begun === undefined) return null
  const { attempt, settle } = begun
  if (!settle) return { attempt, answer: { kind: 'refused', reason: 'decided by two officers' } }
  const agreed = (await readDecisions(tx, sealer, id)).filter((each) => each.settle)
  const known = <T>(values: readonly (T | null)[]): T | null => values.find((value) => value !== null) ?? null
  const token = known(agreed.map((each) => each.token))
  const partnerReference = known(agreed.map((each) => each.partnerReference))
  return { attempt, answer: { kind: 'done', partnerReference, receipt: token === null ? {} : { token } } }
}
