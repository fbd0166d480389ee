import type { Secret } from '../../domain/secret.ts'

/** One account at one network, as `SMPP_LINKS` describes it. */
export type SmppLinkSettings = {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly systemId: string
  readonly password: Secret
  readonly bind: 'transceiver' | 'transmitter' | 'receiver'
  /** submit_sm without an answer at any time. */
  readonly window: number
  /** submit_sm a second; 0 for no limit. */
  readonly tps: number
  /** Digits of the international number, without `+`; none means all numbers. */
  readonly prefixes: readonly string[]
  readonly timings: SmppTimings
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
}

export const defaultTimings: SmppTimings = {
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 10_000,
  enquireEveryMs: 15_000,
  retryFirstMs: 500,
  retryLongestMs: 30_000,
  maxWaitMs: 10_000,
}
