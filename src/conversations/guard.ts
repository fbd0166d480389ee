import type { Msisdn } from '../domain/msisdn.ts'
import type { PartnerMoney } from '../security/partner-money.ts'
import type { PartnerTrust } from '../security/partner-trust.ts'
import type { Events } from '../telemetry/events.ts'

import type { MachineSpeed } from './pace.ts'

/** Why a hop goes no further: its partner is stopped, or there are more of them than there may be. */
export type Held = 'stopped' | 'busy'

/** What stands between a partner and the menus. */
export type Guard = {
  /** Counts a hop; null: it may go on. */
  readonly hold: (partner: string, isDial: boolean) => Held | null
  /** Counts a dialogue that a number begins; false: it has begun as many in this minute as it may. */
  readonly mayBegin: (number: Msisdn) => boolean
  readonly machineSpeed: MachineSpeed
  /** Takes an amount (minor units) out of what a partner's dialogues may still move; false: they may not. */
  readonly reserve: (partner: string, amount: bigint) => boolean
  readonly release: (partner: string, amount: bigint) => void
}

/** For all partners together, in one process; `hopsPerSecond` null: no end. */
export type TrafficLimits = {
  readonly dialsPerNumber: number
  readonly hopsPerSecond: number | null
  readonly machineSpeed: MachineSpeed
}

/** Numbers that are remembered within a minute; beyond, all begin anew. */
const MOST_NUMBERS = 200_000
const EVERYBODY = 'everybody'

export type GuardDependencies = {
  readonly trust: ReadonlyMap<string, PartnerTrust>
  readonly limits: TrafficLimits
  readonly isStopped: (partner: string) => boolean
  readonly money: Pick<PartnerMoney, 'reserve' | 'release'>
  readonly events: Pick<Events, 'hopHeld'>
  readonly now: () => number
}

export function makeGuard({ trust, limits, isStopped, money, events, now }: GuardDependencies): Guard {
  const counts = { dials: makeRate(now), hops: makeRate(now), all: makeRate(now), numbers: makeRate(now, 60_000) }

  function hold(partner: string, isDial: boolean): Held | null {
    if (isStopped(partner)) return 'stopped'
    const { dials = null, hops = null } = trust.get(partner)?.caps ?? {}
    if (isDial && !counts.dials(partner, dials)) return 'busy'
    if (!counts.all(EVERYBODY, limits.hopsPerSecond)) return 'busy'
    return counts.hops(partner, hops) ? null : 'busy'
  }

  return {
    hold(partner, isDial) {
      const held = hold(partner, isDial)
      if (held !== null) events.hopHeld({ partner, why: held })
      return held
    },
    mayBegin: (number) => counts.numbers(number, limits.dialsPerNumber),
    machineSpeed: limits.machineSpeed,
    reserve: (partner, amount) => money.reserve(partner, amount) === null,
    release: money.release,
  }
}

/** Counts what comes within a second, or a minute, of the clock; false beyond `most`. Of this process alone, so that it costs a hop nothing. */
function makeRate(now: () => number, windowMs = 1_000): (name: string, most: number | null) => boolean {
  const counts = new Map<string, number>()
  let window = -1
  return (name, most) => {
    if (most === null) return true
    const current = Math.floor(now() / windowMs)
    if (current !== window || counts.size > MOST_NUMBERS) counts.clear()
    window = current
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count <= most
  }
}

/** Ends of an action that confirms money after which surely nothing is held; after any other, money may be. */
const NOTHING_HELD: ReadonlySet<string> = new Set([
  ...['wrong_pin', 'locked', 'busy'],
  ...['insufficient', 'over_limit', 'expired', 'unavailable', 'refused'],
])

export function holdsNothing(outcome: string): boolean {
  return NOTHING_HELD.has(outcome)
}
