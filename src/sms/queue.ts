import { openBell, type QueueStore } from '../redis/bell.ts'

/** Tells the workers that rows of the outbox wait. */
export type SmsBell = {
  /** Call after the commit. Returns at once and never throws. */
  ring(row: { readonly id: string; readonly version: number; readonly priority?: 'code' | 'receipt' }): void
  close(): Promise<void>
}

export const SMS_QUEUE = 'sms'

/** BullMQ takes jobs without a priority first, then those with one. */
const RECEIPT_PRIORITY = 10

/** Opens the bell. `onError` hears of a Redis that is away. */
export function openSmsBell(store: QueueStore, onError: (error: Error) => void): SmsBell {
  const bell = openBell(store, [SMS_QUEUE], onError)
  return {
    ring({ id, version, priority }) {
      const lane = priority === 'code' ? {} : { priority: RECEIPT_PRIORITY }
      const opts = { jobId: `${id}-${version}`, removeOnComplete: true, removeOnFail: true, ...lane }
      bell.ring({ queue: SMS_QUEUE, name: 'deliver', data: { id }, opts })
    },
    close: bell.close,
  }
}
