import { walletProvider } from './account-providers/registry.ts'
import { AFRICASTALKING_DEADLINE_MS, openAfricasTalkingSms } from './aggregators/africastalking/sms.ts'
import { openSmppLink, type SmppLink } from './aggregators/smpp/link.ts'
import type { UssdDialogues, UssdLink } from './aggregators/smpp/ussd/dialogues.ts'
import type { SmsLink } from './aggregators/sms-link.ts'
import { forgetOldHops } from './conversations/hops.ts'
import { openDatabase } from './database/database.ts'
import { startRounds } from './domain/rounds.ts'
import { startDayCloser } from './ledger/day-closer.ts'
import { makeDaySigner } from './ledger/day-signature.ts'
import { makeTariffs } from './ledger/tariff-in-force.ts'
import { messagesOf } from './menu/messages.ts'
import { codeTo } from './menu/shortcut.ts'
import { type OnStop, type Parts, standingHoursOf } from './parts.ts'
import { makeAudit } from './security/audit.ts'
import { makeLogSigner } from './security/audit-log/checkpoint.ts'
import { makeSealLeaf } from './security/audit-log/leaf.ts'
import { startSequencer } from './security/audit-log/sequencer.ts'
import { startReversalAsker } from './settlement/ask-reversals.ts'
import { makeBreakers } from './settlement/breakers.ts'
import { endDueReversals } from './settlement/due-reversals.ts'
import { endDecided } from './settlement/end-decided.ts'
import { defaultPatience } from './settlement/patience.ts'
import { startStandingSweeper } from './settlement/standing-orders.ts'
import { startSettlementSweeper } from './settlement/sweep.ts'
import { startSettlementWorkers } from './settlement/worker.ts'
import { startCampaignMover } from './sms/campaigns/mover.ts'
import { makeLinkHealth } from './sms/health.ts'
import { informingRulesOf } from './sms/informing.ts'
import { makeReceipts } from './sms/receipts.ts'
import { makeStandingNotices } from './sms/standing-notices.ts'
import { tidySms } from './sms/tidy.ts'
import { startSmsWorker } from './sms/worker.ts'
import { watchSprays } from './subscribers/pin-spray.ts'

const HOUSEKEEPING_MS = 3_600_000
const TIDY_SMS_MS = 60_000
const DUE_REVERSALS_MS = 30_000
const DECISIONS_MS = 10_000
/** For a round under way when the worker stops; what it leaves, another one finds. */
const FINISH_TIMEOUT_MS = 5_000
/** A proof of millions of entries takes minutes; one that takes an hour is stuck. */
const PROOF_TIMEOUT_MS = 3_600_000

/** The role that settles transfers and sends SMS over `links`. */
export function startWorker(parts: Parts, links: readonly SmsLink[], onStop: OnStop): void {
  const { settings, database, sealer, billers, linked, menus, queues, smsBell, settlement, events } = parts
  const receivers = settings.smppLinks.filter((link) => link.bind === 'receiver').map((link) => link.name)
  const senders = links.filter((link) => !receivers.includes(link.name))
  const quiet = { hours: settings.quietHours, timeZone: settings.market.timeZone, now: Date.now }
  const worker = startSmsWorker(
    {
      ...{ database, sealer, otpKey: settings.keys.otp, links: senders, health: makeLinkHealth() },
      ...{ from: settings.smsSender, quiet, events },
    },
    { store: queues, bell: smsBell, onError: (error) => events.connectionLost({ store: 'queue', error }) },
  )
  onStop(() => worker.close())
  const mover = startCampaignMover({ database, sealer, bell: smsBell, quiet, clock: null, events })
  onStop(() => mover.close())

  const nameOfBiller = (id: string) => billers.get(id)?.name ?? linked.get(id)?.name ?? id
  const { lowBalance } = informingRulesOf(settings.market)
  const messages = () => messagesOf(menus.programs.current())
  const receipts = makeReceipts({ sealer, messages, nameOfBiller, lowBalance, quiet })
  const services = {
    database,
    sealer,
    provider: walletProvider,
    billers,
    linked,
    settlement,
    breakers: makeBreakers({ database, events }),
    receipts,
    smsBell,
    events,
    patience: defaultPatience,
  }
  const workers = startSettlementWorkers({ store: queues, services, events })
  onStop(() => workers.close())
  const sweeper = startSettlementSweeper(services)
  onStop(() => sweeper.close())

  const keepHouse = (everyMs: number, round: () => Promise<unknown>, onFailure: (error: unknown) => void): void => {
    const rounds = startRounds(round, { everyMs, finishTimeoutMs: FINISH_TIMEOUT_MS, onFailure })
    onStop(() => rounds.close())
  }
  const notKept = (error: unknown) => events.housekeepingFailed({ error })
  const asking = { database, notices: parts.askingNotices, events }
  keepHouse(HOUSEKEEPING_MS, () => forgetOldHops(database), notKept)
  keepHouse(TIDY_SMS_MS, () => tidySms(database, sealer), notKept)
  keepHouse(
    DUE_REVERSALS_MS,
    () => endDueReversals(asking),
    (error) => events.sweepFailed({ what: 'reversals', error }),
  )
  keepHouse(
    DECISIONS_MS,
    () => endDecided(services),
    (error) => events.sweepFailed({ what: 'decisions', error }),
  )
  const asker = startReversalAsker(services)
  onStop(() => asker.close())
  carryOutOrders(parts, onStop)
  closeDays(parts, onStop)
  const sequencer = startSequencer({
    ...{ database, events, sealLeaf: makeSealLeaf(settings.keys.audit) },
    signer: makeLogSigner(settings.keys.audit, settings.audit.origin),
  })
  onStop(() => sequencer.close())
  onStop(watchSprays(parts))
}

