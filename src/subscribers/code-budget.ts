import type { Queryable } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Audit } from '../security/audit.ts'

/** How many one-time codes may be sent, whoever asks: each costs an SMS, and whoever earns on SMS to a prefix would have many sent to it. */
export type CodeBudget = {
  readonly perDay: number
  readonly perPrefix: number
  /** Codes within an hour below which the breaker of a prefix says nothing. */
  readonly breakerFloor: number
}

/** No code goes out: as many were sent as may be (`number`: to this one), or too few of those sent to the prefix were ever used. */
export type CodesHeld = {
  readonly kind: 'limited'
  readonly by: 'number' | 'day' | 'prefix' | 'breaker'
  readonly prefix: string
  /** The breaker opened just now. */
  readonly opened: boolean
}

/** Digits of an international number that say country and network: `25471`. */
const PREFIX_DIGITS = 5
/** Codes that somebody waits for are used, all but a few: where not one in ten is, nobody waits for them. */
const LEAST_USED = 10
const ALL = '*'

export function codePrefix(number: Msisdn): string {
  return number.replace(/^\+/, '').slice(0, PREFIX_DIGITS)
}

type Counts = { day: number; prefix_day: number; sent: number; used: number; resting: boolean }

/**
 * Whether a code to this prefix is held back; null: it may go. In the transaction that sends it: until that ends, nobody else asks. A breaker
 * that opens rests for a quarter of an hour and then closes by itself; it opens again once so many have been sent anew.
 */
export async function holdsCodes(
  tx: Queryable,
  audit: Audit,
  prefix: string,
  { perDay, perPrefix, breakerFloor }: CodeBudget,
): Promise<CodesHeld | null> {
  await tx.query({ name: 'code-budget-lock', text: 'SELECT pg_advisory_xact_lock(7190253611)' })
  const { rows } = await tx.query<Counts>({
    name: 'code-budget',
    text: `SELECT
        coalesce(sum(sent) FILTER (WHERE scope = $2), 0)::int AS day,
        coalesce(sum(sent) FILTER (WHERE scope = $1), 0)::int AS prefix_day,
        coalesce(sum(sent) FILTER (WHERE scope = $1 AND at > last.since), 0)::int AS sent,
        coalesce(sum(used) FILTER (WHERE scope = $1 AND at > last.since), 0)::int AS used,
        coalesce(bool_or(last.until > clock_timestamp()), false) AS resting
      FROM (SELECT max(until) AS until, greatest(max(until), now() - interval '1 hour') AS since FROM code_breaker WHERE prefix = $1) AS last
      LEFT JOIN code_count ON scope IN ($1, $2) AND at > now() - interval '1 day'`,
    values: [prefix, ALL],
  })
  const counts = rows[0] ?? { day: 0, prefix_day: 0, sent: 0, used: 0, resting: false }
  const held = { kind: 'limited', prefix, opened: false } as const
  if (counts.resting) return { ...held, by: 'breaker' }
  if (counts.day >= perDay) return { ...held, by: 'day' }
  if (counts.prefix_day >= perPrefix) return { ...held, by: 'prefix' }
  if (counts.sent < breakerFloor || counts.used * LEAST_USED >= counts.sent) return null
  await tx.query(
    `INSERT INTO code_breaker (prefix, until, sent, used) VALUES ($1, clock_timestamp() + interval '15 minutes', $2, $3)`,
    [prefix, counts.sent, counts.used],
  )
  const payload = { sent: String(counts.sent), used: String(counts.used) }
  await audit.record(tx, {
    actor: { kind: 'system', id: 'gateway' },
    action: 'code.breaker_opened',
    subject: prefix,
    payload,
  })
  return { ...held, by: 'breaker', opened: true }
}

/** Counts a code in the transaction that sends it, or in which it turns out right. */
export async function countCode(tx: Queryable, prefix: string, what: 'sent' | 'used'): Promise<void> {
  const [sent, used] = what === 'sent' ? [1, 0] : [0, 1]
  await tx.query({
    name: 'code-count',
    text: `INSERT INTO code_count AS c (scope, at, sent, used)
      SELECT scope, date_trunc('minute', clock_timestamp()), $2, $3 FROM unnest($1::text[]) AS s (scope) ORDER BY scope
      ON CONFLICT (scope, at) DO UPDATE SET sent = c.sent + excluded.sent, used = c.used + excluded.used`,
    values: [[prefix, ALL], sent, used],
  })
}

/** Prefixes that get no codes at this moment. */
export async function restingPrefixes(
  db: Queryable,
): Promise<readonly { readonly prefix: string; readonly until: Date }[]> {
  const { rows } = await db.query<{ prefix: string; until: Date }>(
    'SELECT prefix, max(until) AS until FROM code_breaker WHERE until > now() GROUP BY prefix ORDER BY prefix',
  )
  return rows
}
