import type { Queryable } from '../database/database.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import type { Sealer } from '../security/sealing.ts'
import { noteAsked } from './asked.ts'
import { referencesOf } from './reference.ts'

/** A transfer that may be asked back; the amount in minor units. */
export type Reversible = {
  readonly id: TransferId
  readonly payeeId: SubscriberId
  readonly amount: bigint
  readonly at: Date
}

/** The last transfers to people that this payer may still ask back, newest first. */
export async function listReversible(
  db: Queryable,
  payerId: SubscriberId,
  windowMs: number,
  limit: number,
): Promise<Reversible[]> {
  const { rows } = await db.query<Reversible>(
    `SELECT t.id, t.payee_id AS "payeeId", t.amount, t.created_at AS at
       FROM account a JOIN transfer t ON t.payer_account = a.id
      WHERE a.kind = 'wallet' AND a.owner_id = $1 AND t.kind = 'send' AND t.state = 'SETTLED'
        AND t.created_at > now() - $2 * interval '1 millisecond'
        AND NOT EXISTS (SELECT FROM reversal r WHERE r.original_id = t.id)
      ORDER BY t.created_at DESC LIMIT $3`,
    [payerId, windowMs, limit],
  )
  return rows
}

/**
 * `held`: so much of it was unspent and is kept back now; `known`: asked before under this id. `asked`: it was asked back before.
 * `spent`: nothing is left to keep back. `full`: the payer's own account has no room for it.
 */
export type AskBackOutcome =
  | { readonly kind: 'held' | 'known'; readonly held: bigint; readonly reference: string; readonly expiresAt: Date }
  | { readonly kind: 'asked' | 'not_found' | 'late' | 'spent' | 'full' }

export type AskBack = {
  /** Of the transfer that gives it back. */
  readonly id: TransferId
  readonly originalId: TransferId
  /** Null where an officer asks for them. */
  readonly payerId: SubscriberId | null
  readonly sessionId: string
  /** How long after it settled a transfer may be asked back, and how long the payee has to answer. */
  readonly windowMs: number
  readonly openMs: number
}

/** Asks money back and keeps what is unspent of it, in the caller's transaction. */
export async function askBack(tx: Queryable, sealer: Sealer, ask: AskBack): Promise<AskBackOutcome> {
  const { id, originalId, payerId, sessionId, windowMs, openMs } = ask
  const mac = sealer.index(JSON.stringify([id, originalId]), 'transfer.content')
  const { rows } = await tx.query<{
    outcome: AskBackOutcome['kind']
    held: bigint
    reference: string
    expires_at: Date
  }>(
    `SELECT outcome, held, reference, expires_at
       FROM ledger_ask_back($1, $2, $3, $4, $5, $6, $7 * interval '1 millisecond', $8 * interval '1 millisecond')`,
    [id, referencesOf(id), originalId, payerId, sessionId, mac, windowMs, openMs],
  )
  const [row] = rows
  if (row === undefined) throw new Error('ledger_ask_back returned nothing')
  if (row.outcome !== 'held' && row.outcome !== 'known') return { kind: row.outcome }
  if (row.outcome === 'held') await noteGiver(tx, id)
  return { kind: row.outcome, held: row.held, reference: row.reference, expiresAt: row.expires_at }
}

/** A reversal as those who hear of it need it; the amount in minor units. */
export type Reversal = {
  readonly id: TransferId
  readonly reference: string
  /** Who got the money and who sent it. */
  readonly giverId: SubscriberId
  readonly receiverId: SubscriberId
  readonly amount: bigint
  readonly expiresAt: Date
  readonly original: { readonly reference: string; readonly at: Date }
}

/** Null where there is none of that id. */
export async function readReversal(db: Queryable, id: TransferId): Promise<Reversal | null> {
  const { rows } = await db.query<Omit<Reversal, 'original'> & { original_reference: string; original_at: Date }>(
    `SELECT t.id, t.reference, t.payer_id AS "giverId", t.payee_id AS "receiverId", t.amount, v.expires_at AS "expiresAt",
            o.reference AS original_reference, o.created_at AS original_at
       FROM reversal v JOIN transfer t ON t.id = v.transfer_id JOIN transfer o ON o.id = v.original_id WHERE t.id = $1`,
    [id],
  )
  if (rows[0] === undefined) return null
  const { original_reference: reference, original_at: at, ...rest } = rows[0]
  return { ...rest, original: { reference, at } }
}

/** `already`: it has ended before. `at` and what each can spend now, in minor units. */
export type EndOutcome =
  | {
      readonly kind: 'posted' | 'voided'
      readonly at: Date
      readonly giverAvailable: bigint
      readonly receiverAvailable: bigint
    }
  | { readonly kind: 'already' | 'not_found' }

/** Who ends a reversal: its giver with the PIN, two officers, or time. The database believes the last two only by its own record. */
export type Ending =
  | { readonly by: 'giver'; readonly giverId: SubscriberId; readonly settle: boolean }
  | { readonly by: 'officers'; readonly settle: boolean }
  | { readonly by: 'time' }

/** Gives the money back or leaves it where it is, in the caller's transaction. */
export async function endReversal(tx: Queryable, id: TransferId, ending: Ending): Promise<EndOutcome> {
  const giverId = ending.by === 'giver' ? ending.giverId : null
  const settle = ending.by === 'time' ? false : ending.settle
  const { rows } = await tx.query<{
    outcome: EndOutcome['kind']
    payer_available: bigint
    payee_available: bigint
    at: Date
  }>(`SELECT outcome, payer_available, payee_available, at FROM ledger_end_reversal($1, $2, $3, $4)`, [
    id,
    giverId,
    settle,
    ending.by === 'time' ? 'not answered' : `${ending.by} ${settle ? 'agreed' : 'refused'}`,
  ])
  const [row] = rows
  if (row === undefined) throw new Error('ledger_end_reversal returned nothing')
  if (row.outcome !== 'posted' && row.outcome !== 'voided') return { kind: row.outcome }
  await noteGiver(tx, id)
  return { kind: row.outcome, at: row.at, giverAvailable: row.payer_available, receiverAvailable: row.payee_available }
}

/** Reversals that are to be ended now: two officers say the same, or nobody answered in time; oldest first. */
export async function listDue(
  db: Queryable,
  limit: number,
): Promise<{ readonly id: TransferId; readonly ending: Ending }[]> {
  const { rows } = await db.query<{ id: TransferId; settle: boolean | null }>(
    `SELECT t.id, decided.settle
       FROM transfer t JOIN reversal v ON v.transfer_id = t.id
       LEFT JOIN LATERAL (SELECT d.settle FROM transfer_decision d WHERE d.transfer_id = t.id
                           GROUP BY d.settle HAVING count(*) >= 2 ORDER BY max(d.at) LIMIT 1) decided ON true
      WHERE t.state = 'HELD' AND t.kind = 'reversal' AND (decided.settle IS NOT NULL OR v.expires_at <= now())
      ORDER BY v.expires_at LIMIT $1`,
    [limit],
  )
  return rows.map(({ id, settle }) => ({ id, ending: settle === null ? { by: 'time' } : { by: 'officers', settle } }))
}

async function noteGiver(tx: Queryable, id: TransferId): Promise<void> {
  const { rows } = await tx.query<{ payer_id: SubscriberId }>(`SELECT payer_id FROM transfer WHERE id = $1`, [id])
  if (rows[0] !== undefined) await noteAsked(tx, rows[0].payer_id)
}
