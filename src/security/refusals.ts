import type { Database } from '../database/database.ts'
import type { Audit } from './audit.ts'

/** Why a partner's request was not taken. */
export type RefusalReason =
  | 'key'
  | 'address'
  | 'certificate'
  | 'unsigned'
  | 'forged'
  | 'stale'
  | 'replayed'
  | 'unsure'
  | 'stopped'

export type Refusals = (refusal: {
  readonly partner: string
  readonly reason: RefusalReason
  readonly address: string | null
}) => void

export type RefusalServices = {
  readonly database: Pick<Database, 'query'>
  readonly audit: Audit
  readonly now: () => number
  /** `recorded`: whether this one is worth a line; the others are only counted. */
  readonly tell: (refusal: { partner: string; reason: RefusalReason; recorded: boolean }) => void
  readonly failed: (error: unknown) => void
}

/** Strangers decide how often they are refused, so they must not decide how many rows that makes. */
const ROW_EVERY_MS = 60_000

/** Puts refusals on record: of each partner and reason one row a minute, which says how many were refused since the row before. */
export function makeRefusals({ database, audit, now, tell, failed }: RefusalServices): Refusals {
  const rows = new Map<string, { atMs: number; since: number }>()
  return ({ partner, reason, address }) => {
    const name = `${partner} ${reason}`
    const before = rows.get(name)
    const recorded = before === undefined || now() - before.atMs >= ROW_EVERY_MS
    tell({ partner, reason, recorded })
    if (!recorded) {
      before.since += 1
      return
    }
    rows.set(name, { atMs: now(), since: 0 })
    const payload = { reason, address: address ?? 'unknown', before: String(before?.since ?? 0) }
    const event = {
      actor: { kind: 'system', id: 'gateway' },
      action: 'partner.refused',
      subject: partner,
      payload,
    } as const
    audit.record(database, event).catch(failed)
  }
}
