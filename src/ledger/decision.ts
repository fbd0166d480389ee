import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import type { Sealer } from '../security/sealing.ts'
import type { TransferState } from './transfer.ts'

/**
 * What an officer says. Of money that was asked back: `give_back` to who sent it, or `keep` it where it is. Of a transfer in REVIEW:
 * `settle`, since the partner was paid, or `give_back` to the payer, since it was not.
 */
export type Says = 'settle' | 'give_back' | 'keep'

/** `reference`: of the transfer in REVIEW; of one that was asked back, or of the transfer that gives it back. */
export type Decision = {
  readonly reference: string
  readonly officer: string
  readonly says: Says
  readonly reason: string
  /** With `settle`, from the partner's own papers: its reference, and what it gave for the customer (an electricity token). */
  readonly partnerReference: string | null
  readonly token: string | null
}

/**
 * `recorded`: `agreed` officers say this by now. `repeated`: this one has decided before. `decided`: two others have said the same, and it is
 * being done. `differs`: another officer gave another token or reference of the partner. `other_choice`: this kind of case has other ends.
 * `ended`: it has come to an end, or does not wait for people (yet).
 */
export type DecisionOutcome =
  | { readonly kind: 'recorded'; readonly id: TransferId; readonly about: About; readonly agreed: number }
  | { readonly kind: 'repeated' | 'decided' | 'differs' | 'not_found' }
  | { readonly kind: 'other_choice'; readonly choices: readonly Says[] }
  | { readonly kind: 'ended'; readonly state: TransferState }

/** Money that was asked back, or a transfer in REVIEW. */
export type About = 'reversal' | 'review'

const choices: Readonly<Record<About, readonly Says[]>> = {
  reversal: ['give_back', 'keep'],
  review: ['settle', 'give_back'],
}

type Found = { readonly id: TransferId; readonly state: TransferState; readonly about: About }

/** Puts it on record in the caller's transaction; what two say is done by a worker. */
export async function recordDecision(tx: Queryable, sealer: Sealer, decision: Decision): Promise<DecisionOutcome> {
  const found = await find(tx, decision.reference)
  if (found === null) return { kind: 'not_found' }
  const { id, state, about } = found
  if (state !== (about === 'reversal' ? 'HELD' : 'REVIEW')) return { kind: 'ended', state }
  if (!choices[about].includes(decision.says)) return { kind: 'other_choice', choices: choices[about] }
  const { officer, says, reason, partnerReference, token } = decision
  const settle = says === (about === 'reversal' ? 'give_back' : 'settle')
  // One officer at a time about a transfer, so that each is compared with whoever came first.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 28))`, [id])
  const before = await readDecisions(tx, sealer, id)
  if (before.some((each) => each.officer === officer)) return { kind: 'repeated' }
  if (about === 'review' && agreement(before) !== null) return { kind: 'decided' }
  const same = before.filter((each) => each.settle === settle)
  if (same.some((each) => differ(each.token, token) || differ(each.partnerReference, partnerReference)))
    return { kind: 'differs' }
  const { rowCount } = await tx.query(
    `INSERT INTO transfer_decision (transfer_id, officer, settle, reason, partner_reference, receipt)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [id, officer, settle, reason, partnerReference, token === null ? null : sealer.seal(token, contextOf(id, officer))],
  )
  if (rowCount === 0) return { kind: 'repeated' }
  return { kind: 'recorded', id, about, agreed: same.length + 1 }
}

/** What an officer said. `settle`: the transfer is to be posted; of a reversal, that is to give back. */
export type RecordedDecision = {
  readonly officer: string
  readonly settle: boolean
  readonly reason: string
  readonly partnerReference: string | null
  readonly token: string | null
  readonly at: Date
}

/** In the order in which they were said. */
export async function readDecisions(db: Queryable, sealer: Sealer, id: TransferId): Promise<RecordedDecision[]> {
  const { rows } = await db.query<Omit<RecordedDecision, 'token'> & { receipt: Buffer | null }>(
    `SELECT officer, settle, reason, partner_reference AS "partnerReference", receipt, at
       FROM transfer_decision WHERE transfer_id = $1 ORDER BY at, officer`,
    [id],
  )
  return rows.map(({ receipt, ...row }) => ({
    ...row,
    token: receipt === null ? null : sealer.open(receipt, contextOf(id, row.officer)),
  }))
}

/** Who said what of each of these transfers, for those who look on: without what is sealed. */
export async function listDecisions(
  db: Queryable,
  ids: readonly TransferId[],
): Promise<ReadonlyMap<TransferId, readonly Omit<RecordedDecision, 'token'>[]>> {
  const { rows } = await db.query<Omit<RecordedDecision, 'token'> & { id: TransferId }>(
    `SELECT transfer_id AS id, officer, settle, reason, partner_reference AS "partnerReference", at
       FROM transfer_decision WHERE transfer_id = ANY ($1) ORDER BY at, officer`,
    [ids],
  )
  const said = new Map<TransferId, Omit<RecordedDecision, 'token'>[]>()
  for (const { id, ...row } of rows) said.set(id, [...(said.get(id) ?? []), row])
  return said
}

function agreement(decisions: readonly RecordedDecision[]): boolean | null {
  const two = [true, false].filter((settle) => decisions.filter((each) => each.settle === settle).length >= 2)
  return two[0] ?? null
}

function differ(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other
}

async function find(tx: Queryable, reference: string): Promise<Found | null> {
  const { rows } = await tx.query<Found>(
    `SELECT t.id, t.state, 'reversal' AS about
       FROM reversal v JOIN transfer t ON t.id = v.transfer_id JOIN transfer o ON o.id = v.original_id WHERE $1 IN (t.reference, o.reference)
     UNION ALL
     SELECT t.id, t.state, 'review' FROM transfer t WHERE t.reference = $1 AND t.kind <> 'reversal'
     ORDER BY about LIMIT 1`,
    [reference],
  )
  return rows[0] ?? null
}

function contextOf(id: TransferId, officer: string): string {
  return `transfer_decision.receipt:${id}:${officer}`
}
