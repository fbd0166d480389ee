import { type ConnectionOptions, type JobsOptions, Queue } from 'bullmq'
import { within } from '../domain/within.ts'

/** Where BullMQ keeps its queues. */
export type QueueStore = { readonly redisUrl: string; readonly prefix: string }

/** Of a row that waits: its id and nothing else, so that nobody reads a number or an amount in Redis. */
export type Ring = {
  readonly queue: string
  readonly name: string
  readonly data: { readonly id: string }
  readonly opts: JobsOptions
}

/** Tells workers that rows wait. Losing a ring delays a row until its sweeper comes by, and loses nothing. */
export type Bell = {
  /** Returns at once and never throws. */
  ring(ring: Ring): void
  /** Waits a moment for rings under way, then lets go of Redis. */
  close(): Promise<void>
}

const COMMAND_TIMEOUT_MS = 2_000
const CLOSE_TIMEOUT_MS = 2_000

/** Opens the bell of these queues. `onError` hears of a Redis that is away. */
export function openBell(store: QueueStore, names: Iterable<string>, onError: (error: Error) => void): Bell {
  const connection = { ...connectionTo(store.redisUrl), commandTimeout: COMMAND_TIMEOUT_MS, maxRetriesPerRequest: 1 }
  const queues = new Map([...names].map((name) => [name, new Queue(name, { connection, prefix: store.prefix })]))
  for (const queue of queues.values()) queue.on('error', onError)
  let waiting: Ring[] = []
  let sending: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | null = null

  // Rings of one turn of the event loop travel together: a queue takes many in the time of one.
  function flush(): void {
    const rings = waiting
    waiting = []
    for (const [name, queue] of queues) {
      const jobs = rings.filter((ring) => ring.queue === name)
      if (jobs.length > 0) sending = Promise.all([sending, queue.addBulk(jobs).catch(onError)])
    }
  }

  async function close(): Promise<void> {
    flush()
    await within(CLOSE_TIMEOUT_MS, sending)
    await Promise.all([...queues.values()].map(closeQueue))
  }

  async function closeQueue(queue: Queue): Promise<void> {
    const end = await within(CLOSE_TIMEOUT_MS, queue.close().catch(onError))
    // Not awaited: with Redis away a disconnect never reports back.
    if (end === 'late') queue.disconnect().catch(() => undefined)
  }

  return {
    ring(ring) {
      if (closed !== null) return
      if (waiting.length === 0) setImmediate(flush)
      waiting.push(ring)
    },
    close() {
      closed ??= close()
      return closed
    },
  }
}

/** Commands fail at once while Redis is away, instead of waiting in memory and appearing when nobody expects them. */
export function connectionTo(redisUrl: string): ConnectionOptions {
  return { url: redisUrl, enableOfflineQueue: false, maxRetriesPerRequest: null }
}
