import type { Check } from './proof.ts'

/** Transfers count when their money is held, and no longer when it is given back. Those from before there were counters are no measure. */
const counted = `counted AS (
    SELECT t.payer_account, t.payee_account, t.business_day, date_trunc('month', t.business_day::timestamp)::date AS month, t.amount, t.created_at
      FROM given, transfer t WHERE t.state <> 'REJECTED' AND t.business_day >= date_trunc('month', given.since_day::timestamp)::date
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
    LEFT JOIN (SELECT c.${side} AS account, ${ofPeriod} AS period, sum(c.amount) AS amount, min(c.created_at) AS first
                 FROM counted c GROUP BY 1, 2) t ON t.account = a.id AND t.period = a.${period}
   WHERE a.kind = 'wallet' AND a.${period} >= given.since_day ${kept}
     AND a.${column} <> coalesce(t.amount, 0) AND (t.first IS NULL OR t.first >= since.at)`
}

function pairCounter(period: 'day' | 'month'): string {
  const ofPeriod = period === 'day' ? 'c.business_day' : 'c.month'
  return `SELECT p.payer_account AS account, NULL AS reference, NULL AS entry,
      format('has counted %s transfers of %s to account %s in the ${period} of %s, but there are %s of %s', p.${period}_count, p.${period}_out,
             p.payee_account, p.${period}, coalesce(t.count, 0), coalesce(t.amount, 0)) AS says
    FROM given, since, pair_counter p
    LEFT JOIN (SELECT c.payer_account AS payer, c.payee_account AS payee, ${ofPeriod} AS period, count(*) AS count, sum(c.amount) AS amount,
                      min(c.created_at) AS first FROM counted c GROUP BY 1, 2, 3) t
           ON t.payer = p.payer_account AND t.payee = p.payee_account AND t.period = p.${period}
   WHERE p.${period} >= given.since_day AND (p.${period}_out, p.${period}_count) IS DISTINCT FROM (coalesce(t.amount, 0), coalesce(t.count, 0))
     AND (t.first IS NULL OR t.first >= since.at)`
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
    find: `WITH ${counted} ${pairCounter('day')} UNION ALL ${pairCounter('month')}`,
  },
]
