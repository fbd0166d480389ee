import { type Job, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { isUuid, type TransferId } from '../domain/ids.ts'
import { connectionTo, type QueueStore } from '../sms/queue.ts'
import type { Events } from '../telemetry/events.ts'
import { LEDGER_LANE, lanesOf, settledChannel } from './lanes.ts'
import { type SettleServices, settleTransfer } from './settle-transfer.ts'
import { within } from './within.ts'

export type SettlementWorkers = {
  /** Lets running settlements finish, for a bounded time. */
  close(): Promise<void>
}

export type WorkerOptions = {
  readonly store: QueueStore
  readonly services: Omit<SettleServices, 'announce'>
  readonly events: Pick<Events, 'settlementFailed' | 'connectionLost'>
  /** Transfers settled at a time on the own ledger, and payments under way at each biller. */
  readonly concurrency?: { readonly ledger: number; readonly biller: number }
}

const CONCURRENCY = { ledger: 8, biller: 8 }
/** A killed worker's job runs again after about lock and interval; a lock is renewed while the process lives. */
const LOCK_DURATION_MS = 5_000
const STALLED_INTERVAL_MS = 2_000
/** After that the job fails, and the sweeper rings with a new id. */
const MAX_STALLED_COUNT = 2
/** How soon a worker looks again after Redis was away; the library's 15 s would be felt by whoever waits at a screen. */
const RUN_RETRY_DELAY_MS = 1_000
/** Finished ids are kept that long, so that a ring that comes twice runs once. */
const KEEP = { age: 600, count: 5_000 }
/** Longer than a biller's default deadline; what is cut off here is asked about after the next start. */
const FINISH_TIMEOUT_MS = 6_000
/** For the library to put its queues in order; without Redis it would wait for ever. */
const CLOSE_TIMEOUT_MS = 1_000

/** One worker per queue: the own ledger's and each biller's. */
export function startSettlementWorkers(options: WorkerOptions): SettlementWorkers {
  const { store, events, concurrency = CONCURRENCY } = options
  const onError = (error: Error): void => events.connectionLost({ store: 'queue', error })
  const announcer = new Redis(store.redisUrl, { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
  announcer.on('error', onError)
  const services: SettleServices = {
    ...options.services,
    announce: (id) => void announcer.publish(settledChannel(store.prefix, id), '').catch(() => undefined),
  }

  const running = new Set<Promise<unknown>>()
  async function run({ data }: Job<{ id?: unknown }>): Promise<void> {
    const { id } = data
    if (typeof id !== 'string' || !isUuid(id)) return
    const settling = settleTransfer(services, id as TransferId).catch((error: unknown) =>
      events.settlementFailed({ id, error }),
    )
    running.add(settling)
    await settling
    running.delete(settling)
  }

  const workers = lanesOf(services.billers.keys()).map((lane) => {
    const worker = new Worker(lane, run, {
      connection: connectionTo(store.redisUrl),
      prefix: store.prefix,
      concurrency: lane === LEDGER_LANE ? concurrency.ledger : concurrency.biller,
      lockDuration: LOCK_DURATION_MS,
      stalledInterval: STALLED_INTERVAL_MS,
      maxStalledCount: MAX_STALLED_COUNT,
      runRetryDelay: RUN_RETRY_DELAY_MS,
      removeOnComplete: KEEP,
      removeOnFail: KEEP,
    })
    worker.on('error', onError)
    return worker
  })
  return {
    async close() {
      const closing = Promise.all(workers.map((worker) => worker.close().catch(onError)))
      await within(FINISH_TIMEOUT_MS, Promise.all(running))
      if ((await within(CLOSE_TIMEOUT_MS, closing)) === 'late') {
        for (const worker of workers) worker.disconnect().catch(() => undefined)
      }
      announcer.disconnect()
    },
  }
}
