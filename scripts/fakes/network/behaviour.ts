/** How the fake network treats the next messages. Everything can be changed while it runs, here or by `POST /control`. */
export type Behaviour = {
  /** Status every submit is refused with, `ESME_RINVDSTADR`; null for none. */
  refuse: string | null
  /** Submits a second beyond which the answer is ESME_RTHROTTLED; 0 for no limit. */
  throttleAbove: number
  /** Pause before each answer to a submit. */
  delayMs: number
  /** Takes messages, delivers them, and never answers. */
  loseResponses: boolean
  /** Does not read its sockets: connected, and as good as dead. */
  frozen: boolean
  receipts: 'text' | 'tlv' | 'both' | 'none'
  receiptDelayMs: number
  /** What receipts say: `DELIVRD`, `UNDELIV`, `EXPIRED`, `REJECTD`, … */
  receiptState: string
  /** The receipt comes before the answer to its submit. */
  receiptEarly: boolean
  receiptTwice: boolean
  /** How the answer and the receipt write one id. */
  ids: 'same' | 'hex-then-decimal' | 'decimal-then-hex' | 'upper' | 'padded'
  /** Recipient status code of the HTTP interface: 101 is taken, 403 a bad number, 500 try again, … */
  httpStatusCode: number
  /** The HTTP interface takes the message and then: answers, answers 502, or never answers. */
  httpAnswer: 'normal' | 'error-after-taking' | 'silent'
}

export const ordinaryBehaviour: Readonly<Behaviour> = {
  refuse: null,
  throttleAbove: 0,
  delayMs: 0,
  loseResponses: false,
  frozen: false,
  receipts: 'text',
  receiptDelayMs: 20,
  receiptState: 'DELIVRD',
  receiptEarly: false,
  receiptTwice: false,
  ids: 'same',
  httpStatusCode: 101,
  httpAnswer: 'normal',
}

/** Reads changes from JSON; a sentence says what is wrong with them. */
export function readBehaviour(changes: unknown): Partial<Behaviour> | string {
  if (typeof changes !== 'object' || changes === null) return 'send a JSON object'
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in ordinaryBehaviour))
      return `${name} is not known; known are ${Object.keys(ordinaryBehaviour).join(', ')}`
    const ordinary = ordinaryBehaviour[name as keyof Behaviour]
    if (typeof value !== typeof ordinary && !(name === 'refuse' && (value === null || typeof value === 'string'))) {
      return `${name} is a ${typeof ordinary}`
    }
  }
  return changes as Partial<Behaviour>
}
