import type { Queryable } from '../database/database.ts'
import type { IsoDate } from '../domain/dates.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { TransferState } from './transfer.ts'

/** An account as people of the house know it: `wallet of <subscriber's id>`, `biller city-power`, `fee_income`. */
export type AccountName = string

/** Everything that is on record of a transfer, oldest first; minor units. Nothing sealed is opened. */
export type TransferHistory = {
  readonly id: TransferId
  readonly reference: string
  readonly kind: string
  readonly state: TransferState
  readonly reason: string | null
  readonly payerId: SubscriberId
  readonly payeeId: SubscriberId | null
  readonly biller: string | null
  readonly billerAccount: Buffer | null
  readonly currency: Currency
  readonly amount: bigint
  readonly fee: bigint
  readonly tax: bigint
  readonly tariff: string
  readonly businessDay: IsoDate
  readonly quotedAt: Date
  readonly createdAt: Date
  readonly nextAttemptAt: Date | null
  readonly states: readonly { readonly at: Date; readonly to: TransferState; readonly reason: string | null }[]
  readonly legs: readonly {
    readonly leg: number
    readonly debit: AccountName
    readonly credit: AccountName
    readonly amount: bigint
  }[]
  readonly holds: readonly { readonly account: AccountName; readonly out: bigint; readonly in: bigint }[]
  /** Null while the hold is open. */
  readonly resolved: { readonly outcome: 'posted' | 'voided'; readonly at: Date } | null
  /** Its journal and those that reverse it. */
  readonly journals: readonly JournalHistory[]
  readonly attempts: readonly AttemptHistory[]
}

export type JournalHistory = {
  readonly reference: string
  readonly kind: string
  readonly businessDay: IsoDate
  readonly at: Date
  readonly entries: readonly {
    readonly leg: number
    readonly debit: AccountName
    readonly credit: AccountName
    readonly amount: bigint
    readonly debitSeq: bigint
    readonly creditSeq: bigint
    readonly debitBalance: bigint
    readonly creditBalance: bigint
  }[]
}

/** A call to a partner, or what officers decided in its place; the answer's fields are null where none came. */
export type AttemptHistory = {
  readonly attempt: number
  readonly action: 'pay' | 'query' | 'decision'
  readonly startedAt: Date
  readonly outcome: string | null
  readonly partnerReference: string | null
  readonly cause: string | null
  readonly answeredAt: Date | null
}

/** Null where no transfer has that reference. */
export async function readTransferHistory(db: Queryable, reference: string): Promise<TransferHistory | null> {
  type Row = Omit<TransferHistory, 'states' | 'legs' | 'holds' | 'resolved' | 'journals' | 'attempts'>
  const { rows } = await db.query<Row>(
    `SELECT id, reference, kind, state, reason, payer_id AS "payerId", payee_id AS "payeeId", biller, biller_account AS "billerAccount",
            currency, amount, fee, tax, tariff, business_day::text AS "businessDay", quoted_at AS "quotedAt", created_at AS "createdAt",
            next_attempt_at AS "nextAttemptAt"
       FROM transfer WHERE reference = $1`,
    [reference],
  )
  const row = rows[0]
  if (row === undefined) return null
  const many = async <T extends object>(text: string): Promise<T[]> => (await db.query<T>(text, [row.id])).rows
  const resolved = await many<{ outcome: 'posted' | 'voided'; at: Date }>(
    'SELECT outcome, at FROM hold_resolution WHERE transfer_id = $1',
  )
  return {
    ...row,
    states: await many(
      'SELECT at, to_state AS "to", reason FROM transfer_event WHERE transfer_id = $1 ORDER BY version',
    ),
    legs: await many(
      `SELECT l.leg, ${nameOf('d')} AS debit, ${nameOf('c')} AS credit, l.amount
         FROM transfer_leg l JOIN account d ON d.id = l.debit JOIN account c ON c.id = l.credit WHERE l.transfer_id = $1 ORDER BY l.leg`,
    ),
    holds: await many(
      `SELECT ${nameOf('a')} AS account, h.out_amount AS "out", h.in_amount AS "in"
         FROM hold h JOIN account a ON a.id = h.account_id WHERE h.transfer_id = $1 ORDER BY h.out_amount DESC, a.id`,
    ),
    resolved: resolved[0] ?? null,
    journals: await readJournals(db, row.id),
    attempts: await many(
      `SELECT p.attempt, p.action, p.started_at AS "startedAt", a.outcome, a.partner_reference AS "partnerReference", a.cause, a.at AS "answeredAt"
         FROM partner_attempt p LEFT JOIN partner_answer a ON a.transfer_id = p.transfer_id AND a.attempt = p.attempt
        WHERE p.transfer_id = $1 ORDER BY p.attempt`,
    ),
  }
}

async function readJournals(db: Queryable, id: TransferId): Promise<JournalHistory[]> {
  type Row = Omit<JournalHistory, 'entries'> & JournalHistory['entries'][number] & { id: string }
  const { rows } = await db.query<Row>(
    `WITH own AS (SELECT id FROM journal WHERE transfer_id = $1)
     SELECT j.id, j.reference, j.kind, j.business_day::text AS "businessDay", j.recorded_at AS at, e.leg, ${nameOf('d')} AS debit,
            ${nameOf('c')} AS credit, e.amount, e.debit_seq AS "debitSeq", e.credit_seq AS "creditSeq",
            e.debit_balance AS "debitBalance", e.credit_balance AS "creditBalance"
       FROM journal j JOIN entry e ON e.journal_id = j.id JOIN account d ON d.id = e.debit JOIN account c ON c.id = e.credit
      WHERE j.id IN (SELECT id FROM own) OR j.reversal_of IN (SELECT id FROM own)
      ORDER BY j.recorded_at, j.id, e.leg`,
    [id],
  )
  return [...new Set(rows.map((row) => row.id))].flatMap((journal) => {
    const lines = rows.filter((row) => row.id === journal)
    const [first] = lines
    if (first === undefined) return []
    const { reference, kind, businessDay, at } = first
    const entries = lines.map((line) => {
      const { leg, debit, credit, amount, debitSeq, creditSeq, debitBalance, creditBalance } = line
      return { leg, debit, credit, amount, debitSeq, creditSeq, debitBalance, creditBalance }
    })
    return [{ reference, kind, businessDay, at, entries }]
  })
}

function nameOf(account: string): string {
  return `concat_ws(' ', ${account}.kind, nullif(${account}.code, ''), 'of ' || ${account}.owner_id)`
}
