import type { Redis } from 'ioredis'
import type { SubscriberId } from '../domain/ids.ts'

/** Names of strangers one subscriber may look up in an hour; more is somebody collecting names. */
const LOOKUPS_PER_HOUR = 30
const WINDOW_S = 3600

export type LookupLimit = (payer: SubscriberId) => Promise<boolean>

/** Counts name look-ups per payer in Redis; true while one more is allowed. A traffic limit, not a money fact: losing it is harmless. */
export function makeLookupLimit(redis: Redis, prefix: string): LookupLimit {
  return async (payer) => {
    const key = `${prefix}lookups:${payer}`
    const count = await redis.incr(key)
    // Without a window yet: it is the first look-up, or the one that should have set it got lost.
    if (count === 1 || count > LOOKUPS_PER_HOUR) await redis.expire(key, WINDOW_S, 'NX')
    return count <= LOOKUPS_PER_HOUR
  }
}
