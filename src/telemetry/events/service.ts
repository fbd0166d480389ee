import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** The process itself, its stores and its record. */
export type ServiceEvents = {
  /** Rows became leaves of the audit log. */
  readonly auditSequenced: (e: { leaves: number }) => void
  readonly auditNotSequenced: (e: { error: unknown }) => void
  readonly serviceChanged: (e: {
    state: 'starting' | 'ready' | 'stopping' | 'stopped'
    /** Of the callbacks. */
    port?: number | null
    operatorPort?: number
  }) => void
  readonly housekeepingFailed: (e: { error: unknown }) => void
  readonly connectionLost: (e: { store: 'postgres' | 'redis' | 'queue'; error: unknown }) => void
}

export function serviceEvents(log: Log, { counter }: Metrics): ServiceEvents {
  const lost = counter('store_connections_lost_total', 'Connections to the stores that broke', ['store'])
  const audited = counter('audit_leaves_total', 'Rows that became leaves of the audit log', [])
  const auditFailures = counter('audit_failures_total', 'Batches of the audit log that could not be added', [])
  return {
    auditSequenced({ leaves }) {
      audited({}, leaves)
      log.debug({ event: 'audit_sequenced', leaves })
    },
    auditNotSequenced({ error }) {
      auditFailures({})
      log.error({ event: 'audit_not_sequenced', error })
    },
    serviceChanged: ({ state, port, operatorPort }) =>
      log.info({ event: 'service_changed', state, port, operatorPort }),
    housekeepingFailed: ({ error }) => log.error({ event: 'housekeeping_failed', error }),
    connectionLost({ store, error }) {
      lost({ store })
      log.error({ event: 'connection_lost', store, error })
    },
  }
}
