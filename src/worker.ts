import { walletProvider } from './account-providers/registry.ts'
import { AFRICASTALKING_DEADLINE_MS, openAfricasTalkingSms } from './aggregators/africastalking/sms.ts'
import { openSmppLink } from './aggregators/smpp/link.ts'
import type { SmsLink } from './aggregators/sms-link.ts'
import { forgetOldHops } from './conversations/hops.ts'
import { messagesOf } from './menu/messages.ts'
import type { OnStop, Parts } from './parts.ts'
import { defaultPatience } from './settlement/patience.ts'
import { startSettlementSweeper } from './settlement/sweep.ts'
import { startSettlementWorkers } from './settlement/worker.ts'
import { startCampaignMover } from './sms/campaigns/mover.ts'
import { makeLinkHealth } from './sms/health.ts'
import { informingRulesOf } from './sms/informing.ts'
import { makeReceipts } from './sms/receipts.ts'
import { tidySms } from './sms/tidy.ts'
import { startSmsWorker } from './sms/worker.ts'

const HOUSEKEEPING_MS = 3_600_000
const TIDY_SMS_MS = 60_000

/** The role that settles transfers and sends SMS over `links`. */
export function startWorker(parts: Parts, links: readonly SmsLink[], onStop: OnStop): void {
  const { settings, database, sealer, billers, menus, queues, smsBell, settlement, events } = parts
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

  const nameOfBiller = (id: string) => billers.get(id)?.name ?? id
  const { lowBalance } = informingRulesOf(settings.market)
  const messages = () => messagesOf(menus.programs.current())
  const receipts = makeReceipts({ sealer, messages, nameOfBiller, lowBalance, quiet })
  const services = {
    database,
    sealer,
    provider: walletProvider,
    billers,
    receipts,
    smsBell,
    events,
    patience: defaultPatience,
  }
  const workers = startSettlementWorkers({ store: queues, services, events })
  onStop(() => workers.close())
  const sweeper = startSettlementSweeper({ ...services, settlement })
  onStop(() => sweeper.close())

  const housekeeping = setInterval(
    () => void forgetOldHops(database).catch((error: unknown) => events.housekeepingFailed({ error })),
    HOUSEKEEPING_MS,
  )
  onStop(() => clearInterval(housekeeping))
  const tidying = setInterval(
    () => void tidySms(database, sealer).catch((error: unknown) => events.housekeepingFailed({ error })),
    TIDY_SMS_MS,
  )
  onStop(() => clearInterval(tidying))
}

/** Every way to send SMS, best first. */
export function openLinks({ settings, sms, events }: Parts, onStop: OnStop): readonly SmsLink[] {
  const smpp = settings.smppLinks.map((link) =>
    openSmppLink(link, {
      onDeliveryReport: sms.report,
      onMessage: sms.receive,
      onAcknowledged: sms.acknowledged,
      onState: ({ link: name, bind, up, reason }) => events.linkChanged({ link: name, bind, bound: up, cause: reason }),
      onThrottled: events.linkThrottled,
      onSubmitted: events.submitAnswered,
    }),
  )
  for (const link of smpp) onStop(() => link.close())
  const { account } = settings.africastalking
  if (account === null) return smpp
  return [...smpp, openAfricasTalkingSms({ ...account, deadlineMs: AFRICASTALKING_DEADLINE_MS })]
}
