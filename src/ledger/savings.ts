import type { Queryable } from '../database/database.ts'
import type { AccountId, SubscriberId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { Balance } from './statement.ts'

/** Which of a person's own wallets, by its code. */
export type OwnWallet = 'main' | 'savings'

/**
 * A person's savings, a wallet to and from which only their own main wallet moves money; opened empty where there is none yet. Null where
 * there is no open main wallet in that currency.
 */
export async function openSavings(
  tx: Queryable,
  subscriberId: SubscriberId,
  currency: Currency,
): Promise<{ readonly id: AccountId; readonly opened: boolean } | null> {
  const { rows } = await tx.query<{ id: AccountId | null; opened: boolean }>(
    `SELECT id, opened FROM ledger_open_savings($1, $2)`,
    [subscriberId, currency],
  )
  const [row] = rows
  return row === undefined || row.id === null ? null : { id: row.id, opened: row.opened }
}

/** What is in somebody's savings; null where they were never opened. */
export async function savingsOf(db: Queryable, subscriberId: SubscriberId): Promise<Balance | null> {
  const { rows } = await db.query<Balance>({
    name: 'savings-of',
    text: `SELECT credits - debits - held_out AS available, held_out AS held, currency
             FROM account WHERE kind = 'wallet' AND owner_id = $1 AND code = 'savings'`,
    values: [subscriberId],
  })
  return rows[0] ?? null
}

/** Quotes between a person's own wallets, into the one that is named. Always a row for each, empty where one is missing or no tariff prices it. */
export const quoteOwnStatement: string = `SELECT payer.id AS payer_account, payee.id AS payee_account,
      CASE WHEN r.ruled THEN r.refusal ELSE 'payee_unavailable' END AS refusal, r.detail, (SELECT ledger_tariff_in_force($3)) AS tariff,
      EXISTS (SELECT FROM transfer t
               WHERE t.payer_account = payer.id AND t.payee_account = payee.id AND t.amount = q.amount AND t.state <> 'REJECTED'
                 AND t.created_at > now() - interval '10 minutes') AS repeats
    FROM unnest($1::uuid[], $2::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS q (payer_id, wallet, amount, total, n)
    LEFT JOIN account payer ON payer.kind = 'wallet' AND payer.owner_id = q.payer_id AND payer.currency = $3
                           AND payer.code = CASE q.wallet WHEN 'savings' THEN 'main' ELSE 'savings' END
    LEFT JOIN account payee ON payee.kind = 'wallet' AND payee.owner_id = q.payer_id AND payee.currency = $3 AND payee.code = q.wallet
    LEFT JOIN LATERAL (SELECT true AS ruled, x.refusal, x.detail
                         FROM ledger_ruling('own', $3, q.payer_id, payer.id, payee.id, q.amount, q.total) x) r ON true
   ORDER BY q.n`
