import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** Whom we ask and who calls us: billers, providers, aggregators. */
export type PartnerEvents = {
  readonly billerCalled: (e: {
    biller: string
    call: 'check' | 'pay' | 'query' | 'reverse'
    outcome: string
    durationMs: number
  }) => void
  /** A partner's breaker went from one state to another. */
  readonly partnerMoved: (e: { partner: string; to: 'closed' | 'open' | 'probing' }) => void
  /** Somebody was refused where partners call; `recorded`: the first in a minute, the others are only counted. */
  readonly partnerRefused: (e: { partner: string; reason: string; recorded: boolean }) => void
  /** An operator's order is in force in this process. */
  readonly partnerOrdered: (e: { partner: string; mode: string; by: string }) => void
  readonly partnerOrdersNotRead: (e: { error: unknown }) => void
  /** A dialogue would have passed how much money a partner may bring; `first`: in a while. */
  readonly partnerCapped: (e: { partner: string; cap: string; first: boolean }) => void
  /** At the start: what is demanded of a partner that calls us. */
  readonly partnerTrusted: (e: { trust: string }) => void
  /** A partner let something be known by itself; `unknown`: about nothing of ours. */
  readonly partnerHeard: (e: { partner: string; said: string; outcome: 'known' | 'repeated' | 'unknown' }) => void
  readonly providerCalledBack: (e: { provider: string; outcome: string }) => void
}

export function partnerEvents(log: Log, { counter, gauge, durations }: Metrics): PartnerEvents {
  const billers = durations('biller_call_duration_seconds', 'Time of calls to billers', ['biller', 'call', 'outcome'])
  const partners = counter('partner_breaker_moves_total', "Moves of partners' breakers", ['partner', 'to'])
  const stopped = gauge('partner_stopped', '1 while a partner is stopped by order', ['partner'])
  const capped = counter(
    'partner_capped_total',
    'Confirmations refused since a partner brought more money than it may',
    ['partner', 'cap'],
  )
  const refusals = counter('partner_refusals_total', 'Requests to the paths of partners that were refused', [
    'partner',
    'reason',
  ])
  const hints = counter('partner_callbacks_total', 'What partners let be known by themselves', [
    'partner',
    'said',
    'outcome',
  ])
  const callbacks = counter('provider_callbacks_total', 'Callbacks of account providers', ['provider', 'outcome'])
  return {
    billerCalled({ biller, call, outcome, durationMs }) {
      billers({ biller, call, outcome }, durationMs)
      log.info({ event: 'biller_called', biller, call, outcome, durationMs })
    },
    partnerMoved({ partner, to }) {
      partners({ partner, to })
      log[to === 'open' ? 'error' : 'warn']({ event: 'partner_moved', partner, to })
    },
    partnerRefused({ partner, reason, recorded }) {
      refusals({ partner, reason })
      if (recorded) log.warn({ event: 'partner_refused', partner, reason })
    },
    partnerOrdered({ partner, mode, by }) {
      stopped({ partner }, mode === 'stopped' ? 1 : 0)
      log.warn({ event: 'partner_ordered', partner, mode, by })
    },
    partnerOrdersNotRead: ({ error }) => log.error({ event: 'partner_orders_not_read', error }),
    partnerCapped({ partner, cap, first }) {
      capped({ partner, cap })
      if (first) log.error({ event: 'partner_capped', partner, cap })
    },
    partnerTrusted: ({ trust }) => log.info({ event: 'partner_trusted', trust }),
    partnerHeard({ partner, said, outcome }) {
      hints({ partner, said, outcome })
      log[outcome === 'unknown' ? 'warn' : 'info']({ event: 'partner_heard', partner, said, outcome })
    },
    providerCalledBack({ provider, outcome }) {
      callbacks({ provider, outcome })
      log[outcome === 'case' || outcome === 'not_ours' ? 'warn' : 'info']({
        event: 'provider_called_back',
        provider,
        outcome,
      })
    },
  }
}
