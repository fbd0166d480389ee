import { type Job, Worker, type WorkerOptions } from 'bullmq'
import { isUuid } from '../domain/ids.ts'
import { within } from '../domain/within.ts'
import { connectionTo, type QueueStore } from './bell.ts'

/** Takes the jobs of some queues. */
export type QueueWorker = {
  /** Takes no more jobs, and waits for those under way, for a bounded time. */
  close(): Promise<void>
}

export type QueueWorkerOptions = {
  readonly store: QueueStore
  readonly queues: readonly string[]
  /** Jobs of each queue under way at any time; a queue may have a number of its own. */
  readonly concurrency: number
  readonly concurrencyOf?: ReadonlyMap<string, number>
  /** How the library keeps jobs and finds those of a process that died. */
  readonly jobs?: Pick<
    WorkerOptions,
    'lockDuration' | 'stalledInterval' | 'maxStalledCount' | 'removeOnComplete' | 'removeOnFail'
  >
  /** How long jobs under way may take to finish when it closes. */
  readonly finishTimeoutMs: number
  /** Hears of a Redis that is away. */
  readonly onError: (error: Error) => void
}

/** How soon a worker looks again after Redis was away; the library's 15 s would be felt by whoever waits at a screen. */
const RUN_RETRY_DELAY_MS = 1_000
/** For the library to put its queues in order; without Redis it would wait for ever. */
const CLOSE_TIMEOUT_MS = 1_000

/** Runs `work`, which must not reject, for each row that is rung for. */
export function startQueueWorker(options: QueueWorkerOptions, work: (id: string) => Promise<unknown>): QueueWorker {
  const { store, onError } = options
  const running = new Set<Promise<unknown>>()

  async function run({ data }: Job<{ id?: unknown }>): Promise<void> {
    if (typeof data.id !== 'string' || !isUuid(data.id)) return
    const done = work(data.id)
    running.add(done)
    await done
    running.delete(done)
  }

  const workers = options.queues.map((queue) => {
    const worker = new Worker(queue, run, {
      connection: connectionTo(store.redisUrl),
      prefix: store.prefix,
      concurrency: options.concurrencyOf?.get(queue) ?? options.concurrency,
      runRetryDelay: RUN_RETRY_DELAY_MS,
      ...options.jobs,
    })
    worker.on('error', onError)
    return worker
  })

  async function close(): Promise<void> {
    const closing = Promise.all(workers.map((worker) => worker.close().catch(onError)))
    await within(options.finishTimeoutMs, Promise.all(running))
    // Not awaited: with Redis away a disconnect never reports back.
    if ((await within(CLOSE_TIMEOUT_MS, closing)) === 'late') {
      for (const worker of workers) worker.disconnect().catch(() => undefined)
    }
  }

  let closed: Promise<void> | null = null
  return {
    close() {
      closed ??= close()
      return closed
    },
  }
}
