import type { Queryable } from '../database/database.ts'
import { type TransferId, uuidOf } from '../domain/ids.ts'
import type { TransferState } from '../ledger/transfer.ts'
import type { PartnerCase } from './cases.ts'
import { type Partners, partnersByAbility } from './partner-call.ts'

/**
 * `proposed`: one officer says so; `decided`: two do, and a worker looks up the payment there; `asked`: without a word yet; `unknown`: the
 * request may or may not have been received. `done` and `refused` are the partner's last word.
 */
export type ReversalState = 'proposed' | 'decided' | 'asked' | 'pending' | 'unknown' | 'done' | 'refused'

/**
 * `recorded`: `agreed` officers say so by now. `repeated`: this one has said so before. `decided`: two others have. `other_case`: no payment that
 * went through there. `not_given_back`: its money is still kept or moved here. `cannot`: this partner takes nothing back that way. `unknown_partner`: no
 * worker has said what it can be asked for.
 */
export type ReversalDecisionOutcome =
  | { readonly kind: 'recorded'; readonly agreed: number; readonly partner: string }
  | { readonly kind: 'repeated' | 'decided' | 'not_found' | 'closed' }
  | { readonly kind: 'other_case'; readonly what: PartnerCase }
  | { readonly kind: 'not_given_back'; readonly state: TransferState }
  | { readonly kind: 'cannot' | 'unknown_partner'; readonly partner: string }

type Found = {
  readonly what: PartnerCase
  readonly state: TransferState
  readonly partner: string
  readonly reverses: boolean | null
  readonly closed: boolean
  readonly officers: readonly string[]
}

/** Puts on record that an officer wants the partner to be asked to take a payment back. It moves no money. */
export async function decideReversal(
  tx: Queryable,
  { caseId, officer, note }: { readonly caseId: string; readonly officer: string; readonly note: string },
): Promise<ReversalDecisionOutcome> {
  const { rows } = await tx.query<Found>(
    `SELECT c.what, t.state, coalesce(t.biller, c.partner) AS partner, a.reverses,
            EXISTS (SELECT FROM provider_case_closing d WHERE d.case_id = c.id) AS closed,
            ARRAY(SELECT d.officer FROM provider_reversal_decision d WHERE d.case_id = c.id) AS officers
       FROM provider_case c JOIN transfer t ON t.id = c.transfer_id LEFT JOIN partner_ability a ON a.partner = coalesce(t.biller, c.partner)
      WHERE c.id = $1`,
    [caseId],
  )
  const [found] = rows
  if (found === undefined) return { kind: 'not_found' }
  const { what, state, partner, reverses, closed, officers } = found
  if (closed) return { kind: 'closed' }
  if (what !== 'done_after_refusal') return { kind: 'other_case', what }
  if (state !== 'REJECTED') return { kind: 'not_given_back', state }
  if (reverses !== true) return { kind: reverses === null ? 'unknown_partner' : 'cannot', partner }
  if (officers.includes(officer)) return { kind: 'repeated' }
  if (officers.length >= 2) return { kind: 'decided' }
  const { rowCount } = await tx.query(
    `INSERT INTO provider_reversal_decision (case_id, officer, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [caseId, officer, note],
  )
  return rowCount === 0 ? { kind: 'repeated' } : { kind: 'recorded', agreed: officers.length + 1, partner }
}

/** Says which partners can be asked to take a payment back, for the officers' command, which does not know the settings. */
export async function sayAbilities(db: Queryable, partners: Partners): Promise<void> {
  const { able, unable } = partnersByAbility(partners)
  await db.query(
    `INSERT INTO partner_ability (partner, reverses)
     SELECT unnest($1::text[]), true UNION SELECT unnest($2::text[]), false ORDER BY 1
     ON CONFLICT (partner) DO UPDATE SET reverses = excluded.reverses, said_at = now()`,
    [able, unable],
  )
}

/** A case whose next step is due. */
export type DueReversal = { readonly caseId: string; readonly transferId: TransferId; readonly partner: string }

/** Those of these partners, the longest due first. */
export async function listDueReversals(
  db: Queryable,
  partners: readonly string[],
  limit: number,
): Promise<DueReversal[]> {
  const { rows } = await db.query<DueReversal>(
    `SELECT case_id AS "caseId", transfer_id AS "transferId", partner FROM provider_reversal
      WHERE due_at <= now() AND partner = ANY ($1) ORDER BY due_at, case_id LIMIT $2`,
    [partners, limit],
  )
  return rows
}

/**
 * A step that is on record and may be taken. `look`: asks what the partner says of the payment itself; `reverse`: asks to take it back, the one
 * time; `query`: asks what became of that. `partnerReference`: where the partner said that it can be asked.
 */
export type ReversalStep = { readonly attempt: number; readonly partnerReference: string | null } & (
  | { readonly action: 'look' }
  | { readonly action: 'reverse' | 'query'; readonly reference: string; readonly original: string }
)

/** Claims the next step and commits it; null where none is due or another worker was first. `busyMs`: until then nobody else asks. */
export async function beginStep(db: Queryable, caseId: string, busyMs: number): Promise<ReversalStep | null> {
  const { rows } = await db.query<ReversalStep>(
    `SELECT attempt, action, reference, original, partner_reference AS "partnerReference"
       FROM provider_reversal_begin($1, $2, $3 * interval '1 millisecond')`,
    [caseId, uuidOf(`provider reversal/${caseId}`), busyMs],
  )
  return rows[0] ?? null
}

/** What came of a step. `found`, of a look: it was done there, under the partner's own reference. */
export type StepAnswer = {
  readonly outcome: 'found' | 'done' | 'pending' | 'refused' | 'unknown' | 'not_found'
  readonly partnerReference: string | null
  readonly cause: string | null
}

/** Puts it on record; `done` closes the case in the same commit. `delayMs`: the next step is due then, where there is one. */
export async function recordStep(
  db: Queryable,
  caseId: string,
  attempt: number,
  { outcome, partnerReference, cause }: StepAnswer,
  delayMs: number,
): Promise<void> {
  await db.query(`SELECT provider_reversal_record($1, $2, $3, $4, $5, $6 * interval '1 millisecond')`, [
    ...[caseId, attempt, outcome, partnerReference, cause],
    delayMs,
  ])
}
