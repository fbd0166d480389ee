import type { Redis } from 'ioredis'
import type { DestinationStream } from 'pino'
import type { RemoteProvider } from './account-providers/account-provider.ts'
import { makeLinkableProviders } from './account-providers/registry.ts'
import type { UssdPush } from './aggregators/ussd-push.ts'
import type { Biller } from './billers/biller.ts'
import { makeBillers } from './billers/registry.ts'
import { type Menus, openMenus } from './conversations/menus.ts'
import { HELD_SECONDS, makeOffers } from './conversations/offer.ts'
import { makeSmsConversation, type SmsConversation } from './conversations/sms.ts'
import { type Database, openDatabase } from './database/database.ts'
import { migrate, pendingMigrations, roleOf } from './database/migrate.ts'
import type { Market } from './domain/market.ts'
import { openBillerAccount } from './ledger/accounts.ts'
import { bringTariffs } from './ledger/load-tariffs.ts'
import type { StandingHours } from './ledger/standing-times.ts'
import { versionInForce } from './ledger/stored-tariffs.ts'
import { messagesOf } from './menu/messages.ts'
import { codeTo } from './menu/shortcut.ts'
import type { QueueStore } from './redis/bell.ts'
import { openRedis } from './redis/connection.ts'
import { makeAudit } from './security/audit.ts'
import { makeSealer, type Sealer } from './security/sealing.ts'
import type { Settings } from './settings.ts'
import { tellRest } from './settlement/breakers.ts'
import { sayAbilities } from './settlement/provider-reversals.ts'
import { openSettlement, type Settlement } from './settlement/queue.ts'
import { type IsOwnSender, ownSenders } from './sms/accounts/own-senders.ts'
import { type AskingNotices, makeAskingNotices } from './sms/asking-notices.ts'
import { openSmsBell, type SmsBell } from './sms/queue.ts'
import { keyProblems } from './subscribers/check-keys.ts'
import { type Events, makeEvents } from './telemetry/events.ts'
import { makeLog } from './telemetry/log.ts'
import { type Metrics, makeMetrics } from './telemetry/metrics.ts'

/** What is opened once and used by both roles. */
export type Parts = {
  readonly settings: Settings
  readonly metrics: Metrics
  readonly events: Events
  readonly database: Database
  readonly redis: Redis
  readonly sealer: Sealer
  readonly billers: ReadonlyMap<string, Biller>
  /** Providers where people may link accounts of their own. */
  readonly linked: ReadonlyMap<string, RemoteProvider>
  readonly menus: Menus
  readonly queues: QueueStore
  readonly smsBell: SmsBell
  readonly settlement: Settlement
  readonly sms: SmsConversation
  readonly askingNotices: AskingNotices
  readonly push: LatePush
}

/** Opens dialogues on phones, from when the process has links for that; before, and where it has none, nothing is available. */
export type LatePush = { readonly open: UssdPush; readonly use: (push: UssdPush) => void }

/** Names what must be closed again; what was opened last is closed first. */
export type OnStop = (close: () => Promise<unknown> | unknown) => void

/** Opens the stores, brings schema, tariff and menus up to date, and opens the bells. */
export async function openParts(settings: Settings, output: DestinationStream, onStop: OnStop): Promise<Parts> {
  const metrics = makeMetrics()
  const events = makeEvents(makeLog({ level: settings.logLevel, destination: output }), metrics)
  events.serviceChanged({ state: 'starting' })
  onStop(() => events.serviceChanged({ state: 'stopped' }))

  const database = await openMigrated(settings, events)
  onStop(() => database.close())
  const redis = await openRedis(settings.redis.url, (error) => events.connectionLost({ store: 'redis', error }))
  onStop(() => redis.disconnect())
  const billers = tellRest(makeBillers(settings), database)
  const linked = makeLinkableProviders(settings.accountProviders)
  if (settings.roles.worker) await sayAbilities(database, { billers, linked })
  await openBillerAccounts(database, settings.market, billers.values())
  const menus = await openMenus({ database, folder: settings.menusDirectory, market: settings.market, events })
  onStop(() => menus.programs.close())

  const sealer = makeSealer(settings.keys.data)
  const queues = { redisUrl: settings.redis.url, prefix: `${settings.redis.prefix}queue` }
  const onError = (error: Error) => events.connectionLost({ store: 'queue', error })
  const smsBell = openSmsBell(queues, onError)
  onStop(() => smsBell.close())
  const settlement = openSettlement({
    ...{ store: queues, database, onError },
    billers: [...billers.keys(), ...linked.keys()],
  })
  onStop(() => settlement.close())
  const push = makeLatePush()
  const canPush = settings.roles.gateway && settings.smppLinks.some((link) => link.ussd !== undefined)
  const sms = makeSmsConversation({
    ...{ database, sealer, billers, smsBell, events, market: settings.market },
    audit: makeAudit(settings.keys.audit, sealer),
    program: menus.programs.current,
    serviceCode: settings.serviceCodes[0] ?? '',
    isOwnNumber: ownSendersOf(settings),
    push: canPush ? push.open : null,
  })
  onStop(() => sms.close())
  const askingNotices = openAskingNotices(
    { settings, database, sealer, menus, smsBell, events },
    canPush ? push.open : null,
    onStop,
  )
  return {
    ...{ settings, metrics, events, database, redis, sealer, billers, linked, menus, queues, smsBell, settlement },
    ...{ sms, askingNotices, push },
  }
}