/** Where the menus have people see and stop what they ordered. */
const ORDERS_SCREEN = 'scheduled.scheduled'

function carryOutOrders(
  { settings, database, sealer, menus, settlement, smsBell, events }: Parts,
  onStop: OnStop,
): void {
  const { market, keys, serviceCodes } = settings
  const program = menus.programs.current
  const notices = makeStandingNotices({
    ...{ sealer, timeZone: market.timeZone, messages: () => messagesOf(program()) },
    dial: () => codeTo(program(), ORDERS_SCREEN, serviceCodes[0] ?? '').dial,
  })
  const sweeper = startStandingSweeper({
    ...{ database, sealer, notices, settlement, smsBell, events, clock: null },
    ...{
      tariffs: makeTariffs(market.currency),
      audit: makeAudit(keys.audit, sealer),
      hours: standingHoursOf(settings),
    },
  })
  onStop(() => sweeper.close())
}

function closeDays({ settings, database, sealer, events }: Parts, onStop: OnStop): void {
  const { dayCloseAtMinutes: atMinutes, market, keys } = settings
  if (atMinutes === null) return
  const ample = { maxConnections: 2, applicationName: 'nyota-day-close', statementTimeoutMs: PROOF_TIMEOUT_MS }
  const closer = startDayCloser({
    ...{ database, events, time: { atMinutes, timeZone: market.timeZone } },
    ...{ signer: makeDaySigner(keys.audit), audit: makeAudit(keys.audit, sealer) },
    openForProof: () => openDatabase(settings.database.url, ample),
  })
  onStop(() => closer.close())
}

/**
 * Every way to send SMS, best first: for the worker all of them, for the gateway those over which a network does USSD, for both in one
 * process each once. What SMS a link brings is stored whichever role opened it. `dialogues`: null in a process that has none.
 */
export function openLinks(parts: Parts, dialogues: UssdDialogues | null, onStop: OnStop): readonly SmsLink[] {
  const { settings, sms, events, push } = parts
  if (dialogues !== null) onStop(dialogues.close)
  // A network sends the answers of a dialogue over any bind that receives: a process without a conversation must have none of those.
  const wanted = settings.smppLinks
    .filter(({ ussd }) => settings.roles.worker || ussd !== undefined)
    .map((link) => (link.ussd !== undefined && dialogues === null ? { ...link, bind: 'transmitter' as const } : link))
  const overUssd: UssdLink[] = []
  const smpp = wanted.map((linkSettings) => {
    const link: SmppLink = openSmppLink(linkSettings, {
      onDeliveryReport: sms.report,
      onMessage: sms.receive,
      onAcknowledged: sms.acknowledged,
      onState: ({ reason: cause, ...state }) => events.linkChanged({ ...state, cause }),
      onThrottled: events.linkThrottled,
      onSubmitted: events.submitAnswered,
      onUssd: (pdu, bind) => {
        const { ussd: dialect } = linkSettings
        return dialogues === null || dialect === undefined ? null : dialogues.hear({ dialect, link }, pdu, bind)
      },
    })
    if (linkSettings.ussd !== undefined) overUssd.push({ dialect: linkSettings.ussd, link })
    return link
  })
  for (const link of smpp) onStop(() => link.close())
  if (dialogues !== null && overUssd.length > 0) push.use(dialogues.pushOver(overUssd))
  const { account } = settings.africastalking
  if (account === null || !settings.roles.worker) return smpp
  return [...smpp, openAfricasTalkingSms({ ...account, deadlineMs: AFRICASTALKING_DEADLINE_MS })]
}
