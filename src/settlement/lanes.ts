import type { TransferId } from '../domain/ids.ts'

/** What the bell needs to know of a transfer. */
export type SettlementIntent = { readonly id: TransferId; readonly version: number; readonly biller: string | null }

/** The queue of transfers on the own ledger, and of those whose biller this deployment does not know (any more). */
export const LEDGER_LANE = 'settlement'

/** A queue per partner, so that a slow one holds up nobody else. */
export function laneOf(biller: string | null, known: ReadonlySet<string>): string {
  return biller !== null && known.has(biller) ? `${LEDGER_LANE}-${biller}` : LEDGER_LANE
}

/** Every queue of a deployment. */
export function lanesOf(billers: Iterable<string>): string[] {
  return [LEDGER_LANE, ...[...billers].map((biller) => `${LEDGER_LANE}-${biller}`)]
}

/** Where the end of a transfer is announced: a hint, nothing more. */
export function settledChannel(prefix: string, id: TransferId | '*'): string {
  return `${prefix}:settled:${id}`
}
