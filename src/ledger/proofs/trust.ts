import { type Check, inMajor } from './proof.ts'

/** Balances by what they are: `e_money` is people's, `in_transit` on its way to or from others, `house` ours; `trust` covers them all. */
export const moneyByKind: string = `SELECT a.currency,
    coalesce(sum(a.credits - a.debits) FILTER (WHERE a.kind = 'wallet'), 0) AS e_money,
    coalesce(sum(a.credits - a.debits) FILTER (WHERE a.kind NOT IN ('wallet', 'trust', 'fee_income', 'tax_payable', 'levy_payable')), 0) AS in_transit,
    coalesce(sum(a.credits - a.debits) FILTER (WHERE a.kind IN ('fee_income', 'tax_payable', 'levy_payable')), 0) AS house,
    coalesce(sum(a.debits - a.credits) FILTER (WHERE a.kind = 'trust'), 0) AS trust
  FROM account a GROUP BY a.currency`

/** The bank's last word on each currency, and what the books say of the same evening. */
export const bankByCurrency: string = `SELECT s.currency, s.as_of, s.balance, s.reference,
    coalesce((SELECT sum(a.debits - a.credits) FROM account a WHERE a.kind = 'trust' AND a.currency = s.currency), 0)
      - coalesce((SELECT sum(CASE WHEN d.kind = 'trust' THEN e.amount ELSE 0 END - CASE WHEN c.kind = 'trust' THEN e.amount ELSE 0 END)
                    FROM journal j JOIN entry e ON e.journal_id = j.id JOIN account d ON d.id = e.debit JOIN account c ON c.id = e.credit
                   WHERE j.business_day > s.as_of AND e.currency = s.currency AND 'trust' IN (d.kind, c.kind)), 0) AS booked
  FROM (SELECT DISTINCT ON (t.currency) t.* FROM trust_statement t ORDER BY t.currency, t.as_of DESC, t.id DESC) s`

/** Money in the books against money in the bank. */
export const trustChecks: readonly Check[] = [
  {
    name: 'e-money',
    proves: 'what people own and what is on its way is covered by the trust account',
    grade: 'wrong',
    find: `SELECT NULL::uuid AS account, NULL AS reference, NULL AS entry,
        format('people own %s and %s is on its way, but the trust account has %s', ${inMajor('m.e_money', 'm.currency')},
               ${inMajor('m.in_transit', 'm.currency')}, ${inMajor('m.trust', 'm.currency')}) AS says
      FROM (${moneyByKind}) m WHERE m.e_money + m.in_transit > m.trust`,
  },
  {
    name: 'bank',
    proves: 'the trust account has what the bank said last',
    grade: 'look',
    find: `SELECT NULL::uuid AS account, b.reference, NULL AS entry,
        format('says that the bank held %s at the end of %s; the books say %s, a difference of %s', ${inMajor('b.balance', 'b.currency')},
               b.as_of, ${inMajor('b.booked', 'b.currency')}, ${inMajor('b.balance - b.booked', 'b.currency')}) AS says
      FROM (${bankByCurrency}) b WHERE b.balance <> b.booked`,
  },
  {
    name: 'suspense',
    proves: 'no money waits for long for people to find whose it is',
    grade: 'look',
    find: `SELECT a.id AS account, NULL AS reference, NULL AS entry,
        format('keeps %s in suspense, untouched since %s', ${inMajor('a.credits - a.debits', 'a.currency')}, to_char(last.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC')) AS says
      FROM given, account a
     CROSS JOIN LATERAL (SELECT max(j.recorded_at) AS at FROM entry e JOIN journal j ON j.id = e.journal_id
                          WHERE (e.debit = a.id AND e.debit_seq = a.seq) OR (e.credit = a.id AND e.credit_seq = a.seq)) last
     WHERE a.kind = 'suspense' AND a.credits <> a.debits AND (last.at < now() - given.old_after) IS NOT FALSE`,
  },
]
