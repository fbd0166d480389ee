import type { Check } from './proof.ts'

/** Closed days. Whether their signatures are ours is not for SQL to say: see day-signature.ts. */
export const closeChecks: readonly Check[] = [
  {
    name: 'closed-days',
    proves: 'closed days follow one another, each names the one before, and nothing was added to them',
    grade: 'wrong',
    find: `SELECT NULL::uuid AS account, c.business_day::text AS reference, NULL AS entry, says
        FROM (SELECT d.*, lag(d.business_day) OVER days AS day_before, lag(d.digest) OVER days AS digest_before
                FROM day_close d WINDOW days AS (ORDER BY d.business_day)) c
       CROSS JOIN LATERAL (VALUES
          (CASE WHEN c.digest <> sha256(convert_to(c.content, 'UTF8')) THEN 'is not what was closed: its content and its digest differ' END),
          (CASE WHEN c.content::jsonb ->> 'day' IS DISTINCT FROM c.business_day::text THEN format('holds the figures of %s', c.content::jsonb ->> 'day') END),
          (CASE WHEN c.business_day <> c.day_before + 1 THEN format('comes after %s: a closed day is missing', c.day_before) END),
          (CASE WHEN c.content::jsonb ->> 'previous' IS DISTINCT FROM encode(c.digest_before, 'hex') THEN 'does not name the closed day before it' END)
        ) AS found (says)
       WHERE says IS NOT NULL
      UNION ALL
      SELECT NULL, j.reference, NULL, format('was posted on %s after that day was closed', j.business_day)
        FROM given, (SELECT c.business_day, c.closed_at FROM day_close c ORDER BY c.business_day DESC LIMIT 1) c
        JOIN journal j ON j.business_day <= c.business_day AND j.recorded_at > c.closed_at
       WHERE j.business_day >= given.since_day`,
  },
  {
    name: 'closed-totals',
    proves: 'the totals of each closed day are the sums of the entries up to its end',
    grade: 'wrong',
    find: `WITH day AS (
        SELECT c.business_day, c.content::jsonb -> 'currencies' AS currencies FROM day_close c
      ), of_one_day AS (
        SELECT j.business_day, e.currency, a.kind, sum(side.debit) AS debits, sum(side.credit) AS credits
          FROM journal j JOIN entry e ON e.journal_id = j.id
         CROSS JOIN LATERAL (VALUES (e.debit, e.amount, 0), (e.credit, 0, e.amount)) AS side (account_id, debit, credit)
          JOIN account a ON a.id = side.account_id
         WHERE j.business_day <= (SELECT max(d.business_day) FROM day d)
         GROUP BY j.business_day, e.currency, a.kind
      ), moved AS (
        SELECT closed.business_day, o.currency, o.kind, sum(o.debits) AS debits, sum(o.credits) AS credits
          FROM of_one_day o
         CROSS JOIN LATERAL (SELECT min(d.business_day) AS business_day FROM day d WHERE d.business_day >= o.business_day) closed
         GROUP BY closed.business_day, o.currency, o.kind
      ), kind AS (
        SELECT DISTINCT m.currency, m.kind FROM moved m
        UNION SELECT c.key, k.key FROM day d, jsonb_each(d.currencies) c, jsonb_each(c.value -> 'kinds') k
      ), total AS (
        SELECT d.business_day, d.currencies #> ARRAY[k.currency, 'kinds', k.kind] AS stored, k.currency, k.kind,
               coalesce(sum(m.debits) OVER one, 0) AS debits, coalesce(sum(m.credits) OVER one, 0) AS credits
          FROM day d CROSS JOIN kind k
          LEFT JOIN moved m ON m.business_day = d.business_day AND m.currency = k.currency AND m.kind = k.kind
        WINDOW one AS (PARTITION BY k.currency, k.kind ORDER BY d.business_day)
      )
      SELECT NULL::uuid AS account, t.business_day::text AS reference, NULL AS entry,
             format('was closed with %s accounts in %s at debits of %s and credits of %s, but the entries make %s and %s', t.kind, t.currency,
                    coalesce(t.stored ->> 'debits', '0'), coalesce(t.stored ->> 'credits', '0'), t.debits, t.credits) AS says
        FROM total t
       WHERE coalesce((t.stored ->> 'debits')::numeric, 0) <> t.debits OR coalesce((t.stored ->> 'credits')::numeric, 0) <> t.credits`,
    findSince: null,
  },
]
