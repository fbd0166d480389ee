import type { Secret } from '../../domain/secret.ts'
import type { SmppProfile } from './profiles.ts'
import type { UssdDialect } from './ussd/dialect.ts'

/** One account at one network, as `SMPP_LINKS` describes it. */
export type SmppLinkSettings = {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Null: without TLS. It is always verified. */
  readonly tls: SmppTls | null
  readonly systemId: string
  readonly password: Secret
  readonly bind: 'transceiver' | 'transmitter' | 'receiver'
  /** Connections at the same time, which share the pace and have a window each. */
  readonly binds: number
  /** submit_sm without an answer at any time, on each connection. */
  readonly window: number
  /** submit_sm a second over all connections; 0 for no limit. */
  readonly tps: number
  /** Digits of the international number, without `+`; none means all numbers. */
  readonly prefixes: readonly string[]
  /** Who messages over this link come from; null: as for all links. */
  readonly from: string | null
  /** What one segment costs, in minor units of the market's currency; null where it is not known. */
  readonly cost: bigint | null
  readonly profile: SmppProfile
  readonly timings: SmppTimings
  /** How the network does USSD over this link; left out where it carries none. */
  readonly ussd?: UssdDialect
}

export type SmppTls = {
  /** PEM: the only authority that is believed; null for those that Node brings. */
  readonly ca: string | null
  /** The name that the certificate must be for. */
  readonly servername: string
}

export type SmppTimings = {
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  /** How often the peer is asked whether it is there; without an answer within the same time the connection is closed. */
  readonly enquireEveryMs: number
  /** First pause before another try; doubled each time up to the longest, each shortened at random by up to half. */
  readonly retryFirstMs: number
  readonly retryLongestMs: number
  /** How long a message may wait for its turn before it goes elsewhere. */
  readonly maxWaitMs: number
  /** The same for what many are told at once: well below the time after which a worker is taken for dead. */
  readonly maxBulkWaitMs: number
}

export const defaultTimings: SmppTimings = {
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 10_000,
  enquireEveryMs: 15_000,
  retryFirstMs: 500,
  retryLongestMs: 30_000,
  maxWaitMs: 10_000,
  maxBulkWaitMs: 40_000,
}
