import { type JobsOptions, Queue } from 'bullmq'
import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { isFinal, stateOf, type TransferState } from '../ledger/transfer.ts'
import type { QueueStore } from '../sms/queue.ts'
import { laneOf, lanesOf, type SettlementIntent } from './lanes.ts'
import { openWatch } from './watch.ts'
import { within } from './within.ts'

export type { SettlementIntent } from './lanes.ts'

/** The confirm's side of settlement. Nothing here holds a money fact: a lost ring is made good by the sweeper. */
export type Settlement = {
  /** Call after the commit. Returns at once and never throws. */
  ring(intent: SettlementIntent): void
  /** The state a transfer ended in, or null when it has not within that time. */
  waitFor(id: TransferId, timeoutMs: number): Promise<TransferState | null>
  /** Waits a moment for rings under way, then lets go of Redis. */
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

const COMMAND_TIMEOUT_MS = 2_000
const CLOSE_TIMEOUT_MS = 2_000

export function openSettlement({ store, database, billers, onError }: SettlementOptions): Settlement {
  const known = new Set(billers)
  const queues = new Map(lanesOf(known).map((lane) => [lane, openQueue(lane, store, onError)]))
  const watch = openWatch(store, onError)
  let waiting: SettlementIntent[] = []
  let sending: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | null = null

  // Rings of one turn of the event loop travel together: the queue takes many in the time of one.
  function flush(): void {
    const byLane = new Map<string, SettlementIntent[]>()
    for (const intent of waiting) {
      const lane = laneOf(intent.biller, known)
      const intents = byLane.get(lane)
      if (intents === undefined) byLane.set(lane, [intent])
      else intents.push(intent)
    }
    waiting = []
    const sent = [...byLane].map(([lane, intents]) => queues.get(lane)?.addBulk(intents.map(jobOf)).catch(onError))
    sending = Promise.all([sending, ...sent])
  }

  async function close(): Promise<void> {
    if (waiting.length > 0) flush()
    await within(CLOSE_TIMEOUT_MS, sending)
    watch.close()
    await Promise.all([...queues.values()].map((queue) => closeQueue(queue, onError)))
  }

  return {
    ring(intent) {
      if (closed !== null) return
      if (waiting.length === 0) setImmediate(() => waiting.length > 0 && flush())
      waiting.push(intent)
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
    close() {
      closed ??= close()
      return closed
    },
  }
}

/** A new version is a new job; the same again is the same job, and a second run of it finds nothing to do. */
function jobOf({ id, version }: SettlementIntent): { name: string; data: { id: TransferId }; opts: JobsOptions } {
  return { name: 'settle', data: { id }, opts: { jobId: `${id}-${version}` } }
}

/** While Redis is away an add fails at once, instead of waiting in memory and appearing when nobody expects it. */
function openQueue(lane: string, { redisUrl, prefix }: QueueStore, onError: (error: Error) => void): Queue {
  const connection = {
    url: redisUrl,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
  }
  const queue = new Queue(lane, { connection, prefix })
  queue.on('error', onError)
  return queue
}

/** Not awaited further: with Redis away a disconnect never reports back. */
async function closeQueue(queue: Queue, onError: (error: Error) => void): Promise<void> {
  const closed = await within(CLOSE_TIMEOUT_MS, queue.close().catch(onError))
  if (closed === 'late') queue.disconnect().catch(() => undefined)
}
