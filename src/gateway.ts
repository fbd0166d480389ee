import { availableParallelism } from 'node:os'
import { walletProvider } from './account-providers/registry.ts'
import type { Services } from './actions/action.ts'
import { actions } from './actions/registry.ts'
import { makeAggregators } from './aggregators/registry.ts'
import { makeUssdDialogues, type UssdDialogues } from './aggregators/smpp/ussd/dialogues.ts'
import { makeGuard } from './conversations/guard.ts'
import { makeSessions } from './conversations/sessions.ts'
import { makeUssdConversation, type UssdConversation } from './conversations/ussd.ts'
import type { Watch } from './conversations/watch.ts'
import { type CallbackDependencies, makeCallbackLane } from './http/callbacks.ts'
import type { Check } from './http/health.ts'
import { makePartnerGate } from './http/partner-gate.ts'
import { makeProviderLane } from './http/provider-callbacks.ts'
import { startPublicServer } from './http/server.ts'
import { makeConfirmTransfer } from './ledger/confirm.ts'
import { makeQuoteTransfer } from './ledger/quote.ts'
import { quoteLinked } from './ledger/quote-linked.ts'
import { makeTariffs } from './ledger/tariff-in-force.ts'
import { messagesOf } from './menu/messages.ts'
import { type OnStop, type Parts, standingHoursOf } from './parts.ts'
import { makeSeen } from './redis/seen.ts'
import { makeAudit } from './security/audit.ts'
import type { PartnerControl } from './security/partner-control.ts'
import { startPartnerMoney } from './security/partner-money.ts'
import { describeTrust } from './security/partner-trust.ts'
import { makeRefusals } from './security/refusals.ts'
import { makeAirtimeCallbacks } from './settlement/airtime-callbacks.ts'
import { hearCallback } from './settlement/hear-callback.ts'
import { makeFindByNumber } from './subscribers/find.ts'
import { makeHasher } from './subscribers/hasher.ts'
import { makeLookupLimit } from './subscribers/lookup-limit.ts'

/** PIN checks that may wait for a core; at 30 ms each on two cores the last waits half a second. */
const PIN_QUEUE_LIMIT = 32

/** What is left of ten seconds after hops and jobs under way. */
const GRACE_MS = 7500

/** What the gateway's role answers dialogues with, over HTTP and over links. */
export type Dialogues = {
  readonly conversation: UssdConversation
  readonly overSmpp: UssdDialogues
  /** New dials are asked to come back from now on. */
  readonly refuseNew: () => void
}

/** Every step of every dialogue is told to `watch`. */
export function makeDialogues(
  parts: Parts,
  { watch, trust }: { watch: Watch | null; trust: PartnerControl },
  onStop: OnStop,
): Dialogues {
  const { settings, database, redis, sealer, menus, events } = parts
  const audit = makeAudit(settings.keys.audit, sealer)
  const money = startPartnerMoney({ database, audit, trust: settings.partners.values(), events })
  onStop(() => money.close())
  let stopping = false
  const conversation = makeUssdConversation({
    services: servicesOf(parts),
    actions,
    programs: menus.programs,
    events,
    guard: makeGuard({
      trust: settings.partners,
      limits: settings.traffic,
      isStopped: trust.isStopped,
      money,
      events,
      now: Date.now,
    }),
    sessions: makeSessions(redis, settings.redis.prefix, settings.keys.session),
    stopping: () => stopping,
    now: Date.now,
    watch,
  })
  return {
    conversation,
    overSmpp: makeUssdDialogues({ conversation, serviceCodes: settings.serviceCodes, events }),
    refuseNew: () => {
      stopping = true
    },
  }
}

/** The role that answers callbacks; returns the port where they go. */
export async function startGateway(
  parts: Parts,
  { conversation: ussd, overSmpp, refuseNew }: Dialogues,
  { checks, trust }: { checks: readonly Check[]; trust: PartnerControl },
  onStop: OnStop,
): Promise<number> {
  const { settings, database, sealer, billers, linked, settlement, events, sms } = parts
  const airtime = makeAirtimeCallbacks({ database, sealer, settlement, events })
  const accept: CallbackDependencies['accept'] = (callback) => {
    switch (callback.kind) {
      case 'ussd_end':
        return ussd.end(callback.end)
      case 'sms':
        return sms.receive(callback.message)
      case 'delivery':
        return sms.report(callback.report)
      case 'opt_out':
        return sms.optOut(callback.link, callback.number)
      case 'airtime_status':
        return airtime.hear(callback.sale, callback.status)
    }
  }
  const gate = makePartnerGate({
    trust: settings.partners,
    proxies: settings.trustedProxies,
    markSeen: makeSeen(parts.redis, settings.redis.prefix),
    isStopped: trust.isStopped,
    refused: makeRefusals({
      ...{ database, audit: makeAudit(settings.keys.audit, sealer), now: Date.now },
      tell: events.partnerRefused,
      failed: (error) => events.housekeepingFailed({ error }),
    }),
    now: Date.now,
  })
  for (const each of settings.partners.values()) if (each.calls) events.partnerTrusted({ trust: describeTrust(each) })
  const key = settings.africastalking.callbackKey
  const lane = makeCallbackLane({
    aggregators: makeAggregators({ serviceCodes: settings.serviceCodes }),
    keys: new Map(key === null ? [] : [['africastalking', key]]),
    gate,
    answerUssd: ussd.answer,
    accept,
    validate: airtime.validate,
    events,
  })
  const providerLane = makeProviderLane({
    keys: new Map(
      settings.accountProviders.flatMap(({ id, callback }) => (callback === null ? [] : [[id, callback.key]])),
    ),
    gate,
    hear: (from, reference, callback) =>
      hearCallback({ database, sealer, billers, linked, settlement, events }, from, reference, callback),
    events,
  })
  const server = await startPublicServer({
    ...{ port: settings.http.port, host: settings.http.host, checks },
    lane: (request, response) => lane(request, response) || providerLane(request, response),
  })
  // While the roles behind them, such as one that settles transfers, still work.
  onStop(async () => {
    refuseNew()
    events.serviceChanged({ state: 'stopping' })
    await Promise.all([server.stop(GRACE_MS), overSmpp.finish(GRACE_MS)])
  })
  return server.port
}

function servicesOf(parts: Parts): Services {
  const { settings, database, redis, sealer, billers, linked, menus, settlement, smsBell, events } = parts
  const { keys, market } = settings
  const audit = makeAudit(keys.audit, sealer)
  const hasher = makeHasher({ key: keys.pin, concurrency: availableParallelism(), queueLimit: PIN_QUEUE_LIMIT })
  const tariffs = makeTariffs(market.currency)
  return {
    database,
    sealer,
    keys,
    market,
    tariffs,
    quoteTransfer: makeQuoteTransfer(database, tariffs),
    quoteLinked: (request) => quoteLinked(database, tariffs, request),
    confirmTransfer: makeConfirmTransfer(database, sealer, audit),
    findByNumber: makeFindByNumber(database, sealer),
    provider: walletProvider,
    billers,
    linked,
    pins: { database, sealer, hasher, audit, pinDigits: settings.pinDigits, numbering: market.numbering },
    messages: () => messagesOf(menus.programs.current()),
    audit,
    settlement,
    smsBell,
    lookupLimit: makeLookupLimit(redis, settings.redis.prefix, sealer),
    codeBudget: settings.codeBudget,
    asking: settings.asking,
    standing: standingHoursOf(settings),
    notices: parts.askingNotices,
    events,
  }
}
