import type { PartnerStanding } from '../settlement/partners.ts'
import type { TroubleCount } from '../settlement/troubled.ts'
import type { Metrics } from '../telemetry/metrics.ts'

const STATES = ['closed', 'open', 'probing'] as const

/** What waits at each partner, for how long, and how its breaker stands; read when somebody looks. */
export function watchPartners(
  metrics: Metrics,
  read: {
    readonly partners: () => Promise<readonly PartnerStanding[]>
    readonly troubled: () => Promise<readonly TroubleCount[]>
  },
): void {
  metrics.measuredBy('partner_transfers_open', 'Transfers without an end', ['partner', 'state'], async () =>
    (await read.partners()).flatMap(({ partner, open }) =>
      open.map(({ state, count }) => [{ partner, state }, count] as const),
    ),
  )
  metrics.measuredBy(
    'partner_transfers_oldest_seconds',
    'Age of the oldest transfer without an end',
    ['partner', 'state'],
    async () =>
      (await read.partners()).flatMap(({ partner, open }) =>
        open.map(({ state, oldestS }) => [{ partner, state }, oldestS] as const),
      ),
  )
  metrics.measuredBy('partner_breaker', '1 for the state a breaker is in', ['partner', 'state'], async () =>
    (await read.partners()).flatMap(({ partner, breaker }) =>
      STATES.map((state) => [{ partner, state }, state === breaker ? 1 : 0] as const),
    ),
  )
  metrics.measured('transfers_troubled', 'Transfers that somebody should look at', 'why', async () =>
    Object.fromEntries((await read.troubled()).map(({ why, count }) => [why, count])),
  )
}
