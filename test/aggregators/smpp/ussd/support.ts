import { openSmppLink, type SmppLink } from '../../../../src/aggregators/smpp/link.ts'
import { standardProfile } from '../../../../src/aggregators/smpp/profiles.ts'
import { defaultTimings } from '../../../../src/aggregators/smpp/settings.ts'
import type { UssdDialect } from '../../../../src/aggregators/smpp/ussd/dialect.ts'
import type { UssdDialogues } from '../../../../src/aggregators/smpp/ussd/dialogues.ts'
import { Secret } from '../../../../src/domain/secret.ts'

/** A link to a port of this machine over which these dialogues are held. */
export function ussdLinkTo(port: number, dialect: UssdDialect, dialogues: UssdDialogues, binds: number = 1): SmppLink {
  const link: SmppLink = openSmppLink(
    {
      ...{ name: 'mno1', host: '127.0.0.1', port, tls: null, systemId: 'demo', password: new Secret('demo') },
      ...{ bind: 'transceiver', binds, window: 100, tps: 0, prefixes: ['2547'], from: null, cost: null },
      ...{ profile: standardProfile, ussd: dialect },
      timings: { ...defaultTimings, responseTimeoutMs: 300, retryFirstMs: 20, retryLongestMs: 100 },
    },
    {
      onDeliveryReport: async () => undefined,
      onMessage: async () => undefined,
      onUssd: (pdu, bind) => dialogues.hear({ dialect, link }, pdu, bind),
    },
  )
  return link
}