/** Where the menus have people answer what is asked of them. */
const ANSWER_SCREEN = 'requests.asked'

function openAskingNotices(
  {
    settings,
    database,
    sealer,
    menus,
    smsBell,
    events,
  }: Pick<Parts, 'settings' | 'database' | 'sealer' | 'menus' | 'smsBell' | 'events'>,
  push: UssdPush | null,
  onStop: OnStop,
): AskingNotices {
  const offers = push === null ? null : makeOffers({ database, push, smsBell, events })
  if (offers !== null) onStop(offers.settled)
  return makeAskingNotices({
    sealer,
    messages: () => messagesOf(menus.programs.current()),
    answerCode: () => codeTo(menus.programs.current(), ANSWER_SCREEN, settings.serviceCodes[0] ?? ''),
    ring: (message) => smsBell.ring(message),
    offers: offers && {
      heldSeconds: HELD_SECONDS,
      make: (offer) => offers.make({ keyword: 'asked', ...offer }),
    },
  })
}

/** When ordered transfers are announced and made, in the market's time. */
export function standingHoursOf({ standing, quietHours, market }: Settings): StandingHours {
  return { rules: standing, quiet: quietHours, timeZone: market.timeZone }
}

/** What no client may send from or be written to at. */
export function ownSendersOf({ smsSender, serviceCodes, smppLinks }: Settings): IsOwnSender {
  return ownSenders({ smsSender, serviceCodes, linkSenders: smppLinks.map(({ from }) => from) })
}

function makeLatePush(): LatePush {
  let opened: UssdPush | null = null
  return {
    open: async (to, inputs, offer) => (opened === null ? { kind: 'unavailable' } : opened(to, inputs, offer)),
    use: (push) => {
      opened = push
    },
  }
}

async function openMigrated(settings: Settings, events: Events): Promise<Database> {
  const { url, ownerUrl, maxConnections } = settings.database
  if (ownerUrl !== null) await bringUpToDate(ownerUrl, settings)
  const onConnectionLost = (error: Error) => events.connectionLost({ store: 'postgres', error })
  const database = openDatabase(url, { maxConnections, applicationName: 'nyota', onConnectionLost })
  try {
    const problems =
      (await pendingMigrations(database)).length > 0
        ? ['The database is not migrated; run: npm run migrate']
        : [...(await keyProblems(database, settings.keys)), ...(await tariffProblems(database, settings.market))]
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

async function bringUpToDate(ownerUrl: string, { database: { url }, market, tariffs }: Settings): Promise<void> {
  await migrate(ownerUrl, { applicationRole: roleOf(url) })
  const owner = openDatabase(ownerUrl, { maxConnections: 1, applicationName: 'nyota-migrate' })
  try {
    await bringTariffs(owner, market, tariffs)
  } finally {
    await owner.close()
  }
}

/** Without prices and limits nobody could pay, so it is better not to begin. */
async function tariffProblems(database: Database, { code, currency }: Market): Promise<string[]> {
  if ((await versionInForce(database, currency)) !== null) return []
  return [
    `No tariff of ${code} is in force; load one with MARKET=${code} npm run migrate, or npm run tariffs -- load FILE.`,
  ]
}

async function openBillerAccounts(database: Database, market: Market, billers: Iterable<Biller>): Promise<void> {
  await database.transaction(async (tx) => {
    for (const biller of billers) await openBillerAccount(tx, biller, market.currency)
  })
}
