import type { DestinationStream } from 'pino'
import type { UssdPush } from './aggregators/ussd-push.ts'
import { listVersions } from './conversations/drain.ts'
import { type Inspector, makeInspector } from './conversations/inspect.ts'
import { makeSessions } from './conversations/sessions.ts'
import type { Watch } from './conversations/watch.ts'
import { pendingMigrations } from './database/migrate.ts'
import { makeDialogues, startGateway } from './gateway.ts'
import { daysLate, describeDays } from './http/day-ends.ts'
import type { Check } from './http/health.ts'
import {
  type OpenWork,
  openCampaigns,
  openIncoming,
  openMessages,
  openPartnerCases,
  openTransfers,
} from './http/open-work.ts'
import { describeAudit } from './http/operator-audit.ts'
import { watchPartners } from './http/partner-metrics.ts'
import { startOperatorServer } from './http/server.ts'
import { renderStatus } from './http/status.ts'
import { type OnStop, openParts, type Parts } from './parts.ts'
import { storeProblems } from './redis/store-settings.ts'
import { makeAudit } from './security/audit.ts'
import { readAuditLag } from './security/audit-log/stored.ts'
import { startPartnerControl } from './security/partner-control.ts'
import { describeTrust } from './security/partner-trust.ts'
import type { Settings } from './settings.ts'
import { type PartnerStanding, readPartners } from './settlement/partners.ts'
import { countTroubled, listTroubled } from './settlement/troubled.ts'
import { startClientServer } from './smpp-server.ts'
import { startLinkControl } from './sms/link-control.ts'
import { watchLinks } from './sms/link-metrics.ts'
import { restingPrefixes } from './subscribers/code-budget.ts'
import { describeSprays, readSprays } from './subscribers/pin-spray.ts'
import { openLinks, startWorker } from './worker.ts'

export type App = {
  /** Where callbacks go; null without the role. */
  readonly port: number | null
  readonly operatorPort: number
  /** Opens a dialogue on a phone, over a link of this process with ussd=on. */
  readonly push: UssdPush
  /** Puts the menu files as they are now in force for new dials; what is wrong with them goes to the log, and nothing changes. */
  publishMenus(): Promise<void>
  /** Refuses new dials, lets running hops and jobs finish, and closes what was opened, last first. */
  stop(): Promise<void>
}

/**
 * Builds everything once, in order; what fails to start closes what was opened before it. `watch`: for tools that run a gateway inside
 * themselves and look on.
 */
