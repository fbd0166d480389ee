/** How the fake provider misbehaves; nothing set: it behaves. */
export type GsmaTrouble = {
  /** Ends are told by callback where a URL for it came, and otherwise in the answer; `polling`: only to who asks. */
  readonly polling?: boolean
  /** Answers that much later. */
  readonly delayMs?: number
  /** Does its work and never answers. */
  readonly silent?: boolean
  /** Never sees the request: the connection breaks. */
  readonly unreachable?: boolean
  /** Refuses what is asked for, at once or, where it answers 202, in the end. */
  readonly refuse?: boolean
  /** Received, undecided; done once this is lifted. */
  readonly pending?: boolean
  /** Received, but neither answered nor to be found; done, and called back about, once this is lifted. */
  readonly hidden?: boolean
  /** Takes the payment and answers 503. */
  readonly status5xxAfterSuccess?: boolean
  /** Answers with something that is not JSON. */
  readonly garbage?: boolean
  /** Says another amount, in answers and callbacks. */
  readonly wrongAmount?: boolean
  /** Says another customer or number, in answers and callbacks. */
  readonly wrongParty?: boolean
  /** How often each callback is sent; once unless said. */
  readonly callbacks?: number
  /** How late each callback is. */
  readonly callbackDelayMs?: number
  /** Callbacks carry another correlation id. */
  readonly wrongCorrelation?: boolean
}
