import type { Msisdn } from '../../../domain/msisdn.ts'
import type { Secret } from '../../../domain/secret.ts'
import type { MessagePart } from '../../aggregator.ts'

export type BindType = 'transmitter' | 'receiver' | 'transceiver'

/** Somebody who may bind to our server, and what they may do there. */
export type SmppAccount = {
  readonly id: string
  readonly systemId: string
  readonly bindTypes: readonly BindType[]
  readonly maxBinds: number
  /** Submits a second over all binds. */
  readonly tps: number
  /** Submits of one bind without an answer at any time. */
  readonly window: number
  /** As `SmsMessage.from` is written; `*` for all. The first is taken where a submit names none. */
  readonly senders: readonly string[]
  /** Digits of international numbers, without `+`; none means all numbers. */
  readonly prefixes: readonly string[]
  readonly suspended: boolean
}

/** An address with type of number and numbering plan, as the client wrote it (SMPP 3.4 §5.2.5, §5.2.6). */
export type ClientAddress = { readonly ton: number; readonly npi: number; readonly address: string }

/** One submit_sm or data_sm that may be sent. */
export type ClientMessage = {
  readonly to: Msisdn
  readonly from: string
  readonly text: Secret
  /** Its place, where the client cut a longer message itself. */
  readonly part: MessagePart | null
  readonly flash: boolean
  /** As the network counts and we charge them. */
  readonly segments: number
  /** Bits 0 and 1 of registered_delivery (SMPP 5.0 §4.7.21): 0 none, 1 always, 2 for failures, 3 for successes. */
  readonly registered: number
  /** Null: at once. */
  readonly notBefore: Date | null
  /** Null: as long as we usually try. */
  readonly expiresAt: Date | null
  readonly source: ClientAddress
  readonly destination: ClientAddress
  /** user_message_reference, given back in the receipt. */
  readonly userReference: number | null
}

/** `no_volume`: what is left is less than its segments; `suspended`: or removed, meanwhile. Neither took anything. */
export type AcceptOutcome =
  | { readonly kind: 'accepted'; readonly messageId: string }
  | { readonly kind: 'no_volume' | 'suspended' }

export type FinalState = 'delivered' | 'failed' | 'expired' | 'refused' | 'unknown'

/** Where an account's message stands. */
export type MessageStanding = {
  readonly messageId: string
  readonly state: 'scheduled' | 'enroute' | 'cancelled' | FinalState
  /** When it reached a final state. */
  readonly finalAt: Date | null
  /** The network's code of a failure as it reported it, `045`; null where it said none. */
  readonly errorCode: string | null
}

/** What waits for an account. */
export type Delivery =
  | {
      readonly kind: 'receipt'
      readonly id: bigint
      readonly standing: MessageStanding
      readonly submittedAt: Date
      readonly source: ClientAddress
      readonly destination: ClientAddress
      readonly userReference: number | null
    }
  | {
      readonly kind: 'message'
      readonly id: bigint
      readonly from: Msisdn
      readonly to: string
      readonly text: Secret
      readonly part: MessagePart | null
    }

/** What the server asks of those who keep accounts and messages. Everything may reject; then the client is asked to come again. */
export type AccountBook = {
  /** `busy`: too many wait for their password to be checked. */
  authenticate(systemId: string, password: Secret): Promise<SmppAccount | 'refused' | 'busy'>
  /** As it is now; null once removed. */
  reload(accountId: string): Promise<SmppAccount | null>
  /** Resolves once the message is committed, together with what it takes off the account's volume. */
  accept(account: SmppAccount, message: ClientMessage): Promise<AcceptOutcome>
  find(account: SmppAccount, messageId: string): Promise<MessageStanding | null>
  /** `too_late`: on its way, or settled. */
  cancel(account: SmppAccount, messageId: string): Promise<'cancelled' | 'too_late' | 'unknown_id'>
  /** The next ones in order, kept from everybody else for `leaseMs`; none while an earlier one is with somebody or waits for its time. */
  takeDeliveries(account: SmppAccount, limit: number, leaseMs: number): Promise<readonly Delivery[]>
  acknowledge(ids: readonly bigint[]): Promise<void>
  /** Not before that long from now. */
  postpone(ids: readonly bigint[], delayMs: number): Promise<void>
}

/** What the server tells telemetry. */
export type ServerEvents = {
  /** `binds`: how many of this kind the account now has. */
  onBinds(e: { account: string; bind: BindType; binds: number; cause: string }): void
  /** `reason` is one of a few words; the system_id of a stranger is not told. */
  onBindRefused(e: { reason: string }): void
  /** `status`: `ESME_ROK`, `ESME_RTHROTTLED`, …. */
  onAnswered(e: { account: string; command: string; status: string }): void
  onDelivered(e: {
    account: string
    what: Delivery['kind']
    outcome: 'acknowledged' | 'postponed' | 'refused' | 'unanswered'
  }): void
  onFailed(e: { error: unknown }): void
}
