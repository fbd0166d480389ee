import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** Clients of our SMPP server. */
export type ClientEvents = {
  readonly clientBound: (e: { account: string; bind: string; binds: number; cause: string }) => void
  /** The name that a stranger gave is not told. */
  readonly clientRefused: (e: { reason: string }) => void
  readonly clientAnswered: (e: { account: string; command: string; status: string }) => void
  readonly clientDelivered: (e: { account: string; what: string; outcome: string }) => void
  readonly clientFailed: (e: { error: unknown }) => void
}

export function clientEvents(log: Log, { counter, gauge }: Metrics): ClientEvents {
  const binds = gauge('smpp_server_binds', 'Binds of clients', ['account', 'bind'])
  const refused = counter('smpp_server_binds_refused_total', 'Connections and binds refused', ['reason'])
  const answers = counter('smpp_server_answers_total', 'Requests of clients answered', ['account', 'command', 'status'])
  const delivered = counter('smpp_server_deliveries_total', 'Receipts and messages handed to clients', [
    'account',
    'what',
    'outcome',
  ])
  return {
    clientBound({ account, bind, binds: count, cause }) {
      binds({ account, bind }, count)
      log.info({ event: 'client_bound', account, bind, binds: count, cause })
    },
    clientRefused({ reason }) {
      refused({ reason })
      log.warn({ event: 'client_refused', reason })
    },
    clientAnswered({ account, command, status }) {
      answers({ account, command, status })
      log.debug({ event: 'client_answered', account, command, status })
    },
    clientDelivered({ account, what, outcome }) {
      delivered({ account, what, outcome })
      log.debug({ event: 'client_delivered', account, what, outcome })
    },
    clientFailed: ({ error }) => log.error({ event: 'client_failed', error }),
  }
}
