import { availableParallelism } from 'node:os'
import type { DestinationStream } from 'pino'
import { walletProvider } from './account-providers/registry.ts'
import type { Services } from './actions/action.ts'
import { actions } from './actions/registry.ts'
import { AFRICASTALKING_DEADLINE_MS, openAfricasTalkingSms } from './aggregators/africastalking/sms.ts'
import { makeAggregators } from './aggregators/registry.ts'
import { openSmppLink, type SmppLink } from './aggregators/smpp/link.ts'
import type { SmsLink } from './aggregators/sms-link.ts'
import { makeBillers } from './billers/registry.ts'
import { forgetOldHops } from './conversations/hops.ts'
import { type Programs, publishProgram } from './conversations/programs.ts'
import { makeSessions } from './conversations/sessions.ts'
import { makeSmsConversation, type SmsConversation } from './conversations/sms.ts'
import { makeUssdConversation } from './conversations/ussd.ts'
import { type Database, openDatabase } from './database/database.ts'
import { migrate, pendingMigrations, roleOf } from './database/migrate.ts'
import { makeCallbackLane } from './http/callbacks.ts'
import type { Check } from './http/health.ts'
import { startOperatorServer, startPublicServer } from './http/server.ts'
import { renderStatus } from './http/status.ts'
import { openBillerAccount } from './ledger/accounts.ts'
import { loadTariff } from './ledger/load-tariff.ts'
import { makeQuoteTransfer } from './ledger/quote.ts'
import { makeTariffs } from './ledger/tariff-in-force.ts'
import { compile } from './menu/compile.ts'
import { loadMenuSources } from './menu/load.ts'
import { messagesOf } from './menu/messages.ts'
import { describeProblem } from './menu/problem.ts'
import { openRedis } from './redis/connection.ts'
import { makeAudit } from './security/audit.ts'
import { makeSealer } from './security/sealing.ts'
import type { Settings } from './settings.ts'
import { openSettlement } from './settlement/queue.ts'
import { startSettlementSweeper } from './settlement/sweep.ts'
import { startSettlementWorkers } from './settlement/worker.ts'
import { messageContracts } from './sms/message-contracts.ts'
import { openSmsBell } from './sms/queue.ts'
import { makeReceipts } from './sms/receipts.ts'
import { startSmsWorker } from './sms/worker.ts'
import { keyProblems } from './subscribers/check-keys.ts'
import { makeFindByNumber } from './subscribers/find.ts'
import { makeHasher } from './subscribers/hasher.ts'
import { makeLookupLimit } from './subscribers/lookup-limit.ts'
import { type Events, makeEvents } from './telemetry/events.ts'
import { makeLog } from './telemetry/log.ts'
import { makeMetrics } from './telemetry/metrics.ts'

export type App = {
  /** Where callbacks go; null without the role. */
  readonly port: number | null
  readonly operatorPort: number
  /** Refuses new dials, lets running hops and jobs finish, and closes what was opened, last first. */
  stop(): Promise<void>
}

/** PIN checks that may wait for a core; at 30 ms each on two cores the last waits half a second. */
const PIN_QUEUE_LIMIT = 32

/** What is left of ten seconds after hops and jobs under way. */
const HTTP_GRACE_MS = 7500

const HOUSEKEEPING_MS = 3_600_000

