import type { Queryable } from '../database/database.ts'
import { type Check, checkHealth } from './health.ts'

export type StatusDependencies = {
  readonly database: Queryable
  readonly checks: readonly Check[]
  readonly program: () => string
  readonly links: () => readonly { readonly name: string; readonly up: boolean }[]
}

/** A page that one can read with curl when something is wrong: no names, no numbers, no amounts. */
export async function renderStatus({ database, checks, program, links }: StatusDependencies): Promise<string> {
  const health = await checkHealth(checks)
  const lines = [
    `Nyota is ${health.ready ? 'ready' : 'NOT ready'}`,
    `menus      ${program()}`,
    ...Object.entries(health.checks).map(([name, verdict]) => `${name.padEnd(10)} ${verdict}`),
    ...links().map(({ name, up }) => `link       ${name} ${up ? 'up' : 'DOWN'}`),
  ]
  if (health.checks.database === 'ok') {
    lines.push(await row(database, 'transfers', TRANSFERS), await row(database, 'sms', MESSAGES))
  }
  return `${lines.join('\n')}\n`
}

type Count = { state: string; count: bigint; oldest_s: number }

const TRANSFERS = `SELECT state, count(*) AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_s
  FROM transfer WHERE state NOT IN ('SETTLED', 'REJECTED', 'REVERSED') GROUP BY state ORDER BY state`

const MESSAGES = `SELECT state, count(*) AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_s
  FROM sms_outbox WHERE state IN ('queued', 'sending') OR (state = 'unknown' AND created_at > now() - interval '1 day')
  GROUP BY state ORDER BY state`

async function row(database: Queryable, name: string, query: string): Promise<string> {
  const { rows } = await database.query<Count>(query)
  const counts = rows.map(({ state, count, oldest_s }) => `${state} ${count} (oldest ${Math.round(oldest_s)} s)`)
  return `${name.padEnd(10)} ${counts.length === 0 ? 'none open' : counts.join(', ')}`
}
