import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { isFinal, stateOf, type TransferState } from '../ledger/transfer.ts'
import { openBell, type QueueStore } from '../redis/bell.ts'
import { laneOf, lanesOf, type SettlementIntent } from './lanes.ts'
import { openWatch } from './watch.ts'

/** The confirm's side of settlement. Nothing here holds a money fact: a lost ring is made good by the sweeper. */
export type Settlement = {
  /** Call after the commit. Returns at once and never throws. */
  ring(intent: SettlementIntent): void
  /** The state a transfer ended in, or null when it has not within that time. */
  waitFor(id: TransferId, timeoutMs: number): Promise<TransferState | null>
  close(): Promise<void>
}

export type SettlementOptions = {
  readonly store: QueueStore
  readonly database: Queryable
  /** Ids of the billers known here; each has a queue of its own. */
  readonly billers: Iterable<string>
  /** Hears of a Redis that is away. */
  readonly onError: (error: Error) => void
}

/** Opens the bell of every lane, and listens for transfers that come to an end. */
export function openSettlement({ store, database, billers, onError }: SettlementOptions): Settlement {
  const known = new Set(billers)
  const bell = openBell(store, lanesOf(known), onError)
  const watch = openWatch(store, onError)
  return {
    ring({ id, version, biller }) {
      // A new version is a new job; the same again is the same job, and a second run of it finds nothing to do.
      bell.ring({ queue: laneOf(biller, known), name: 'settle', data: { id }, opts: { jobId: `${id}-${version}` } })
    },
    async waitFor(id, timeoutMs) {
      const end = watch.expect(id)
      try {
        const before = await stateOf(database, id)
        if (before === null || isFinal(before)) return before
        await end.hint(timeoutMs)
        const after = await stateOf(database, id)
        return after !== null && isFinal(after) ? after : null
      } finally {
        end.done()
      }
    },
    async close() {
      await bell.close()
      watch.close()
    },
  }
}
