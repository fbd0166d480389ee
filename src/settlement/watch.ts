import { Redis } from 'ioredis'
import type { TransferId } from '../domain/ids.ts'
import { within } from '../domain/within.ts'
import type { QueueStore } from '../redis/bell.ts'
import { settledChannel } from './lanes.ts'

/** Hears hints that transfers came to an end. A lost hint costs the whole wait, nothing else. */
export type Watch = {
  /** Call before reading the state, so that no hint falls between; `done` must be called. */
  expect(id: TransferId): { hint(timeoutMs: number): Promise<unknown>; done(): void }
  close(): void
}

export function openWatch({ redisUrl, prefix }: QueueStore, onError: (error: Error) => void): Watch {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const waiting = new Map<string, Set<() => void>>()
  redis.on('error', onError)
  redis.on('pmessage', (_pattern, channel) => {
    for (const wake of waiting.get(channel) ?? []) wake()
  })
  redis.psubscribe(settledChannel(prefix, '*')).catch(onError)
  return {
    expect(id) {
      const channel = settledChannel(prefix, id)
      const wakes = waiting.get(channel) ?? new Set()
      waiting.set(channel, wakes)
      let wake: () => void = () => undefined
      const came = new Promise<void>((resolve) => {
        wake = resolve
      })
      wakes.add(wake)
      return {
        hint: (timeoutMs) => within(timeoutMs, came),
        done() {
          wakes.delete(wake)
          if (wakes.size === 0) waiting.delete(channel)
        },
      }
    },
    close: () => redis.disconnect(),
  }
}
