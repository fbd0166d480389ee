import type { Database } from '../../src/database/database.ts'
import type { Audit, StoredAuditEvent } from '../../src/security/audit.ts'

/** What the database says at one moment. Amounts in minor units, times in Unix milliseconds. */
export type Facts = {
  readonly accounts: readonly AccountFact[]
  readonly entries: readonly EntryFact[]
  readonly journals: readonly { readonly id: string; readonly kind: string; readonly transferId: string | null }[]
  readonly transfers: readonly TransferFact[]
  readonly legs: readonly LegFact[]
  readonly moves: readonly MoveFact[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
  readonly openHolds: readonly { readonly accountId: string; readonly out: bigint; readonly in: bigint }[]
  readonly messages: readonly { readonly fact: string; readonly state: string }[]
  readonly audits: readonly AuditFact[]
}

export type AccountFact = {
  readonly id: string
  readonly kind: string
  /** Which of a person's wallets: `main`, `savings`. */
  readonly code: string
  readonly ownerId: string | null
  readonly balance: bigint
  readonly heldOut: bigint
  readonly heldIn: bigint
  readonly ceiling: bigint | null
}

export type EntryFact = {
  readonly journalId: string
  readonly leg: number
  readonly debit: string
  readonly credit: string
  readonly amount: bigint
  readonly debitSeq: bigint
  readonly creditSeq: bigint
  readonly debitBalance: bigint
  readonly creditBalance: bigint
}

export type TransferFact = {
  readonly id: string
  readonly reference: string
  readonly kind: string
  readonly payerId: string
  readonly payeeId: string | null
  readonly amount: bigint
  readonly state: string
}

export type LegFact = Pick<EntryFact, 'leg' | 'debit' | 'credit' | 'amount'> & { readonly transferId: string }
export type MoveFact = {
  readonly transferId: string
  readonly from: string | null
  readonly to: string
  /** When its transaction began, so a little before anybody could know of it. */
  readonly atMs: number
}
export type AuditFact = { readonly action: string; readonly subject: string | null; readonly intact: boolean }

/** Everything in one snapshot, so that no fact is half of a commit. */
export function readFacts(database: Database, audit: Audit): Promise<Facts> {
  return database.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const all = async <Row extends object>(sql: string): Promise<Row[]> => (await tx.query<Row>(sql)).rows
    const audits = await all<StoredAuditEvent>(
      'SELECT id, actor_kind, actor_id, action, subject, payload, seal FROM audit_event ORDER BY at, id',
    )
    return {
      accounts: await all(
        `SELECT id, kind, code, owner_id AS "ownerId", credits - debits AS balance, held_out AS "heldOut", held_in AS "heldIn", ceiling
           FROM account ORDER BY id`,
      ),
      entries: await all(
        `SELECT journal_id AS "journalId", leg, debit, credit, amount, debit_seq AS "debitSeq", credit_seq AS "creditSeq",
                debit_balance AS "debitBalance", credit_balance AS "creditBalance" FROM entry ORDER BY journal_id, leg`,
      ),
      journals: await all(`SELECT id, kind, transfer_id AS "transferId" FROM journal ORDER BY id`),
      transfers: await all(
        `SELECT id, reference, kind, payer_id AS "payerId", payee_id AS "payeeId", amount, state FROM transfer ORDER BY id`,
      ),
      legs: await all(
        `SELECT transfer_id AS "transferId", leg, debit, credit, amount FROM transfer_leg ORDER BY transfer_id, leg`,
      ),
      moves: await all(
        `SELECT transfer_id AS "transferId", from_state AS "from", to_state AS "to", (extract(epoch FROM at) * 1000)::float8 AS "atMs"
           FROM transfer_event ORDER BY transfer_id, version`,
      ),
      edges: await all(`SELECT from_state AS "from", to_state AS "to" FROM transfer_edge`),
      openHolds: await all(
        `SELECT h.account_id AS "accountId", sum(h.out_amount)::bigint AS "out", sum(h.in_amount)::bigint AS "in" FROM hold h
          WHERE NOT EXISTS (SELECT FROM hold_resolution r WHERE r.transfer_id = h.transfer_id) GROUP BY h.account_id`,
      ),
      messages: await all(
        `SELECT fact_key AS fact, CASE WHEN state = 'queued' AND not_before > now() + interval '5 minutes' THEN 'later' ELSE state END AS state
           FROM sms_outbox ORDER BY fact_key`,
      ),
      audits: audits.map((row) => ({ action: row.action, subject: row.subject, intact: audit.verify(row) })),
    }
  })
}
