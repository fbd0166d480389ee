/** SQLSTATE classes in which nothing is wrong with what was asked: connection, resources, an operator, a lost race. */
const OUTAGE_CLASSES = new Set(['08', '25', '40', '53', '55', '57', '58'])
/** What the client library says without a code. */
const LOST =
  /connection terminated|connection error|timeout exceeded when trying to connect|read timeout|not queryable|pool after calling end/i

/** Whether the database was away, overloaded or lost a race, so that the same again may well pass. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = sqlstateOf(error)
  if (code !== null) return OUTAGE_CLASSES.has(code.slice(0, 2))
  return LOST.test(error.message) || ('syscall' in error && 'code' in error)
}

/** PostgreSQL's code of an error, or null where it is not PostgreSQL's. */
export function sqlstateOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !('syscall' in (error as Error)) ? code : null
}
