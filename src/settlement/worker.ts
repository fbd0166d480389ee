import { Redis } from 'ioredis'
import type { TransferId } from '../domain/ids.ts'
import type { QueueStore } from '../redis/bell.ts'
import { type QueueWorkerOptions, startQueueWorker } from '../redis/worker.ts'
import type { Events } from '../telemetry/events.ts'
import { LEDGER_LANE, laneOf, lanesOf, settledChannel } from './lanes.ts'
import { type SettleServices, settleTransfer } from './settle-transfer.ts'

export type SettlementWorkers = {
  /** Lets running settlements finish, for a bounded time. */
  close(): Promise<void>
}

export type SettlementWorkerOptions = {
  readonly store: QueueStore
  readonly services: Omit<SettleServices, 'announce'>
  readonly events: Pick<Events, 'settlementFailed' | 'connectionLost'>
}

/** Payments under way at a biller that has no number of its own. */
const CONCURRENCY = 8
/** Transfers on the own ledger that are taken at a time: what was taken together is posted together. */
const LEDGER_CONCURRENCY = 256
/** How the queue keeps jobs: what the measured failures of queues call for. */
export const settlementJobs: Required<NonNullable<QueueWorkerOptions['jobs']>> = {
  /** A killed worker's job runs again after about lock and interval; a lock is renewed while the process lives. */
  lockDuration: 5_000,
  stalledInterval: 2_000,
  /** After that the job fails, and the sweeper rings with a new id. */
  maxStalledCount: 2,
  /** Finished ids are kept that long, so that a ring that comes twice runs once. */
  removeOnComplete: { age: 600, count: 5_000 },
  removeOnFail: { age: 600, count: 5_000 },
}
/** Longer than a biller's default deadline; what is cut off here is asked about after the next start. */
const FINISH_TIMEOUT_MS = 6_000

/** Takes the own ledger's queue and each biller's. */
export function startSettlementWorkers(options: SettlementWorkerOptions): SettlementWorkers {
  const { store, events } = options
  const onError = (error: Error): void => events.connectionLost({ store: 'queue', error })
  const announcer = new Redis(store.redisUrl, {
    ...{ enableOfflineQueue: false, maxRetriesPerRequest: 1 },
    // What settled in one commit is announced in one write.
    enableAutoPipelining: true,
  })
  announcer.on('error', onError)
  const services: SettleServices = {
    ...options.services,
    announce: (id) => void announcer.publish(settledChannel(store.prefix, id), '').catch(() => undefined),
  }
  const known = new Set([...services.billers.keys(), ...(services.linked?.keys() ?? [])])
  const worker = startQueueWorker(
    {
      store,
      queues: lanesOf(known),
      concurrency: CONCURRENCY,
      concurrencyOf: new Map(
        [...services.billers.values()]
          .map(({ id, mostAtOnce }): [string, number] => [laneOf(id, known), mostAtOnce])
          .concat([[LEDGER_LANE, LEDGER_CONCURRENCY]]),
      ),
      jobs: settlementJobs,
      finishTimeoutMs: FINISH_TIMEOUT_MS,
      onError,
    },
    (id) =>
      settleTransfer(services, id as TransferId).catch((error: unknown) => events.settlementFailed({ id, error })),
  )
  return {
    async close() {
      await worker.close()
      announcer.disconnect()
    },
  }
}
