import { type ConnectionOptions, type JobsOptions, Queue } from 'bullmq'
import { within } from '../domain/within.ts'

/** Where BullMQ keeps the queue. */
export type QueueStore = { readonly redisUrl: string; readonly prefix: string }

/** Tells the workers that rows of the outbox wait. Losing a ring delays a message until the sweeper comes by, and loses nothing. */
export type SmsBell = {
  /** Returns at once and never throws. */
  ring(row: { readonly id: string; readonly version: number; readonly priority?: 'code' | 'receipt' }): void
  /** Waits for rings under way, then lets go of Redis. */
  close(): Promise<void>
}

export const SMS_QUEUE = 'sms'

/** BullMQ takes jobs without a priority first, then those with one. */
const RECEIPT_PRIORITY = 10
const COMMAND_TIMEOUT_MS = 2_000
const CLOSE_TIMEOUT_MS = 2_000

/** Opens the bell. `onError` hears of a Redis that is away; texts and numbers are never in the error. */
export function openSmsBell(store: QueueStore, onError: (error: Error) => void): SmsBell {
  const connection = { ...connectionTo(store.redisUrl), commandTimeout: COMMAND_TIMEOUT_MS, maxRetriesPerRequest: 1 }
  const queue = new Queue(SMS_QUEUE, { connection, prefix: store.prefix })
  queue.on('error', onError)
  let waiting: { name: string; data: { id: string }; opts: JobsOptions }[] = []
  let sending: Promise<unknown> = Promise.resolve()
  let closed = false
  // Rings of one turn of the event loop travel together: the queue takes many in the time of one.
  function flush(): void {
    if (waiting.length === 0) return
    const jobs = waiting
    waiting = []
    sending = Promise.all([sending, queue.addBulk(jobs).catch(onError)])
  }
  return {
    ring({ id, version, priority }) {
      if (closed) return
      if (waiting.length === 0) setImmediate(flush)
      const lane = priority === 'code' ? {} : { priority: RECEIPT_PRIORITY }
      waiting.push({
        name: 'deliver',
        data: { id },
        opts: { jobId: `${id}-${version}`, removeOnComplete: true, removeOnFail: true, ...lane },
      })
    },
    async close() {
      if (closed) return
      closed = true
      flush()
      await within(CLOSE_TIMEOUT_MS, sending)
      const end = await within(CLOSE_TIMEOUT_MS, queue.close().catch(onError))
      // Not awaited: with Redis away a disconnect never reports back.
      if (end === 'late') queue.disconnect().catch(() => undefined)
    },
  }
}

/** Commands fail at once while Redis is away, instead of waiting in memory and appearing when nobody expects them. */
export function connectionTo(redisUrl: string): ConnectionOptions {
  return { url: redisUrl, enableOfflineQueue: false, maxRetriesPerRequest: null }
}
