/** What the server puts up with; tests make some of it shorter. */
export type ServerLimits = {
  /** Connections at any time, bound or not, and of one address. */
  readonly maxConnections: number
  readonly maxPerAddress: number
  /** From the connection, TLS included, to a bind that was accepted. */
  readonly bindTimeoutMs: number
  /** The rest of a PDU must come within that. */
  readonly partialTimeoutMs: number
  /** How often a client is asked whether it is there; no answer within the same time closes the connection. */
  readonly enquireEveryMs: number
  readonly responseTimeoutMs: number
  /** A refused bind is answered after that long, and the connection closed. */
  readonly refusalDelayMs: number
  /** Refused binds in a minute from one address, and for one system_id from addresses that never got in. */
  readonly failuresPerAddress: number
  readonly failuresPerSystemId: number
  /** PDUs without sense on one connection; more close it. */
  readonly maxNonsense: number
  /** Requests of all clients at the database at any time, and waiting for it. */
  readonly maxAtWork: number
  readonly maxWaiting: number
  /** How often bound accounts are read again: limits changed, suspended, removed. */
  readonly reloadEveryMs: number
  /** How often it is looked for what waits for bound accounts. */
  readonly deliverEveryMs: number
}

export const defaultLimits: ServerLimits = {
  maxConnections: 500,
  maxPerAddress: 50,
  bindTimeoutMs: 10_000,
  partialTimeoutMs: 10_000,
  enquireEveryMs: 30_000,
  responseTimeoutMs: 10_000,
  refusalDelayMs: 1_000,
  failuresPerAddress: 10,
  failuresPerSystemId: 30,
  maxNonsense: 20,
  maxAtWork: 8,
  maxWaiting: 2_000,
  reloadEveryMs: 5_000,
  deliverEveryMs: 500,
}
