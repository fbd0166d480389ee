import type { Version } from '../conversations/drain.ts'
import type { Queryable } from '../database/database.ts'
import type { PartnerStanding } from '../settlement/partners.ts'
import { countTroubled, type TroubleCount } from '../settlement/troubled.ts'
import type { ControlledLink } from '../sms/link-control.ts'
import { restingPrefixes } from '../subscribers/code-budget.ts'
import { type Check, checkHealth } from './health.ts'
import {
  type OpenCampaigns,
  type OpenWork,
  openCampaigns,
  openIncoming,
  openMessages,
  openPartnerCases,
  openTransfers,
} from './open-work.ts'

export type StatusDependencies = {
  readonly database: Queryable
  readonly checks: readonly Check[]
  readonly program: () => string
  readonly versions: () => Promise<readonly Version[]>
  readonly links: () => readonly ControlledLink[]
  /** Which days are closed, and which is late. */
  readonly days: () => Promise<string>
  /** How much of what was done is in the audit log. */
  readonly audit: () => Promise<string>
  /** Whether PINs are guessed over many people. */
  readonly pins: () => Promise<string>
  /** Accounts that have been bound to our SMPP server since its start, and how often each is now. */
  readonly clients: () => readonly { readonly account: string; readonly binds: Readonly<Record<string, number>> }[]
  readonly partners: () => Promise<readonly PartnerStanding[]>
  /** What is demanded of those who call us, a line each. */
  readonly trust: () => readonly string[]
}

/** A page that one can read with curl when something is wrong: no names, no numbers, no amounts. */
export async function renderStatus({
  database,
  checks,
  program,
  versions,
  links,
  clients,
  days,
  audit,
  pins,
  partners,
  trust,
}: StatusDependencies): Promise<string> {
  const health = await checkHealth(checks)
  const lines = [
    `Nyota is ${health.ready ? 'ready' : 'NOT ready'}`,
    `menus      ${program()}`,
    ...Object.entries(health.checks).map(([name, verdict]) => `${name.padEnd(10)} ${verdict}`),
    ...links().map(linkRow),
    ...trust().map((line) => `trust      ${line}`),
    ...clients().map(({ account, binds }) => `client     ${account} ${bindsOf(binds)}`),
  ]
  if (health.checks.database === 'ok') {
    lines.push(row('transfers', await openTransfers(database)), ...(await partners()).map(partnerRow))
    lines.push(troubleRow(await countTroubled(database)), row('cases', await openPartnerCases(database)))
    lines.push(row('sms', await openMessages(database)), row('incoming', await openIncoming(database)))
    lines.push(campaignsRow(await openCampaigns(database)))
    lines.push(`days       ${await days()}`, `audit      ${await audit()}`, `pins       ${await pins()}`)
    lines.push(codesRow(await restingPrefixes(database)))
  }
  if (health.checks.database === 'ok' && health.checks.redis === 'ok') lines.push(sessionsRow(await versions()))
  return `${lines.join('\n')}\n`
}

/** `link mno1 up, 2 of 3 bound, 4 of 30 in flight, waiting 0 code 1 receipt 12 bulk`, and who stopped it where somebody did. */
function linkRow({ name, mode, by, up, status }: ControlledLink): string {
  const state = mode === 'active' ? (up === null ? 'not of this process' : up ? 'up' : 'DOWN') : `${mode} by ${by}`
  if (status === null) return `link       ${name} ${state}`
  const { binds, window, waiting, paused } = status
  const bound = binds.filter((bind) => bind.state === 'bound').length
  const inFlight = binds.reduce((sum, bind) => sum + bind.inFlight, 0)
  return [
    `link       ${name} ${state}`,
    `${bound} of ${binds.length} bound`,
    `${inFlight} of ${window * binds.length} in flight`,
    `waiting ${waiting.code} code ${waiting.receipt} receipt ${waiting.bulk} bulk`,
    ...(paused ? ['paused: the network asked for patience'] : []),
  ].join(', ')
}

function bindsOf(binds: Readonly<Record<string, number>>): string {
  const counts = Object.entries(binds).flatMap(([bind, count]) => (count === 0 ? [] : [`${count} ${bind}`]))
  return counts.length === 0 ? 'not bound' : counts.join(', ')
}

/** `partner    city-power rests until 2026-03-01T10:00:15Z, HELD 12 (oldest 40 s), IN_DOUBT 5 (oldest 61 s)` */
function partnerRow({ partner, breaker, until, open }: PartnerStanding): string {
  const standing = {
    closed: 'works',
    open: `RESTS until ${until?.toISOString().replace(/\.\d+Z$/, 'Z')}`,
    probing: 'is tried with one payment',
  }[breaker]
  return [`partner    ${partner} ${standing}`, ...open.map(shown)].join(', ')
}

function troubleRow(counts: readonly TroubleCount[]): string {
  const shownCounts = counts.map(({ why, ...rest }) => shown({ state: why, ...rest }))
  return `troubled   ${shownCounts.length === 0 ? 'none' : `${shownCounts.join(', ')}; GET /transfers/troubled lists them`}`
}

/** On which menus people are, the newest first. */
function sessionsRow(versions: readonly Version[]): string {
  const live = versions.filter(({ sessions }) => sessions > 0)
  const counts = live.map(({ hash, sessions }) => `${sessions} on ${hash.slice(0, 12)}`)
  return `sessions   ${counts.length === 0 ? 'none live' : counts.join(', ')}`
}

/** Prefixes that get no one-time codes, since nobody uses those sent there. */
function codesRow(resting: Awaited<ReturnType<typeof restingPrefixes>>): string {
  const rests = resting.map(
    ({ prefix, until }) => `${prefix} RESTS until ${until.toISOString().replace(/\.\d+Z$/, 'Z')}`,
  )
  return `codes      ${rests.length === 0 ? 'go to all prefixes' : rests.join(', ')}`
}

function campaignsRow(open: readonly OpenCampaigns[]): string {
  const counts = open.map(({ state, count, waiting }) => `${state} ${count} (${waiting} wait)`)
  return `campaigns  ${counts.length === 0 ? 'none open' : counts.join(', ')}`
}

function row(name: string, open: readonly OpenWork[]): string {
  const counts = open.map(shown)
  return `${name.padEnd(10)} ${counts.length === 0 ? 'none open' : counts.join(', ')}`
}

function shown({ state, count, oldestS }: OpenWork): string {
  return `${state} ${count} (oldest ${Math.round(oldestS)} s)`
}
