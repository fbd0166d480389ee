import type { SmsPriority } from '../aggregators/sms-link.ts'
import { openBell, type QueueStore } from '../redis/bell.ts'

/** Tells the workers that rows of the outbox wait. */
export type SmsBell = {
  /** Call after the commit. Returns at once and never throws. */
  ring(row: { readonly id: string; readonly version: number; readonly priority?: SmsPriority }): void
  close(): Promise<void>
}

export const SMS_QUEUE = 'sms'
/** Codes have a queue of their own, so that they never wait for a worker that is busy with what many are told at once. */
export const CODE_QUEUE = 'sms-codes'

/** BullMQ takes jobs without a priority first, then those with the lowest number. */
const JOB_PRIORITIES: Readonly<Record<SmsPriority, { readonly priority?: number }>> = {
  code: {},
  receipt: { priority: 10 },
  bulk: { priority: 20 },
}

/** Opens the bell. `onError` hears of a Redis that is away. */
export function openSmsBell(store: QueueStore, onError: (error: Error) => void): SmsBell {
  const bell = openBell(store, [SMS_QUEUE, CODE_QUEUE], onError)
  return {
    ring({ id, version, priority }) {
      const lane = JOB_PRIORITIES[priority ?? 'receipt']
      const opts = { jobId: `${id}-${version}`, removeOnComplete: true, removeOnFail: true, ...lane }
      bell.ring({ queue: priority === 'code' ? CODE_QUEUE : SMS_QUEUE, name: 'deliver', data: { id }, opts })
    },
    close: bell.close,
  }
}