export async function startApp(
  settings: Settings,
  output: DestinationStream,
  watch: Watch | null = null,
): Promise<App> {
  const closers: Parameters<OnStop>[0][] = []
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const started = await start(settings, output, watch, (close) => closers.push(close))
    return { ...started, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  settings: Settings,
  output: DestinationStream,
  watch: Watch | null,
  onStop: OnStop,
): Promise<Omit<App, 'stop'>> {
  const parts = await openParts(settings, output, onStop)
  const { database, redis, menus, metrics, events } = parts
  const inspector = settings.inspectSessions ? inspectorOf(parts) : null
  const watches = bothOf(watch, inspector?.watch ?? null)
  const trust = startPartnerControl({
    ...{ database, events, audit: makeAudit(settings.keys.audit, parts.sealer) },
    names: [...settings.partners.keys()],
  })
  onStop(() => trust.close())
  await trust.refresh()
  const dialogues = settings.roles.gateway ? makeDialogues(parts, { watch: watches, trust }, onStop) : null
  const links = startLinkControl({
    ...{ database, events, links: openLinks(parts, dialogues?.overSmpp ?? null, onStop) },
    names: linkNames(settings),
  })
  onStop(() => links.close())
  await links.refresh()
  watchLinks(metrics, links)
  if (settings.roles.worker) startWorker(parts, links.links, onStop)
  const clients = settings.roles.gateway ? await startClientServer(parts, onStop) : null

  const checks = checksOf(parts)
  metrics.measured('transfers_open', 'Transfers without an end', 'state', async () =>
    countsOf(await openTransfers(database)),
  )
  const partners = (): Promise<readonly PartnerStanding[]> =>
    readPartners(database, [...parts.billers.keys(), ...parts.linked.keys()])
  watchPartners(metrics, { partners, troubled: () => countTroubled(database) })
  metrics.measured('partner_cases_open', 'Cases where a partner contradicts how a transfer ended', 'what', async () =>
    countsOf(await openPartnerCases(database)),
  )
  metrics.measured('sms_open', 'SMS without an end', 'state', async () => countsOf(await openMessages(database)))
  metrics.measured(
    'sms_incoming_open',
    'Reports and long messages from networks of which the rest is missing',
    'state',
    async () => countsOf(await openIncoming(database)),
  )
  metrics.measured('sms_campaigns_open', 'Campaigns that run or are paused', 'state', async () =>
    countsOf(await openCampaigns(database)),
  )
  metrics.measured('sms_campaign_waiting', 'People of open campaigns whose turn has not come', 'state', async () =>
    Object.fromEntries((await openCampaigns(database)).map(({ state, waiting }) => [state, waiting])),
  )
  metrics.measured('code_breakers_open', 'Prefixes that get no one-time codes', 'state', async () => ({
    open: (await restingPrefixes(database)).length,
  }))
  const { dayCloseAtMinutes: atMinutes, market } = settings
  const closeTime = atMinutes === null ? null : { atMinutes, timeZone: market.timeZone }
  metrics.measured('ledger_days_late', '1 while a day is not closed that should be', 'state', async () => ({
    late: await daysLate(database, closeTime),
  }))
  metrics.measured(
    'audit_log',
    'Leaves, rows that have none yet, and the age of the oldest of these',
    'what',
    async () => {
      const { leaves, waiting, oldestS } = await readAuditLag(database)
      return { leaves, waiting, oldest_seconds: oldestS }
    },
  )
  metrics.measured('auth_pin_spray', 'People whose PINs were typed wrong, while that is a spray', 'scope', async () =>
    Object.fromEntries((await readSprays(database)).map(({ scope, people }) => [scope, people])),
  )
  const operator = await startOperatorServer({
    port: settings.http.operatorPort,
    host: settings.http.operatorHost,
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
    status: () =>
      renderStatus({
        database,
        checks,
        program: () => menus.programs.current().hash.slice(0, 12),
        versions: () => listVersions(database, redis, settings.redis.prefix, settings.market),
        links: links.list,
        clients: () => clients?.binds() ?? [],
        days: () => describeDays(database, closeTime),
        audit: async () => describeAudit(await readAuditLag(database)),
        pins: () => describeSprays(database),
        partners,
        trust: () =>
          [...settings.partners.values()].map((each) =>
            trust.isStopped(each.partner) ? `${each.partner} STOPPED by order` : describeTrust(each),
          ),
      }),
    menus,
    links,
    trust,
    transfers: { partners, troubled: (limit) => listTroubled(database, limit) },
    audit: { database, witnesses: settings.audit.witnesses },
    inspect: inspector?.look ?? null,
  })
  onStop(() => operator.stop(0))

  const port = dialogues === null ? null : await startGateway(parts, dialogues, { checks, trust }, onStop)
  events.serviceChanged({ state: 'ready', port, operatorPort: operator.port })
  const publishMenus = (): Promise<void> =>
    menus.publish('a signal', false).then(
      () => undefined,
      (error: unknown) => events.menusNotPublished({ error }),
    )
  return { port, operatorPort: operator.port, push: parts.push.open, publishMenus }
}

function linkNames({ smppLinks, africastalking }: Settings): readonly string[] {
  return [...smppLinks.map((link) => link.name), ...(africastalking.account === null ? [] : ['africastalking'])]
}

function inspectorOf({ redis, settings }: Parts): Inspector {
  return makeInspector(makeSessions(redis, settings.redis.prefix, settings.keys.session), settings.market)
}

function bothOf(one: Watch | null, other: Watch | null): Watch | null {
  if (one === null || other === null) return one ?? other
  return (watched) => {
    one(watched)
    other(watched)
  }
}

function countsOf(open: readonly Pick<OpenWork, 'state' | 'count'>[]): Record<string, number> {
  return Object.fromEntries(open.map(({ state, count }) => [state, count]))
}

function checksOf({ database, redis }: Parts): readonly Check[] {
  return [
    {
      name: 'database',
      run: async () => ((await database.query('SELECT 1')).rowCount === 1 ? null : 'answers strangely'),
    },
    { name: 'redis', run: async () => ((await redis.ping()) === 'PONG' ? null : 'answers strangely') },
    { name: 'queue', run: async () => (await storeProblems(redis)).join('; ') || null },
    {
      name: 'migrations',
      run: async () => ((await pendingMigrations(database)).length === 0 ? null : 'run: npm run migrate'),
    },
  ]
}
