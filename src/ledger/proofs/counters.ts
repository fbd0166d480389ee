import type { Check } from './proof.ts'

/**
 * Transfers count when their money is held, and no longer when it is given back; of one that was posted in part, that part counts. Those from
 * before there were counters are no measure. What goes back was counted when it came, and what stays one's own never is. One that began in a day's last minute may have been counted on the next day (`late`).
 */
const counted = `moved AS (
    SELECT t.payer_account, t.payee_account, t.business_day, t.created_at, t.state <> 'REJECTED' AS counts, t.amount, coalesce(e.amount, t.amount) AS posted,
           ((t.created_at + interval '1 minute') AT TIME ZONE m.time_zone)::date > t.business_day AS at_midnight
      FROM given, transfer t JOIN market m ON m.currency = t.currency
      LEFT JOIN entry e ON e.journal_id = t.id AND e.leg = 1 AND t.state IN ('SETTLED', 'REVERSED')
     WHERE t.business_day >= date_trunc('month', given.since_day::timestamp)::date - 1 AND t.kind NOT IN ('own', 'reversal')
  ), counted AS (
    SELECT payer_account, payee_account, business_day, date_trunc('month', business_day::timestamp)::date AS month, posted AS amount, 1 AS one,
           0 AS late, 0 AS late_one, created_at FROM moved WHERE counts
    UNION ALL
    SELECT payer_account, payee_account, business_day + 1, date_trunc('month', (business_day + 1)::timestamp)::date, 0, 0, amount, 1, created_at
      FROM moved WHERE at_midnight
  ), since AS (SELECT coalesce(min(m.applied_at), '-infinity') AS at FROM schema_migration m WHERE m.name = '0015_limits')`

type Counter = {
  readonly column: string
  readonly period: 'day' | 'month'
  readonly side: 'payer_account' | 'payee_account'
}

const accountCounters: readonly Counter[] = [
  { column: 'day_out', period: 'day', side: 'payer_account' },
  { column: 'day_in', period: 'day', side: 'payee_account' },
  { column: 'month_out', period: 'month', side: 'payer_account' },
  { column: 'month_in', period: 'month', side: 'payee_account' },
]

/** Accounts whose month was never counted have no counters but `day_out`. */
function accountCounter({ column, period, side }: Counter): string {
  const ofPeriod = period === 'day' ? 'c.business_day' : 'c.month'
  const kept = column === 'day_out' ? '' : `AND a.month > '-infinity'`
  return `SELECT a.id AS account, NULL AS reference, NULL AS entry,
      format('has counted %s as ${column} of %s, but its transfers make %s', a.${column}, a.${period}, coalesce(t.amount, 0)) AS says
    FROM given, since, account a
    LEFT JOIN (SELECT c.${side} AS account, ${ofPeriod} AS period, sum(c.amount) AS amount, sum(c.late) AS late, min(c.created_at) AS first
                 FROM counted c GROUP BY 1, 2) t ON t.account = a.id AND t.period = a.${period}
   WHERE a.kind = 'wallet' AND a.${period} >= given.since_day ${kept}
     AND a.${column} NOT BETWEEN coalesce(t.amount, 0) AND coalesce(t.amount + t.late, 0) AND (t.first IS NULL OR t.first >= since.at)`
}

/** Both periods from one look at the transfers: what is of neither is left out before it is added up. */
const pairCounters = `SELECT p.payer_account AS account, NULL AS reference, NULL AS entry,
      format('has counted %s transfers of %s to account %s in the %s of %s, but there are %s of %s', x.kept_count, x.kept, p.payee_account,
             x.name, x.period, coalesce(x.count, 0), coalesce(x.amount, 0)) AS says
    FROM given CROSS JOIN since CROSS JOIN pair_counter p
    LEFT JOIN (SELECT c.payer_account AS payer, c.payee_account AS payee, ${['day', 'month'].map(sums).join(', ')}
                 FROM (SELECT n.*, k.day AS kept_day, k.month AS kept_month FROM counted n
                         JOIN pair_counter k ON k.payer_account = n.payer_account AND k.payee_account = n.payee_account
                        WHERE n.business_day = k.day OR n.month = k.month) c
                GROUP BY 1, 2) t ON t.payer = p.payer_account AND t.payee = p.payee_account
   CROSS JOIN LATERAL (VALUES ${['day', 'month'].map(columns).join(', ')})
           AS x (name, period, kept, kept_count, amount, count, late, late_count, first)
   WHERE x.period >= given.since_day AND (x.kept NOT BETWEEN coalesce(x.amount, 0) AND coalesce(x.amount + x.late, 0)
       OR x.kept_count NOT BETWEEN coalesce(x.count, 0) AND coalesce(x.count + x.late_count, 0))
     AND (x.first IS NULL OR x.first >= since.at)`

function sums(period: string): string {
  const isOf = `FILTER (WHERE ${period === 'day' ? 'c.business_day' : 'c.month'} = c.kept_${period})`
  return `sum(c.amount) ${isOf} AS ${period}_amount, sum(c.one) ${isOf} AS ${period}_one, sum(c.late) ${isOf} AS ${period}_late,
                      sum(c.late_one) ${isOf} AS ${period}_late_one, min(c.created_at) ${isOf} AS ${period}_first`
}

function columns(period: string): string {
  return `('${period}', p.${period}, p.${period}_out, p.${period}_count, t.${period}_amount, t.${period}_one, t.${period}_late, t.${period}_late_one, t.${period}_first)`
}

/** What limits are measured by. */
export const counterChecks: readonly Check[] = [
  {
    name: 'limit-counters',
    proves: 'what was counted of a day and a month for each wallet is what its transfers of them make',
    grade: 'wrong',
    find: `WITH ${counted} ${accountCounters.map(accountCounter).join(' UNION ALL ')}`,
  },
  {
    name: 'pair-counters',
    proves: 'what was counted between two accounts is what their transfers make',
    grade: 'wrong',
    find: `WITH ${counted} ${pairCounters}`,
  },
]
