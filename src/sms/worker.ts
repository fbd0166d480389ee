import { startRounds } from '../domain/rounds.ts'
import type { QueueStore } from '../redis/bell.ts'
import { startQueueWorker } from '../redis/worker.ts'
import { deliverSms, type SmsServices } from './deliver.ts'
import { CODE_QUEUE, SMS_QUEUE, type SmsBell } from './queue.ts'
import { sweepSms } from './sweep.ts'

export type SmsWorker = {
  /** Takes no more jobs, and waits some seconds for messages under way. Close the links after it. */
  close(): Promise<void>
}

export type SmsWorkerOptions = {
  readonly store: QueueStore
  readonly bell: SmsBell
  /** Messages under way at any time, and as many codes. */
  readonly concurrency?: number
  readonly sweepEveryMs?: number
  /** Hears of a Redis that is away; the sweeper brings back what was missed. */
  readonly onError: (error: Error) => void
}

const CONCURRENCY = 64
const SWEEP_EVERY_MS = 2_000
/** Longer than a message usually takes; what is cut off here is of unknown outcome after the next start. */
const FINISH_TIMEOUT_MS = 5_000

/** Sends what the outbox holds: jobs from the queue, and every so often a sweep for rows without one. */
export function startSmsWorker(services: SmsServices, options: SmsWorkerOptions): SmsWorker {
  const { store, bell, onError, concurrency = CONCURRENCY, sweepEveryMs = SWEEP_EVERY_MS } = options
  const { database, events } = services
  const worker = startQueueWorker(
    { store, queues: [CODE_QUEUE, SMS_QUEUE], concurrency, finishTimeoutMs: FINISH_TIMEOUT_MS, onError },
    // The row stays as it is, and the sweeper brings it back.
    (id) => deliverSms(services, id).catch((error: unknown) => events.smsFailed({ id, error })),
  )

  async function sweep(): Promise<void> {
    const count = await sweepSms(database, bell)
    if (count > 0) events.swept({ what: 'sms', count })
  }
  const sweeps = startRounds(sweep, {
    everyMs: sweepEveryMs,
    finishTimeoutMs: FINISH_TIMEOUT_MS,
    onFailure: (error) => events.sweepFailed({ what: 'sms', error }),
  })

  return {
    async close() {
      await Promise.all([worker.close(), sweeps.close()])
    },
  }
}
