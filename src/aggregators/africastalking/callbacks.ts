import type { Aggregator } from '../aggregator.ts'
import { formatVerdict, parseAirtimeStatus, parseAirtimeValidation } from './airtime.ts'
import { parseDeliveryReport, parseIncomingSms, parseOptOut } from './sms.ts'
import { formatReply, parseUssd, parseUssdEnd } from './ussd.ts'

/** Everything that Africa's Talking posts to us: `POST /africastalking/<key>/<callback>`. */
export function africastalking(settings: { serviceCodes: readonly string[] }): Aggregator {
  return {
    name: 'africastalking',
    callbacks: {
      ussd: (form) => parseUssd(form, settings.serviceCodes),
      'ussd-end': parseUssdEnd,
      sms: parseIncomingSms,
      'sms-delivery': parseDeliveryReport,
      'opt-out': parseOptOut,
      'airtime-validation': parseAirtimeValidation,
      'airtime-status': parseAirtimeStatus,
      // The answer to a SIM-swap question: nothing asks one yet, and a callback nobody waits for is acknowledged.
      'sim-swap': () => ({ kind: 'ignored' }),
    },
    formatReply,
    formatVerdict,
  }
}
