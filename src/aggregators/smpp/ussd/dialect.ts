/** What a PDU of the network's means. `confirmed`: a screen that wants no answer was shown. */
export type UssdMeaning = 'begin' | 'answer' | 'abort' | 'confirmed'

/**
 * What we show: a question and the last screen of a dialogue; in one that we begin, its first screen with or without a question, and
 * its last.
 */
export type UssdShow = 'ask' | 'last' | 'pushAsk' | 'pushNotice' | 'pushLast'

/**
 * How one vendor does USSD over SMPP. SMPP names the parameters (5.0 §4.8.4.64 `ussd_service_op`, 3.4 §5.3.2.43 `its_session_info`) and
 * says neither what a dialogue is nor how it ends, so each vendor answers for itself.
 */
export type UssdDialect = {
  readonly name: string
  /** Where the operation stands: an octet in a TLV, or letters in `service_type`. */
  readonly operation: 'ussd_service_op' | 'service_type'
  /** By the operation as it is received; others are refused. */
  readonly incoming: Readonly<Record<string, UssdMeaning>>
  /** The operation that each screen is sent with; null: the peer has none, so such a screen cannot be shown. */
  readonly outgoing: Readonly<Record<UssdShow, number | string | null>>
  /** Whether a PDU with a session and without an operation says that the subscriber has left. */
  readonly bareIsAbort: boolean
  /** Fields that every submit_sm carries besides, such as `service_type`. */
  readonly fields: Readonly<Record<string, number | string>>
  /** What names a session beside the number, and how much of it; null: nothing does. */
  readonly session: UssdSessionTlv | null
  /** Where the dialled string stands; in the other place where this one is empty. */
  readonly code: 'short_message' | 'destination_addr'
  readonly dataCoding: { readonly gsm7: number; readonly ucs2: number }
  /** Whether the network wants the answer to its deliver_sm before the screen is submitted, or after the screen was taken. */
  readonly acknowledge: 'before' | 'after'
  /** What a session is called that the network has not named yet: zero, or the TLV is left out. Null: the peer takes no push. */
  readonly push: 'zero' | 'none' | null
  /** A dialogue without an answer for so long is over, whether or not the network says so. */
  readonly silenceMs: number
}

export type UssdSessionTlv = {
  readonly tlv: 'its_session_info' | 'user_message_reference'
  /** The bits of its two octets that stay the same through a dialogue. */
  readonly mask: number
  /** Whether the lowest bit ends the dialogue, in what is received and in what is sent; otherwise the value is echoed as it came. */
  readonly endBit: { readonly in: boolean; readonly out: boolean }
}
