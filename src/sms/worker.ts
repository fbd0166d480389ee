import { type Job, Worker } from 'bullmq'
import { isUuid } from '../domain/ids.ts'
import { within } from '../domain/within.ts'
import { deliverSms, type SmsServices } from './deliver.ts'
import { connectionTo, type QueueStore, SMS_QUEUE, type SmsBell } from './queue.ts'
import { sweepSms } from './sweep.ts'

export type SmsWorker = {
  /** Takes no more jobs, and waits some seconds for messages under way. Close the links after it. */
  close(): Promise<void>
}

export type SmsWorkerOptions = {
  readonly store: QueueStore
  readonly bell: SmsBell
  /** Messages under way at any time. */
  readonly concurrency?: number
  readonly sweepEveryMs?: number
  /** Hears of a Redis that is away; the sweeper brings back what was missed. */
  readonly onError: (error: Error) => void
}

const CONCURRENCY = 64
const SWEEP_EVERY_MS = 2_000
/** How soon a worker looks again after Redis was away. */
const RUN_RETRY_DELAY_MS = 1_000
/** Longer than a message usually takes; what is cut off here is of unknown outcome after the next start. */
const FINISH_TIMEOUT_MS = 5_000
/** For the library to put its queue in order; without Redis it would wait for ever. */
const CLOSE_TIMEOUT_MS = 1_000

/** Sends what the outbox holds: jobs from the queue, and every so often a sweep for rows without one. */
export function startSmsWorker(services: SmsServices, options: SmsWorkerOptions): SmsWorker {
  const { store, onError } = options
  const { database, events } = services
  const running = new Set<Promise<void>>()
  async function run({ data }: Job<{ id?: unknown }>): Promise<void> {
    const { id } = data
    if (typeof id !== 'string' || !isUuid(id)) return
    // The row stays as it is, and the sweeper brings it back.
    const delivering = deliverSms(services, id).catch((error: unknown) => events.smsFailed({ id, error }))
    running.add(delivering)
    await delivering
    running.delete(delivering)
  }
  const worker = new Worker(SMS_QUEUE, run, {
    connection: connectionTo(store.redisUrl),
    prefix: store.prefix,
    concurrency: options.concurrency ?? CONCURRENCY,
    runRetryDelay: RUN_RETRY_DELAY_MS,
  })
  worker.on('error', onError)

  let sweeping: Promise<unknown> | null = null
  const timer = setInterval(() => {
    sweeping ??= sweepSms(database, options.bell)
      .then((count) => count > 0 && events.swept({ what: 'sms', count }))
      .catch((error: unknown) => events.sweepFailed({ what: 'sms', error }))
      .finally(() => {
        sweeping = null
      })
  }, options.sweepEveryMs ?? SWEEP_EVERY_MS)

  async function close(): Promise<void> {
    clearInterval(timer)
    const closed = worker.close().catch(onError)
    await within(FINISH_TIMEOUT_MS, Promise.all([...running, sweeping]))
    // Not awaited: with Redis away a disconnect never reports back.
    if ((await within(CLOSE_TIMEOUT_MS, closed)) === 'late') worker.disconnect().catch(() => undefined)
  }
  let closing: Promise<void> | null = null
  return {
    close() {
      closing ??= close()
      return closing
    },
  }
}
