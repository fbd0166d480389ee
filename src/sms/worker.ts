import { Worker } from 'bullmq'
import { isUuid } from '../domain/ids.ts'
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
  /** Stores that are away; the sweeper brings back what was missed. */
  readonly onError: (error: Error) => void
}

const CONCURRENCY = 64
const SWEEP_EVERY_MS = 2_000
const CLOSE_TIMEOUT_MS = 5_000

/** Sends what the outbox holds: jobs from the queue, and every so often a sweep for rows without one. */
export function startSmsWorker(services: SmsServices, options: SmsWorkerOptions): SmsWorker {
  const worker = new Worker<{ id: string }>(
    SMS_QUEUE,
    async ({ data }) => {
      if (isUuid(data.id)) await deliverSms(services, data.id)
    },
    {
      connection: connectionTo(options.store.redisUrl),
      prefix: options.store.prefix,
      concurrency: options.concurrency ?? CONCURRENCY,
    },
  )
  worker.on('error', options.onError)
  worker.on('failed', (_job, error) => options.onError(error))
  let sweeping: Promise<unknown> | null = null
  const timer = setInterval(() => {
    sweeping ??= sweepSms(services.database, options.bell)
      .catch(options.onError)
      .finally(() => {
        sweeping = null
      })
  }, options.sweepEveryMs ?? SWEEP_EVERY_MS)
  let closing: Promise<void> | null = null
  async function close(): Promise<void> {
    clearInterval(timer)
    const force = setTimeout(() => void worker.close(true).catch(() => undefined), CLOSE_TIMEOUT_MS)
    await Promise.all([worker.close().catch(options.onError), sweeping])
    clearTimeout(force)
  }
  return {
    close() {
      closing ??= close()
      return closing
    },
  }
}
