import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** What people prove who they are with. */
export type SubscriberEvents = {
  readonly pinChecked: (e: { outcome: 'right' | 'wrong' | 'locked' | 'busy' }) => void
  /** Wrong PINs of many people at once, by the first digits of their numbers or `all`. */
  readonly pinSprayed: (e: { scope: string; failures: number; people: number }) => void
  readonly codeIssued: (e: { purpose: string; outcome: 'issued' | 'alive' | 'limited' }) => void
  /** A budget of codes is used up; `opened`: the breaker of the number's prefix opened just now. */
  readonly codeHeld: (e: { by: string; prefix: string; opened: boolean }) => void
  readonly codeChecked: (e: { purpose: string; outcome: 'right' | 'wrong' | 'expired' }) => void
}

export function subscriberEvents(log: Log, { counter }: Metrics): SubscriberEvents {
  const checks = counter('auth_pin_checks_total', 'PIN checks', ['outcome'])
  const failures = counter('auth_pin_failures_total', 'PIN checks that were not right', [])
  const sprays = counter('auth_pin_sprays_total', 'Sprays of wrong PINs over many people that began', ['scope'])
  const issued = counter('auth_codes_issued_total', 'One-time codes asked for', ['purpose', 'outcome'])
  const held = counter('auth_codes_held_total', 'One-time codes not sent since a budget was used up', ['by'])
  const checked = counter('auth_codes_checked_total', 'One-time codes entered', ['purpose', 'outcome'])
  return {
    pinChecked({ outcome }) {
      checks({ outcome })
      if (outcome === 'wrong' || outcome === 'locked') failures({})
      log.debug({ event: 'pin_checked', outcome })
    },
    pinSprayed(spray) {
      sprays({ scope: spray.scope })
      log.error({ event: 'pin_sprayed', ...spray })
    },
    codeIssued({ purpose, outcome }) {
      issued({ purpose, outcome })
      log.info({ event: 'code_issued', purpose, outcome })
    },
    codeHeld({ by, prefix, opened }) {
      held({ by })
      log[opened ? 'error' : 'warn']({ event: 'code_held', by, opened, prefix: opened ? prefix : undefined })
    },
    codeChecked({ purpose, outcome }) {
      checked({ purpose, outcome })
      log.info({ event: 'code_checked', purpose, outcome })
    },
  }
}
