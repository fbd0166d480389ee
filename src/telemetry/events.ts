import { type ClientEvents, clientEvents } from './events/clients.ts'
import { type DialogueEvents, dialogueEvents } from './events/dialogues.ts'
import { type MessageEvents, messageEvents } from './events/messages.ts'
import { type MoneyEvents, moneyEvents } from './events/money.ts'
import { type PartnerEvents, partnerEvents } from './events/partners.ts'
import { type ServiceEvents, serviceEvents } from './events/service.ts'
import { type SubscriberEvents, subscriberEvents } from './events/subscribers.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

export type { HopOutcome } from './events/dialogues.ts'

/** One function per thing that happens in the business: its log line and its metric. */
export type Events = DialogueEvents &
  SubscriberEvents &
  MoneyEvents &
  PartnerEvents &
  MessageEvents &
  ClientEvents &
  ServiceEvents

/** Writes each event to `log` and counts it in `metrics`; makes the metrics, so once per process. */
export function makeEvents(log: Log, metrics: Metrics): Events {
  return {
    ...dialogueEvents(log, metrics),
    ...subscriberEvents(log, metrics),
    ...moneyEvents(log, metrics),
    ...partnerEvents(log, metrics),
    ...messageEvents(log, metrics),
    ...clientEvents(log, metrics),
    ...serviceEvents(log, metrics),
  }
}
