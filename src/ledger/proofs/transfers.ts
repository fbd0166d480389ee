import type { Check } from './proof.ts'

const where = (of: string): string => `(${of}.debit, ${of}.credit, ${of}.currency)`

/** Legs beside each other, as quoted and as posted, of transfers that were settled. */
const legs = `done AS (
    SELECT t.id, t.reference, t.payer_account FROM given, transfer t
     WHERE t.state IN ('SETTLED', 'REVERSED') AND t.changed_at >= given.since
  ), quoted AS (
    SELECT l.* FROM done d JOIN transfer_leg l ON l.transfer_id = d.id
  ), posted AS (
    SELECT j.transfer_id, e.* FROM done d JOIN journal j ON j.transfer_id = d.id JOIN entry e ON e.journal_id = j.id
  )`

/** Transfers, their journals and their holds. */
export const transferChecks: readonly Check[] = [
  {
    name: 'posted-as-quoted',
    proves:
      'each settled transfer was posted between the accounts that were quoted and with no more than that; no other was posted',
    grade: 'wrong',
    find: `WITH ${legs}
      SELECT d.payer_account AS account, d.reference, p.journal_id || '/' || p.leg AS entry,
             CASE WHEN p.leg IS NULL THEN format('is settled, but its leg %s of %s was not posted', q.leg, q.amount)
                  WHEN q.leg IS NULL THEN format('has an entry of %s that was never quoted', p.amount)
                  WHEN p.amount > q.amount THEN format('was quoted a leg of %s, and %s was posted', q.amount, p.amount)
                  ELSE format('was quoted a leg of %s between other accounts', q.amount) END AS says
        FROM quoted q FULL JOIN posted p ON p.transfer_id = q.transfer_id AND p.leg = q.leg
        JOIN done d ON d.id = coalesce(q.transfer_id, p.transfer_id)
       WHERE (p.leg IS NULL AND q.leg = 1) OR q.leg IS NULL OR p.amount > q.amount
          OR (p.leg IS NOT NULL AND ${where('q')} IS DISTINCT FROM ${where('p')})
      UNION ALL
      SELECT t.payer_account, t.reference, NULL, format('has a journal, but is %s', t.state)
        FROM given, journal j JOIN transfer t ON t.id = j.transfer_id
       WHERE j.business_day >= given.since_day AND t.state NOT IN ('SETTLED', 'REVERSED')`,
  },
  {
    name: 'posted-in-part',
    proves: 'each settled transfer was posted in full',
    grade: 'look',
    find: `WITH ${legs}
      SELECT d.payer_account AS account, d.reference, p.journal_id || '/' || p.leg AS entry,
             format('was quoted a leg of %s, and only %s was posted', q.amount, coalesce(p.amount, 0)) AS says
        FROM quoted q LEFT JOIN posted p ON p.transfer_id = q.transfer_id AND p.leg = q.leg JOIN done d ON d.id = q.transfer_id
       WHERE coalesce(p.amount, 0) < q.amount AND (p.leg IS NOT NULL OR q.leg > 1)`,
  },
  {
    name: 'transfer-states',
    proves: 'each transfer is in the state that its history ends with, and took only steps that are allowed',
    grade: 'wrong',
    find: `WITH step AS (
        SELECT t.payer_account, t.reference, t.state, e.from_state, e.to_state, lag(e.to_state) OVER one AS before,
               lead(e.version) OVER one IS NULL AS last
          FROM given, transfer t JOIN transfer_event e ON e.transfer_id = t.id WHERE t.changed_at >= given.since
        WINDOW one AS (PARTITION BY e.transfer_id ORDER BY e.version)
      )
      SELECT s.payer_account AS account, s.reference, NULL AS entry,
             CASE WHEN s.last AND s.state <> s.to_state THEN format('is %s, but its history ends with %s', s.state, s.to_state)
                  ELSE format('went from %s to %s', coalesce(s.before, 'nothing'), s.to_state) END AS says
        FROM step s
       WHERE (s.last AND s.state <> s.to_state) OR s.from_state IS DISTINCT FROM s.before
          OR (s.before IS NULL AND s.to_state <> 'HELD')
          OR (s.before IS NOT NULL AND NOT EXISTS (SELECT FROM transfer_edge d WHERE (d.from_state, d.to_state) = (s.before, s.to_state)))
      UNION ALL
      SELECT t.payer_account, t.reference, NULL, 'has no history' FROM given, transfer t
       WHERE t.changed_at >= given.since AND NOT EXISTS (SELECT FROM transfer_event e WHERE e.transfer_id = t.id)`,
  },
  {
    name: 'reversals',
    proves: 'no more of a journal was reversed than it moved; what is reversed has a journal that did so',
    grade: 'wrong',
    find: `SELECT NULL::uuid AS account, o.reference, NULL AS entry,
             format('moved %s, but %s of it was reversed', moved.amount, back.amount) AS says
        FROM (SELECT r.reversal_of, sum(e.amount) AS amount FROM journal r JOIN entry e ON e.journal_id = r.id
               WHERE r.reversal_of IS NOT NULL GROUP BY r.reversal_of) back
        JOIN journal o ON o.id = back.reversal_of
       CROSS JOIN LATERAL (SELECT coalesce(sum(e.amount), 0) AS amount FROM entry e WHERE e.journal_id = o.id) moved
       WHERE back.amount > moved.amount
      UNION ALL
      SELECT t.payer_account, t.reference, NULL, 'is REVERSED, but nothing reverses its journal' FROM given, transfer t
       WHERE t.state = 'REVERSED' AND t.changed_at >= given.since
         AND NOT EXISTS (SELECT FROM journal j JOIN journal r ON r.reversal_of = j.id WHERE j.transfer_id = t.id)`,
  },
]
