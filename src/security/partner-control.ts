import type { Database } from '../database/database.ts'
import { startRounds } from '../domain/rounds.ts'
import type { Audit } from './audit.ts'

/** `stopped`: nothing that comes from the partner is taken any more. */
export type PartnerMode = 'active' | 'stopped'

export type ControlledPartner = { readonly partner: string; readonly mode: PartnerMode; readonly by: string | null }

export type PartnerControl = {
  /** As far as this process knows, which is what was ordered a second ago. */
  readonly isStopped: (partner: string) => boolean
  readonly list: () => readonly ControlledPartner[]
  /** Stores the order with its row on record, for every process, and does it in this one. False: there is no such partner. */
  readonly order: (partner: string, mode: PartnerMode, by: string) => Promise<boolean>
  /** Brings this process up to date with what is stored. */
  readonly refresh: () => Promise<void>
  readonly close: () => Promise<void>
}

export type PartnerControlOptions = {
  readonly database: Database
  readonly audit: Audit
  /** All that the settings name. */
  readonly names: readonly string[]
  readonly events: {
    readonly partnerOrdered: (e: { partner: string; mode: string; by: string }) => void
    readonly partnerOrdersNotRead: (e: { error: unknown }) => void
  }
  readonly refreshEveryMs?: number
}

type Order = { partner: string; mode: PartnerMode; by: string }

/** Half a second, and the time of a query, is within the second that an operator is promised. */
const REFRESH_EVERY_MS = 500

/** Keeps partners as operators want them. Orders are rows of `partner_order`, so they outlive processes and hold for all of them. */
export function startPartnerControl(options: PartnerControlOptions): PartnerControl {
  const { database, audit, names, events, refreshEveryMs = REFRESH_EVERY_MS } = options
  const orders = new Map<string, Order>()
  const modeOf = (partner: string): PartnerMode => orders.get(partner)?.mode ?? 'active'
  const refreshes = startRounds(refresh, {
    everyMs: refreshEveryMs,
    onFailure: (error) => events.partnerOrdersNotRead({ error }),
  })

  async function refresh(): Promise<void> {
    const { rows } = await database.query<Order>({
      name: 'partner-orders',
      text: 'SELECT DISTINCT ON (partner) partner, mode, by FROM partner_order ORDER BY partner, id DESC',
    })
    for (const order of rows) {
      const isNew = modeOf(order.partner) !== order.mode
      orders.set(order.partner, order)
      if (isNew) events.partnerOrdered(order)
    }
  }

  return {
    isStopped: (partner) => modeOf(partner) === 'stopped',
    list: () => names.map((partner) => ({ partner, mode: modeOf(partner), by: orders.get(partner)?.by ?? null })),
    async order(partner, mode, by) {
      if (!names.includes(partner)) return false
      await database.transaction(async (tx) => {
        await tx.query('INSERT INTO partner_order (partner, mode, by) VALUES ($1, $2, $3)', [partner, mode, by])
        const action = mode === 'stopped' ? 'partner.stopped' : 'partner.resumed'
        await audit.record(tx, { actor: { kind: 'staff', id: by }, action, subject: partner, payload: {} })
      })
      await refresh()
      return true
    },
    refresh,
    close: refreshes.close,
  }
}
