import type { DeliveryReport, IncomingSms } from '../aggregators/aggregator.ts'
import type { Database } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Sealer } from '../security/sealing.ts'
import { forwardToOwner } from '../sms/accounts/deliveries.ts'
import { acknowledgeIncomingSms, recordOptOut, storeIncomingSms } from '../sms/inbox.ts'
import { recordDelivery } from '../sms/record-delivery.ts'
import type { Events } from '../telemetry/events.ts'

/** What the networks tell us by SMS; each resolves once it is stored, so that the network may forget it. */
export type SmsConversation = {
  readonly receive: (message: IncomingSms) => Promise<void>
  /** The network has heard that the message was taken. */
  readonly acknowledged: (message: IncomingSms) => void
  readonly report: (report: DeliveryReport) => Promise<void>
  readonly optOut: (link: string, number: Msisdn) => Promise<void>
}

/** Takes in what arrives; nothing is answered. */
export function makeSmsConversation(dependencies: {
  readonly database: Database
  readonly sealer: Sealer
  readonly events: Events
}): SmsConversation {
  const { database, sealer, events } = dependencies
  return {
    async receive(message) {
      const stored = await database.transaction(async (tx) => {
        const outcome = await storeIncomingSms(tx, sealer, message)
        if (outcome.kind !== 'repeated') await forwardToOwner(tx, sealer, message)
        return outcome
      })
      events.smsReceived({ link: message.link, outcome: stored.kind })
    },
    acknowledged(message) {
      // Where this fails a copy is recognised for minutes instead of seconds.
      acknowledgeIncomingSms(database, sealer, message).catch((error: unknown) => events.smsNotAcknowledged({ error }))
    },
    async report(report) {
      const recorded = await recordDelivery({ database, sealer }, report)
      const status = recorded.kind === 'recorded' ? report.state : recorded.kind
      events.smsDelivered({ link: report.link, status, reason: report.reason ?? '' })
    },
    optOut: (link, number) => recordOptOut(database, sealer, link, number),
  }
}
