import type { Queryable } from '../database/database.ts'
import { nextOutside } from '../domain/day-span.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Sealer } from '../security/sealing.ts'
import { hasOptedOut } from './consent.ts'
import { closedSpans, type QuietHours, type SmsCategory } from './informing.ts'

/** What of an outbox row says whether it may be sent now; the last three are null for a row of no campaign. */
export type Unasked = {
  readonly category: SmsCategory
  /** The client whose message it is; null: ours. */
  readonly account_id: string | null
  readonly campaign_state: 'draft' | 'running' | 'paused' | 'done' | 'cancelled' | null
  readonly window_from: number | null
  readonly window_to: number | null
}

/** `stop`: never; `wait`: not for that long. */
export type Withheld =
  | { readonly kind: 'stop'; readonly reason: 'opted_out' | 'cancelled' }
  | { readonly kind: 'wait'; readonly seconds: number; readonly reason: 'paused' | 'quiet_hours' }

/** How soon a message of a paused campaign is looked at again. */
const PAUSED_SECONDS = 15

/** Why a message that nobody asked for is not sent at this moment, although it was queued; null: it may be. */
export async function findWithheld(
  services: { readonly database: Queryable; readonly sealer: Sealer; readonly quiet: QuietHours },
  row: Unasked,
  to: Msisdn,
): Promise<Withheld | null> {
  if (row.category === 'transactional') return null
  if (row.campaign_state === 'cancelled') return { kind: 'stop', reason: 'cancelled' }
  if (await hasOptedOut(services.database, services.sealer, to, row.account_id))
    return { kind: 'stop', reason: 'opted_out' }
  const { hours, timeZone, now } = services.quiet
  const atMs = now()
  if (row.campaign_state === 'paused') return { kind: 'wait', seconds: PAUSED_SECONDS, reason: 'paused' }
  const window =
    row.window_from === null || row.window_to === null ? null : { from: row.window_from, to: row.window_to }
  const nextMs = nextOutside(atMs, closedSpans(hours, window), timeZone)
  if (nextMs === atMs) return null
  const seconds = nextMs === null ? NEVER_SECONDS : (nextMs - atMs) / 1_000
  return { kind: 'wait', seconds, reason: 'quiet_hours' }
}

/** Quiet hours may have been changed so that they cover a campaign's window; whoever finds that can change them back. */
const NEVER_SECONDS = 3_600
