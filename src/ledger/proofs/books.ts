import type { Check } from './proof.ts'

const sides = `SELECT e.debit AS account_id, e.debit_seq AS seq, -e.amount AS change, e.debit_balance AS balance, e.journal_id, e.leg FROM entry e
  UNION ALL SELECT e.credit, e.credit_seq, e.amount, e.credit_balance, e.journal_id, e.leg FROM entry e`

/** Read once for each use: keeping all of it aside takes longer, and only one core can. */
const allSides = `side AS NOT MATERIALIZED (${sides})`

/** The last proof of each account by a close. */
const proven = `SELECT DISTINCT ON (c.account_id) c.account_id, c.seq, c.debits, c.credits
  FROM day_close_account c ORDER BY c.account_id, c.business_day DESC`

/** A side of every entry since then. `from`: account and proof, as `a` and `p`. */
const sidesSince = `SELECT a.id AS account_id, e.debit_seq AS seq, -e.amount AS change, e.debit_balance AS balance, e.journal_id, e.leg
    FROM account a LEFT JOIN proven p ON p.account_id = a.id JOIN entry e ON e.debit = a.id AND e.debit_seq > coalesce(p.seq, 0)
  UNION ALL SELECT a.id, e.credit_seq, e.amount, e.credit_balance, e.journal_id, e.leg
    FROM account a LEFT JOIN proven p ON p.account_id = a.id JOIN entry e ON e.credit = a.id AND e.credit_seq > coalesce(p.seq, 0)`

const totals = `SELECT s.account_id, coalesce(-sum(s.change) FILTER (WHERE s.change < 0), 0) AS debits,
    coalesce(sum(s.change) FILTER (WHERE s.change > 0), 0) AS credits, max(s.seq) AS seq FROM side s GROUP BY s.account_id`

function counters(entries: string, from: string, debits: string, credits: string): string {
  return `WITH ${entries}, total AS (${totals})
    SELECT a.id AS account, NULL AS reference, NULL AS entry,
           format('has debits of %s and credits of %s, but its entries add up to %s and %s', a.debits, a.credits, ${debits}, ${credits}) AS says
      FROM account a ${from} LEFT JOIN total t ON t.account_id = a.id
     WHERE a.debits <> ${debits} OR a.credits <> ${credits}`
}

/** `start` adds where each account's chain begins, if not at nought. */
function chain(entries: string, start: string, from: string, last: string): string {
  return `WITH ${entries}, line AS (
      SELECT s.*, lag(s.seq, 1, 0::bigint) OVER one AS seq_before, lag(s.balance, 1, 0::bigint) OVER one AS balance_before
        FROM (SELECT * FROM side ${start}) s WINDOW one AS (PARTITION BY s.account_id ORDER BY s.seq, s.journal_id, s.leg)
    )
    SELECT l.account_id AS account, j.reference, l.journal_id || '/' || l.leg AS entry,
           CASE WHEN l.seq <> l.seq_before + 1 THEN format('is number %s of its account and comes after number %s', l.seq, l.seq_before)
                ELSE format('leaves a balance of %s, but %s and %s make %s', l.balance, l.balance_before, l.change, l.balance_before + l.change)
           END AS says
      FROM line l LEFT JOIN journal j ON j.id = l.journal_id
     WHERE l.journal_id IS NOT NULL AND (l.seq <> l.seq_before + 1 OR l.balance <> l.balance_before + l.change)
    UNION ALL
    SELECT a.id, NULL, NULL, format('has counted %s entries, but its last one is number %s', a.seq, ${last})
      FROM account a ${from} LEFT JOIN (SELECT s.account_id, max(s.seq) AS seq FROM side s GROUP BY s.account_id) t ON t.account_id = a.id
     WHERE a.seq <> ${last}`
}

const joinProven = 'LEFT JOIN proven p ON p.account_id = a.id'

/** Accounts and their entries. */
export const bookChecks: readonly Check[] = [
  {
    name: 'trial-balance',
    proves: 'debits are credits in each currency',
    grade: 'wrong',
    find: `SELECT NULL::uuid AS account, NULL AS reference, NULL AS entry,
        format('all accounts in %s have debits of %s and credits of %s', a.currency, sum(a.debits), sum(a.credits)) AS says
      FROM account a GROUP BY a.currency HAVING sum(a.debits) <> sum(a.credits)`,
  },
  {
    name: 'account-counters',
    proves: 'the counters of each account are the sums of its entries',
    grade: 'wrong',
    find: counters(allSides, '', 'coalesce(t.debits, 0)', 'coalesce(t.credits, 0)'),
    findSince: counters(
      `proven AS (${proven}), side AS (${sidesSince})`,
      joinProven,
      '(coalesce(p.debits, 0) + coalesce(t.debits, 0))',
      '(coalesce(p.credits, 0) + coalesce(t.credits, 0))',
    ),
  },
  {
    name: 'entry-chain',
    proves: 'entries of each account are numbered without a gap, and each balance follows from the one before',
    grade: 'wrong',
    find: chain(allSides, '', '', 'coalesce(t.seq, 0)'),
    findSince: chain(
      `proven AS (${proven}), side AS (${sidesSince})`,
      'UNION ALL SELECT p.account_id, p.seq, 0, p.credits - p.debits, NULL, NULL FROM proven p',
      joinProven,
      'coalesce(t.seq, p.seq, 0)',
    ),
  },
  {
    name: 'entries',
    proves: 'each entry is of a journal and in the currency of its accounts; each journal has entries',
    grade: 'wrong',
    find: `SELECT e.debit AS account, j.reference, e.journal_id || '/' || e.leg AS entry,
          CASE WHEN j.id IS NULL THEN 'is of no journal'
               ELSE format('is in %s, but its accounts are in %s and %s', e.currency, d.currency, c.currency) END AS says
        FROM entry e LEFT JOIN journal j ON j.id = e.journal_id
        LEFT JOIN account d ON d.id = e.debit LEFT JOIN account c ON c.id = e.credit
       WHERE j.id IS NULL OR d.currency IS DISTINCT FROM e.currency OR c.currency IS DISTINCT FROM e.currency
      UNION ALL
      SELECT NULL, j.reference, NULL, 'is a journal without entries' FROM journal j
       WHERE NOT EXISTS (SELECT FROM entry e WHERE e.journal_id = j.id)`,
    findSince: `SELECT NULL::uuid AS account, j.reference, NULL AS entry, 'is a journal without entries' AS says
        FROM given, journal j WHERE j.business_day >= given.since_day AND NOT EXISTS (SELECT FROM entry e WHERE e.journal_id = j.id)`,
  },
]