/** Builds everything once, in order; what fails to start closes what was opened before it. */
export async function startApp(settings: Settings, output: DestinationStream): Promise<App> {
  const closers: (() => Promise<unknown> | unknown)[] = []
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    return await build(settings, output, (close) => closers.push(close), stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function build(
  settings: Settings,
  output: DestinationStream,
  onStop: (close: () => Promise<unknown> | unknown) => void,
  stop: () => Promise<void>,
): Promise<App> {
  const metrics = makeMetrics()
  const events = makeEvents(makeLog({ level: settings.logLevel, destination: output }), metrics)
  events.serviceChanged({ state: 'starting' })
  onStop(() => events.serviceChanged({ state: 'stopped' }))

  const database = await openMigrated(settings, events)
  onStop(() => database.close())
  const redis = await openRedis(settings.redis.url, (error) => events.connectionLost({ store: 'redis', error }))
  onStop(() => redis.disconnect())
  const billers = makeBillers(settings.billers)
  await prepareLedger(database, settings)
  const programs = await publishMenus(database, settings, events)
  const messages = () => messagesOf(programs.current())

  const { keys, market } = settings
  const sealer = makeSealer(keys.data)
  const audit = makeAudit(keys.audit, sealer)
  const hasher = makeHasher({ key: keys.pin, concurrency: availableParallelism(), queueLimit: PIN_QUEUE_LIMIT })
  const pins = { database, sealer, hasher, audit, pinDigits: settings.pinDigits, numbering: market.numbering }
  const store = { redisUrl: settings.redis.url, prefix: `${settings.redis.prefix}queue` }
  const onQueueError = (error: Error) => events.connectionLost({ store: 'queue', error })
  const smsBell = openSmsBell(store, onQueueError)
  onStop(() => smsBell.close())
  const settlement = openSettlement({ store, database, billers: billers.keys(), onError: onQueueError })
  onStop(() => settlement.close())
  const sms = makeSmsConversation({ database, sealer, events })
  const links: SmsLink[] = []

  if (settings.roles.worker) {
    for (const close of openLinks(settings, sms, events, links)) onStop(close)
    const nameOfBiller = (id: string) => billers.get(id)?.name ?? id
    const receipts = makeReceipts({ sealer, messages, nameOfBiller })
    const worker = startSmsWorker(
      { database, sealer, otpKey: keys.otp, links, from: settings.smsSender, events },
      { store, bell: smsBell, onError: onQueueError },
    )
    onStop(() => worker.close())
    const settling = { database, sealer, provider: walletProvider, billers, receipts, smsBell, events }
    const workers = startSettlementWorkers({ store, services: settling, events })
    onStop(() => workers.close())
    const sweeper = startSettlementSweeper({ ...settling, settlement })
    onStop(() => sweeper.close())
    const housekeeping = setInterval(
      () => void forgetOldHops(database).catch((error: unknown) => events.housekeepingFailed({ error })),
      HOUSEKEEPING_MS,
    )
    onStop(() => clearInterval(housekeeping))
  }

  const checks = checksOf(database, redis)
  const operator = await startOperatorServer({
    port: settings.http.operatorPort,
    host: settings.http.operatorHost,
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
    status: () =>
      renderStatus({
        database,
        checks,
        program: () => programs.current().hash.slice(0, 12),
        links: () => links.map((link) => ({ name: link.name, up: link.isUp() })),
      }),
  })
  onStop(() => operator.stop(0))

  let port: number | null = null
  if (settings.roles.gateway) {
    let stopping = false
    const quoteTransfer = makeQuoteTransfer(database, makeTariffs(market.currency))
    const findByNumber = makeFindByNumber(database, sealer)
    const lookupLimit = makeLookupLimit(redis, settings.redis.prefix)
    const services: Services = {
      ...{
        database,
        sealer,
        keys,
        market,
        quoteTransfer,
        findByNumber,
        provider: walletProvider,
        billers,
        pins,
        messages,
        audit,
        settlement,
        smsBell,
        lookupLimit,
        events,
      },
    }
    const ussd = makeUssdConversation({
      ...{ services, actions, programs, events },
      sessions: makeSessions(redis, settings.redis.prefix, keys.session),
      stopping: () => stopping,
      now: Date.now,
    })
    const key = settings.africastalking.callbackKey
    const lane = makeCallbackLane({
      aggregators: makeAggregators({ serviceCodes: settings.serviceCodes }),
      keys: new Map(key === null ? [] : [['africastalking', key]]),
      answerUssd: ussd.answer,
      accept: (callback) => {
        switch (callback.kind) {
          case 'ussd_end':
            return ussd.end(callback.end)
          case 'sms':
            return sms.receive(callback.message)
          case 'delivery':
            return sms.report(callback.report)
          case 'opt_out':
            return sms.optOut(callback.link, callback.number)
        }
      },
      events,
    })
    const server = await startPublicServer({ port: settings.http.port, host: settings.http.host, lane, checks })
    onStop(() => {
      stopping = true
      events.serviceChanged({ state: 'stopping' })
      return server.stop(HTTP_GRACE_MS)
    })
    port = server.port
  }
  events.serviceChanged({ state: 'ready', port })
  return { port, operatorPort: operator.port, stop }
}

async function openMigrated(settings: Settings, events: Events): Promise<Database> {
  const { url, ownerUrl, maxConnections } = settings.database
  if (ownerUrl !== null) await migrate(ownerUrl, { applicationRole: roleOf(url) })
  const onConnectionLost = (error: Error) => events.connectionLost({ store: 'postgres', error })
  const database = openDatabase(url, { maxConnections, applicationName: 'nyota', onConnectionLost })
  try {
    const problems =
      (await pendingMigrations(database)).length > 0
        ? ['The database is not migrated; run: npm run migrate']
        : await keyProblems(database, settings.keys)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

async function prepareLedger(database: Database, { market, billers }: Settings): Promise<void> {
  await database.transaction(async (tx) => {
    await loadTariff(tx, market)
    for (const biller of billers) await openBillerAccount(tx, biller, market.currency)
  })
}

async function publishMenus(database: Database, settings: Settings, events: Events): Promise<Programs> {
  const contracts = [...actions.values()].map(({ contract }) => contract)
  const sources = await loadMenuSources(settings.menusDirectory)
  const compiled = compile(sources, contracts, messageContracts, settings.market)
  if (compiled.kind === 'refused') {
    throw new Error(`the menus are refused:\n${compiled.problems.map(describeProblem).join('\n')}`)
  }
  const { program } = compiled
  const programs = await publishProgram(database, program)
  events.menusPublished({ program: program.hash, screens: Object.keys(program.screens).length })
  return programs
}

/** Opens every way to send SMS, best first; returns what closes them. */
function openLinks(
  settings: Settings,
  sms: SmsConversation,
  events: Events,
  links: SmsLink[],
): (() => Promise<unknown>)[] {
  const smpp: SmppLink[] = settings.smppLinks.map((link) =>
    openSmppLink(link, {
      onDeliveryReport: sms.report,
      onMessage: sms.receive,
      onState: ({ link: name, up, reason }) => events.linkChanged({ link: name, bound: up, cause: reason }),
    }),
  )
  links.push(...smpp)
  const { account } = settings.africastalking
  if (account !== null) {
    links.push(openAfricasTalkingSms({ ...account, deadlineMs: AFRICASTALKING_DEADLINE_MS }))
  }
  return smpp.map((link) => () => link.close())
}

function checksOf(database: Database, redis: { ping(): Promise<string> }): readonly Check[] {
  return [
    {
      name: 'database',
      run: async () => ((await database.query('SELECT 1')).rowCount === 1 ? null : 'answers strangely'),
    },
    { name: 'redis', run: async () => ((await redis.ping()) === 'PONG' ? null : 'answers strangely') },
    {
      name: 'migrations',
      run: async () => ((await pendingMigrations(database)).length === 0 ? null : 'run: npm run migrate'),
    },
  ]
}
