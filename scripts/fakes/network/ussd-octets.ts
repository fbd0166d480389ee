/**
 * What each kind of USSD centre puts into its PDUs, octet by octet, as the vendors' customers have described it. Written down on its own:
 * the gateway's dialects are checked against it, so it must not be made from them.
 */
export type Spoken = {
  /** Operations are octets of ussd_service_op, or two letters in service_type. */
  readonly begin: number | string
  readonly answer: number | string
  /** `bit`: the lowest bit of the session; `bare`: no operation at all. */
  readonly abort: number | string
  readonly confirm: number | string | null
  readonly ask: number | string
  readonly last: number | string
  readonly pushAsk: number | string
  readonly pushNotice: number | string
  readonly pushLast: number | string
  readonly session: 'its_session_info' | 'user_message_reference' | null
  /** The lowest bit of the session ends a dialogue. */
  readonly endBit: boolean
  /** The second octet of the session counts the network's PDUs. */
  readonly counts: boolean
  readonly dialledIn: 'short_message' | 'destination_addr'
  /** Data coding of GSM-7. */
  readonly gsm7: number
  /** Answers come in data_sm, as message_payload. */
  readonly payload: boolean
  /** Wants the acknowledgement after the screen instead of before it. */
  readonly acknowledgedAfter: boolean
}

const MOST: Spoken = {
  ...{ begin: 1, answer: 18, abort: 129, confirm: 19 },
  ...{ ask: 2, last: 17, pushAsk: 2, pushNotice: 3, pushLast: 17 },
  ...{ session: 'its_session_info', endBit: true, counts: false, dialledIn: 'short_message' },
  ...{ gsm7: 15, payload: false, acknowledgedAfter: false },
}

const REFERENCED = { session: 'user_message_reference', endBit: false } as const

export const SPOKEN: Readonly<Record<string, Spoken>> = {
  standard: MOST,
  tata: { ...MOST, abort: 'bit', last: 2, pushLast: 2, gsm7: 0 },
  '6d': { ...MOST, dialledIn: 'destination_addr' },
  mica: { ...MOST, ...REFERENCED },
  huawei: { ...MOST, session: null, endBit: false },
  'service-type': {
    ...{ begin: 'BR', answer: 'CA', abort: 'AF', confirm: 'EA' },
    ...{ ask: 'CR', last: 'EF', pushAsk: 'BR', pushNotice: 'BN', pushLast: 'EF' },
    ...{ session: null, endBit: false, counts: false, dialledIn: 'short_message' },
    ...{ gsm7: 15, payload: false, acknowledgedAfter: false },
  },
  echo: { ...MOST, endBit: false, payload: true, acknowledgedAfter: true },
  'first-octet': { ...MOST, counts: true, pushLast: 3 },
  'notice-last': { ...MOST, ...REFERENCED, abort: 'bare', last: 3, pushLast: 3 },
}
