import type { Queryable } from '../database/database.ts'
import { type Check, checkHealth } from './health.ts'
import { type OpenWork, openMessages, openTransfers } from './open-work.ts'

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
    lines.push(row('transfers', await openTransfers(database)), row('sms', await openMessages(database)))
  }
  return `${lines.join('\n')}\n`
}

function row(name: string, open: readonly OpenWork[]): string {
  const counts = open.map(({ state, count, oldestS }) => `${state} ${count} (oldest ${Math.round(oldestS)} s)`)
  return `${name.padEnd(10)} ${counts.length === 0 ? 'none open' : counts.join(', ')}`
}
