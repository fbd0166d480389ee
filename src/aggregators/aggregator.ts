import type { Currency } from '../domain/money.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Secret } from '../domain/secret.ts'
import type { HopOutcome } from '../telemetry/events.ts'

/** One request of a USSD dialogue, as every aggregator's file hands it to the conversation. */
export type UssdRequest = {
  readonly aggregator: string
  /** The aggregator's own name for the session; not trusted to be unique for ever. */
  readonly sessionId: string
  readonly msisdn: Msisdn
  /** As dialled without what follows the service's own code, `*384#`. */
  readonly serviceCode: string
  /**
   * Every input of the session so far, joined by `*`, and empty at the dial; where `single` is set, the input of this hop alone. May
   * hold a PIN.
   */
  readonly text: Secret
  readonly single?: SingleInput
}

/** What is known of an input that came alone, from a network that does not number its hops. */
export type SingleInput = {
  /** `begin`: `text` is what was dialled after the code, as it would be in a cumulative first hop. */
  readonly kind: 'begin' | 'answer'
  /** The network surely has our last screen and our acknowledgement, so this is no repeat of what it sent before. */
  readonly fresh: boolean
  /** A beginning of ours: it never takes the place of a dialogue that is on the phone. */
  readonly pushed?: true
  /** What such a beginning offers: the id of the message held in the outbox that goes instead where nobody answers. */
  readonly offer?: string
  /** What the session was called before the network named it: one that we began ourselves. */
  readonly alias?: string
}

/** One screen: its words, and whether the session ends with it. */
export type UssdReply = { readonly text: string; readonly end: boolean }

/** The network's word that a session is over. */
export type UssdEnd = {
  readonly aggregator: string
  readonly sessionId: string
  readonly msisdn: Msisdn
  readonly status: 'completed' | 'dropped' | 'failed'
  /** Unix milliseconds: the network said nothing, and this process hears nothing since. A dialogue that went on elsewhere is not over. */
  readonly silentSinceMs?: number
  /** As in the request. */
  readonly alias?: string
}

/** A hop's answer and what kind of answer it is; only `answered` is a screen that was not given before. */
export type UssdTurn = { readonly reply: UssdReply; readonly outcome: HopOutcome }

/** One part of a long message as it arrived; parts of one message share sender, destination, reference and total. */
export type MessagePart = { readonly reference: number; readonly total: number; readonly number: number }

/** An SMS from a phone, whole or one part of it. */
export type IncomingSms = {
  /** Which way it came. */
  readonly link: string
  /** What the network calls it; null where it gives no name (SMPP), so that only its content tells a copy of it. */
  readonly id: string | null
  readonly from: Msisdn
  readonly to: string
  readonly text: Secret
  readonly part?: MessagePart
}

/** What became of an SMS of ours. `pending` is not final. */
export type DeliveryReport = {
  readonly link: string
  /** The network's id of the message; empty where the report names none. */
  readonly providerId: string
  /** The reference that our submit carried, where the report gives it back; 16 bits. */
  readonly reference?: number
  readonly state: 'pending' | 'delivered' | 'failed'
  readonly reason: string | null
  /** The phone it is about where the network says so: ids wrap around and change base, and must not be mixed up. */
  readonly to?: Msisdn
}

/** Airtime that we bought, as who sells it tells us; `amount` in minor units. */
export type AirtimeSale = {
  /** The seller's own name for it. */
  readonly requestId: string
  readonly number: Msisdn
  readonly amount: bigint
  readonly currency: Currency
}

/** What a callback turned out to be. `bad`: a sentence for the one who sent it, without anything of what was sent. */
export type Callback =
  | { readonly kind: 'ussd'; readonly request: UssdRequest }
  | { readonly kind: 'ussd_end'; readonly end: UssdEnd }
  | { readonly kind: 'sms'; readonly message: IncomingSms }
  | { readonly kind: 'delivery'; readonly report: DeliveryReport }
  | { readonly kind: 'opt_out'; readonly link: string; readonly number: Msisdn }
  /** Asks whether we bought that; answered by `formatVerdict`. */
  | { readonly kind: 'airtime_validation'; readonly sale: AirtimeSale }
  | {
      readonly kind: 'airtime_status'
      readonly sale: AirtimeSale
      readonly status: 'succeeded' | 'failed' | 'pending'
    }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'bad'; readonly problem: string }

/**
 * A partner that calls us over HTTP: `POST /<name>/<key>/<callback>` with a form. One file (or folder) and one line in registry.ts;
 * the wire files in test/wire/<name>/ are its conformance test.
 */
export type Aggregator = {
  readonly name: string
  /** Callback name, the last part of the path → parser of its form. */
  readonly callbacks: Readonly<Record<string, (form: URLSearchParams) => Callback>>
  /** A screen in the partner's own bytes; answered with status 200. */
  readonly formatReply: (reply: UssdReply) => { readonly contentType: string; readonly body: string }
  /** Whether we know a sale that it asked about. */
  readonly formatVerdict: (known: boolean) => { readonly contentType: string; readonly body: string }
}
