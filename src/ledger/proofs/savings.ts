import type { Check } from './proof.ts'

/** Savings and the main wallets that leave room for them. */
export const savingsChecks: readonly Check[] = [
  {
    name: 'savings',
    proves: 'a main wallet leaves the room that its owner’s savings take, and both together keep within the ceiling',
    grade: 'wrong',
    find: `SELECT a.id AS account, NULL AS reference, NULL AS entry,
        CASE WHEN a.aside <> coalesce(s.aside, 0) THEN format('leaves room for savings of %s, but they are %s', a.aside, coalesce(s.aside, 0))
             ELSE format('holds %s, and %s is on its way in, but its savings leave room for %s', a.credits - a.debits, a.held_in, a.ceiling) END AS says
      FROM account a
      LEFT JOIN (SELECT w.owner_id, w.currency, w.credits - w.debits - w.held_out AS aside FROM account w
                  WHERE w.kind = 'wallet' AND w.code = 'savings') s
             ON s.owner_id = a.owner_id AND s.currency = a.currency AND a.kind = 'wallet' AND a.code = 'main'
     WHERE a.aside <> coalesce(s.aside, 0) OR (a.aside > 0 AND a.credits - a.debits + a.held_in > a.ceiling)`,
  },
  {
    name: 'own-only',
    proves: 'savings move to and from the main wallet of their own owner only',
    grade: 'wrong',
    find: `SELECT s.id AS account, j.reference, format('%s/%s', e.journal_id, e.leg) AS entry,
        'is between savings and an account that is not their owner’s main wallet' AS says
      FROM given, account s
      JOIN entry e ON e.debit = s.id OR e.credit = s.id
      JOIN journal j ON j.id = e.journal_id
      JOIN account o ON o.id = CASE WHEN e.debit = s.id THEN e.credit ELSE e.debit END
     WHERE s.kind = 'wallet' AND s.code = 'savings' AND j.recorded_at >= given.since
       AND NOT (o.kind = 'wallet' AND o.code = 'main' AND o.owner_id = s.owner_id)
       AND NOT (e.debit = s.id AND o.kind IN ('fee_income', 'tax_payable', 'levy_payable'))`,
  },
]
