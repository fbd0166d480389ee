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
import { informingRulesOf } from './sms/informing.ts'
import { makeReceipts } from './sms/receipts.ts'
import { startSmsWorker } from './sms/worker.ts'

const HOUSEKEEPING_MS = 3_600_000

/** The role that settles transfers and sends SMS; returns its links. */
export function startWorker(parts: Parts, onStop: OnStop): readonly SmsLink[] {
  const { settings, database, sealer, billers, menus, queues, smsBell, settlement, events } = parts
  const links = openLinks(parts, onStop)
  const quiet = { hours: settings.quietHours, timeZone: settings.market.timeZone, now: Date.now }
  const worker = startSmsWorker(
    { database, sealer, otpKey: settings.keys.otp, links, from: settings.smsSender, quiet, events },
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
  return links
}

/** Every way to send SMS, best first. */
function openLinks({ settings, sms, events }: Parts, onStop: OnStop): readonly SmsLink[] {
  const smpp = settings.smppLinks.map((link) =>
    openSmppLink(link, {
      onDeliveryReport: sms.report,
      onMessage: sms.receive,
      onState: ({ link: name, up, reason }) => events.linkChanged({ link: name, bound: up, cause: reason }),
    }),
  )
  for (const link of smpp) onStop(() => link.close())
  const { account } = settings.africastalking
  if (account === null) return smpp
  return [...smpp, openAfricasTalkingSms({ ...account, deadlineMs: AFRICASTALKING_DEADLINE_MS })]
}
