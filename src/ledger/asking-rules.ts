/** How long people may ask things of each other. */
export type AskingRules = {
  /** How long after it a transfer may be asked back, and how long its payee has to answer. */
  readonly reversalWindowMs: number
  readonly reversalOpenMs: number
  /** How long a request for money waits for its answer. */
  readonly requestOpenMs: number
}
