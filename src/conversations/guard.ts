import type { PartnerMoney } from '../security/partner-money.ts'
import type { PartnerTrust } from '../security/partner-trust.ts'
import type { Events } from '../telemetry/events.ts'

/** Why a hop goes no further: its partner is stopped, or there are more of them than there may be. */
export type Held = 'stopped' | 'busy'

/** What stands between a partner and the menus. */
export type Guard = {
  /** Counts a hop; null: it may go on. */
  readonly hold: (partner: string, isDial: boolean) => Held | null
  /** Takes an amount (minor units) out of what a partner's dialogues may still move; false: they may not. */
  readonly reserve: (partner: string, amount: bigint) => boolean
  readonly release: (partner: string, amount: bigint) => void
}

export type GuardDependencies = {
  readonly trust: ReadonlyMap<string, PartnerTrust>
  readonly isStopped: (partner: string) => boolean
  readonly money: Pick<PartnerMoney, 'reserve' | 'release'>
  readonly events: Pick<Events, 'hopHeld'>
  readonly now: () => number
}

export function makeGuard({ trust, isStopped, money, events, now }: GuardDependencies): Guard {
  const counts = { dials: makeRate(now), hops: makeRate(now) }

  function hold(partner: string, isDial: boolean): Held | null {
    if (isStopped(partner)) return 'stopped'
    const { dials = null, hops = null } = trust.get(partner)?.caps ?? {}
    if (isDial && !counts.dials(partner, dials)) return 'busy'
    return counts.hops(partner, hops) ? null : 'busy'
  }

  return {
    hold(partner, isDial) {
      const held = hold(partner, isDial)
      if (held !== null) events.hopHeld({ partner, why: held })
      return held
    },
    reserve: (partner, amount) => money.reserve(partner, amount) === null,
    release: money.release,
  }
}

/** Counts what comes within a second of the clock; false beyond `most`. Of this process alone, so that it costs a hop nothing. */
function makeRate(now: () => number): (name: string, most: number | null) => boolean {
  const seconds = new Map<string, { second: number; count: number }>()
  return (name, most) => {
    if (most === null) return true
    const second = Math.floor(now() / 1000)
    const known = seconds.get(name)
    const count = known?.second === second ? known.count + 1 : 1
    seconds.set(name, { second, count })
    return count <= most
  }
}
