import type { Queryable } from '../database/database.ts'
import type { AccountId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'

/** Debits less credits over all accounts, per currency: zero in any ledger that is right. */
export async function trialBalance(db: Queryable): Promise<{ currency: Currency; difference: bigint }[]> {
  const { rows } = await db.query<{ currency: Currency; difference: bigint }>(
    `SELECT currency, (sum(debits) - sum(credits))::bigint AS difference FROM account GROUP BY currency ORDER BY currency`,
  )
  return rows
}

/** An account whose own figures differ from what its entries and open holds say; minor units. */
export type WrongAccount = {
  readonly id: AccountId
  readonly balance: bigint
  readonly entries: bigint
  readonly heldOut: bigint
  readonly openHolds: bigint
  /** Numbers of its entries missing or used twice, or a running balance that does not follow from the one before. */
  readonly gaps: bigint
}

/** Every account that is wrong; none in a ledger that is right. Reads all entries: for tests, checks and the end of the day. */
export async function proveBalances(db: Queryable): Promise<WrongAccount[]> {
  const { rows } = await db.query<WrongAccount>(
    `WITH side AS (
        SELECT debit AS account_id, debit_seq AS seq, -amount AS change, debit_balance AS balance FROM entry
        UNION ALL
        SELECT credit, credit_seq, amount, credit_balance FROM entry
      ), chain AS (
        SELECT *, seq - lag(seq, 1, 0::bigint) OVER line <> 1 OR balance - lag(balance, 1, 0::bigint) OVER line <> change AS broken
          FROM side WINDOW line AS (PARTITION BY account_id ORDER BY seq)
      ), posted AS (
        SELECT account_id, sum(change)::bigint AS entries, count(*) AS entry_count, count(*) FILTER (WHERE broken) AS gaps
          FROM chain GROUP BY account_id
      ), held AS (
        SELECT h.account_id, sum(h.out_amount)::bigint AS out_amount, sum(h.in_amount)::bigint AS in_amount
          FROM hold h WHERE NOT EXISTS (SELECT FROM hold_resolution r WHERE r.transfer_id = h.transfer_id) GROUP BY h.account_id
      ), account_proof AS (
        SELECT a.id, a.credits - a.debits AS balance, coalesce(p.entries, 0) AS entries, a.held_out AS "heldOut",
               coalesce(h.out_amount, 0) AS "openHolds", coalesce(p.gaps, 0) AS gaps,
               a.held_in - coalesce(h.in_amount, 0) AS held_in_difference, a.seq - coalesce(p.entry_count, 0) AS seq_difference
          FROM account a LEFT JOIN posted p ON p.account_id = a.id LEFT JOIN held h ON h.account_id = a.id
      )
      SELECT id, balance, entries, "heldOut", "openHolds", gaps FROM account_proof
       WHERE balance <> entries OR "heldOut" <> "openHolds" OR gaps <> 0 OR held_in_difference <> 0 OR seq_difference <> 0
       ORDER BY id`,
  )
  return rows
}
