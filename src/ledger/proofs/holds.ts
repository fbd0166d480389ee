import { type Check, inMajor } from './proof.ts'

const final = `('SETTLED', 'REJECTED', 'REVERSED')`
const age = `CASE WHEN now() - t.created_at < interval '2 hours' THEN format('%s min', floor(extract(epoch FROM now() - t.created_at) / 60))
  ELSE format('%s h', floor(extract(epoch FROM now() - t.created_at) / 3600)) END`

function heldCounters(open: string): string {
  return `WITH open AS (SELECT h.account_id, sum(h.out_amount) AS out_amount, sum(h.in_amount) AS in_amount FROM ${open} GROUP BY h.account_id)
    SELECT a.id AS account, NULL AS reference, NULL AS entry,
           format('keeps back %s on the way out and %s on the way in, but its open holds are %s and %s',
                  a.held_out, a.held_in, coalesce(o.out_amount, 0), coalesce(o.in_amount, 0)) AS says
      FROM account a LEFT JOIN open o ON o.account_id = a.id
     WHERE a.held_out <> coalesce(o.out_amount, 0) OR a.held_in <> coalesce(o.in_amount, 0)`
}

/** What is kept back, and for how long. */
export const holdChecks: readonly Check[] = [
  {
    name: 'held-counters',
    proves: 'what each account keeps back is what its open holds say',
    grade: 'wrong',
    find: heldCounters('hold h WHERE NOT EXISTS (SELECT FROM hold_resolution r WHERE r.transfer_id = h.transfer_id)'),
    findSince: heldCounters(`transfer t JOIN hold h ON h.transfer_id = t.id WHERE t.state NOT IN ${final}`),
  },
  {
    name: 'holds',
    proves: 'a hold is open as long as its transfer is, ends as it does, and is of the amounts quoted',
    grade: 'wrong',
    find: `SELECT t.payer_account AS account, t.reference, NULL AS entry,
             format('is %s, but its hold is %s', t.state, coalesce(r.outcome, 'open')) AS says
        FROM given, transfer t LEFT JOIN hold_resolution r ON r.transfer_id = t.id
       WHERE (t.changed_at >= given.since OR t.state NOT IN ${final})
         AND r.outcome IS DISTINCT FROM CASE WHEN t.state = 'REJECTED' THEN 'voided' WHEN t.state IN ${final} THEN 'posted' END
      UNION ALL
      SELECT q.account_id, q.reference, NULL,
             format('was quoted %s out and %s in, but keeps back %s and %s', q.out_amount, q.in_amount, coalesce(h.out_amount, 0), coalesce(h.in_amount, 0))
        FROM (SELECT t.id, t.reference, t.payer_account, side.account_id, sum(side.out_amount) AS out_amount, sum(side.in_amount) AS in_amount
                FROM transfer t JOIN transfer_leg l ON l.transfer_id = t.id
               CROSS JOIN LATERAL (VALUES (l.debit, l.amount, 0), (l.credit, 0, l.amount)) AS side (account_id, out_amount, in_amount)
               WHERE t.state NOT IN ${final} GROUP BY t.id, side.account_id) q
        JOIN account a ON a.id = q.account_id
        LEFT JOIN hold h ON h.transfer_id = q.id AND h.account_id = q.account_id
       WHERE (h.transfer_id IS NOT NULL OR (a.kind = 'wallet' AND a.id = q.payer_account))
         AND (h.in_amount - h.out_amount) IS DISTINCT FROM (q.in_amount - q.out_amount)`,
  },
  {
    name: 'old-holds',
    proves: 'no money is kept back for longer than it should be',
    grade: 'look',
    find: `SELECT t.payer_account AS account, t.reference, NULL AS entry, format('keeps back %s since %s, %s', ${inMajor('t.amount + t.fee', 't.currency')}, ${age}, t.state) AS says
        FROM given, transfer t WHERE t.state IN ('HELD', 'SUBMITTED', 'PENDING') AND t.created_at < now() - given.old_after`,
  },
  {
    name: 'in-doubt',
    proves: 'of no transfer it is unknown for long what became of it, and none waits for people',
    grade: 'look',
    find: `SELECT t.payer_account AS account, t.reference, NULL AS entry,
             format('is %s since %s%s', t.state, ${age}, CASE WHEN t.state = 'REVIEW' THEN ' and waits for people' ELSE '' END) AS says
        FROM given, transfer t
       WHERE t.state = 'REVIEW' OR (t.state = 'IN_DOUBT' AND t.created_at < now() - given.old_after)`,
  },
]
