import type { Msisdn } from '../domain/msisdn.ts'
import type { DeliveryReport, IncomingSms, MessagePart } from './aggregator.ts'

/** Where a link is paced, codes go before what is about the subscriber's own account, and that before what many are told at once. */
export type SmsPriority = 'code' | 'receipt' | 'bulk'

/** One message to one phone, as a link is asked to send it. */
export type SmsMessage = {
  /** The outbox row's id. */
  readonly id: string
  readonly to: Msisdn
  /** Sender name or short code. */
  readonly from: string
  /** May hold a one-time code. */
  readonly text: string
  readonly priority: SmsPriority
  /** Shown at once and kept by no phone (class 0), where the link can; only for what asks for it. */
  readonly flash: boolean
  /** Set where the text is one part of a longer message that a client cut itself: sent as one short message with this place in its header. */
  readonly part?: MessagePart
  /** After that long the network may throw the message away. */
  readonly validForMs: number
}

/**
 * What became of handing a message over. `refused`: surely not sent; `retry` says whether a later attempt or another link may
 * succeed. `unknown`: it may or may not have been taken (no answer, a lost connection), so it must not be sent again; the ids are
 * those of the parts that were answered.
 */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly providerIds: readonly string[]; readonly segments: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly retry: boolean }
  | { readonly kind: 'unknown'; readonly cause: string; readonly providerIds: readonly string[] }

/** A way to send SMS: an SMPP link or an aggregator's API. */
export type SmsLink = {
  readonly name: string
  /** Digits of the international number, without `+`, that this link is preferred for; none means all. */
  readonly prefixes: readonly string[]
  /** Set where one delivery report comes for all parts of a long message; otherwise one comes for each. */
  readonly reports?: 'per_message'
  isUp(): boolean
  /** Never rejects; always settles within the link's deadlines. */
  send(message: SmsMessage): Promise<SendOutcome>
}

/** Who hears of what a link receives. The network gets its acknowledgement when the promise resolves and keeps the message when it rejects. */
export type LinkListeners = {
  onDeliveryReport(report: DeliveryReport): Promise<void>
  onMessage(message: IncomingSms): Promise<void>
  onState?(state: LinkState): void
}

/** `reason` is safe to log: no number, text or password. */
export type LinkState = { readonly link: string; readonly up: boolean; readonly reason: string }
