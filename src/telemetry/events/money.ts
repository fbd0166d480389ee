import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** Transfers, what is done about them in time, and days. */
export type MoneyEvents = {
  readonly transferMoved: (e: { id: string; kind: string; to: string }) => void
  readonly settlementFailed: (e: { id: string; error: unknown }) => void
  readonly swept: (e: { what: 'transfers' | 'sms'; count: number }) => void
  readonly sweepFailed: (e: {
    what: 'transfers' | 'sms' | 'reversals' | 'decisions' | 'standing orders' | 'provider reversals'
    error: unknown
  }) => void
  /** `deed`: what became of one time that an ordered transfer was due. */
  readonly standingDone: (e: { id: string; deed: string }) => void
  readonly dayClosed: (e: { day: string; digest: string }) => void
  /** The books contradict themselves; `wrong` names the checks that say so. */
  readonly dayNotClosed: (e: { day: string; wrong: readonly string[] }) => void
  readonly dayCloseFailed: (e: { error: unknown }) => void
}

export function moneyEvents(log: Log, { counter }: Metrics): MoneyEvents {
  const moves = counter('transfer_states_total', 'States that transfers reached', ['kind', 'state'])
  const failures = counter('settlement_failures_total', 'Settlement runs that threw', [])
  const sweeps = counter('swept_total', 'Rows whose job was lost and rung for again', ['what'])
  const ordered = counter('standing_orders_total', 'What became of ordered transfers that were due', ['deed'])
  const closes = counter('ledger_day_closes_total', 'Days that were closed, or should have been', ['outcome'])
  return {
    transferMoved({ id, kind, to }) {
      moves({ kind, state: to })
      log.info({ event: 'transfer_moved', id, kind, to })
    },
    settlementFailed({ id, error }) {
      failures({})
      log.error({ event: 'settlement_failed', id, error })
    },
    swept({ what, count }) {
      sweeps({ what }, count)
      log.info({ event: 'swept', what, count })
    },
    sweepFailed: ({ what, error }) => log.error({ event: 'sweep_failed', what, error }),
    standingDone({ id, deed }) {
      ordered({ deed })
      log.info({ event: 'standing_done', id, deed })
    },
    dayClosed({ day, digest }) {
      closes({ outcome: 'closed' })
      log.info({ event: 'day_closed', day, digest })
    },
    dayNotClosed({ day, wrong }) {
      closes({ outcome: 'unproven' })
      log.error({ event: 'day_not_closed', day, wrong })
    },
    dayCloseFailed({ error }) {
      closes({ outcome: 'failed' })
      log.error({ event: 'day_close_failed', error })
    },
  }
}
