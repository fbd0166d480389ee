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
  /** The sender is the message's own, and no link puts another in its place. */
  readonly isOwnSender?: true
  /** May hold a one-time code. */
  readonly text: string
  readonly priority: SmsPriority
  /** Shown at once and kept by no phone (class 0), where the link can; only for what asks for it. */
  readonly flash: boolean
  /** Goes with the first part, counting on with the others, so that a delivery report without a usable id finds its message; 16 bits. */
  readonly reference?: number
  /** Set where the text is one part of a longer message that a client cut itself: sent as one short message with this place. */
  readonly part?: MessagePart
  /** After that long the network may throw the message away. */
  readonly validForMs: number
}

/**
 * What became of handing a message over. `refused`: surely not sent, no part of it; `retry` says whether a later attempt may succeed;
 * `scope: 'link'` that the refusal is about this link and says nothing of others, where it is final here. `unknown`: it may or may not
 * have been taken (no answer, a lost connection), or only some of its parts were, so it must not be sent again. Ids stand in the order
 * of the parts, empty where a part got none; no ids at all is none known.
 */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly providerIds: readonly string[]; readonly segments: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly retry: boolean; readonly scope?: 'link' }
  | { readonly kind: 'unknown'; readonly cause: string; readonly providerIds: readonly string[] }

/** A way to send SMS: an SMPP link or an aggregator's API. */
export type SmsLink = {
  readonly name: string
  /** Digits of the international number, without `+`, that this link is preferred for; none means all. */
  readonly prefixes: readonly string[]
  /** Set where one delivery report comes for all parts of a long message; otherwise one comes for each. */
  readonly reports?: 'per_message'
  /** What one segment costs, in minor units of the market's currency; null or left out where it is not known. */
  readonly cost?: bigint | null
  /** Whether it takes messages now. */
  isUp(): boolean
  /** Short messages that its network counts for a text, where that is not GSM-7 or UCS-2 with headers of six octets. */
  segments?(text: string): number
  /** Only for links that can stop by themselves; the others are left out of the routing while they shall not send. */
  setMode?(mode: LinkMode): void
  status?(): LinkStatus
  /** Never rejects; always settles within the link's deadlines. */
  send(message: SmsMessage): Promise<SendOutcome>
}

/** Who hears of what a link receives. The network gets its acknowledgement when the promise resolves and keeps the message when it rejects. */
export type LinkListeners = {
  onDeliveryReport(report: DeliveryReport): Promise<void>
  onMessage(message: IncomingSms): Promise<void>
  /** The acknowledgement of a message that was taken has left: the network has no reason to send it again. */
  onAcknowledged?(message: IncomingSms): void
  onState?(state: LinkState): void
  /** The network asked for patience, and gets it for so long. */
  onThrottled?(event: { readonly link: string; readonly pauseMs: number }): void
  /** A submit came to its end. */
  onSubmitted?(event: {
    readonly link: string
    readonly outcome: 'accepted' | 'refused' | 'unknown'
    readonly durationMs: number
  }): void
}

/**
 * A bind of a link was made or lost (`bound`); `up`: whether one or more are left. `reason` is safe to log: no number, text or password.
 */
export type LinkState = {
  readonly link: string
  readonly bind: number
  readonly bound: boolean
  readonly up: boolean
  readonly reason: string
}

/**
 * What an operator wants of a link. `suspended`: it takes no more messages, what waits goes elsewhere, and it stays bound, so that
 * receipts and messages from phones still come. `drained`: it takes no more, sends what waits, and then unbinds.
 */
export type LinkMode = 'active' | 'suspended' | 'drained'

/** `waiting`: for the next try; `closed`: not wanted. */
export type BindState = 'connecting' | 'binding' | 'bound' | 'waiting' | 'closed'

/** How a link is now, in this process. */
export type LinkStatus = {
  readonly mode: LinkMode
  /** Each connection: its state, and submits without an answer of at most `window`. */
  readonly binds: readonly { readonly state: BindState; readonly inFlight: number }[]
  readonly window: number
  /** PDUs that wait for their turn. */
  readonly waiting: Readonly<Record<SmsPriority, number>>
  /** Whether it holds back because the network asked for patience. */
  readonly paused: boolean
}
