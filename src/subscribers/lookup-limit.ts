import type { Redis } from 'ioredis'
import { gather } from '../database/gather.ts'
import type { SubscriberId } from '../domain/ids.ts'

/** Names of strangers one subscriber may look up in an hour; more is somebody collecting names. */
const LOOKUPS_PER_HOUR = 30
const WINDOW_S = 3600

export type LookupLimit = (payer: SubscriberId) => Promise<boolean>

/** Counting and the beginning of its hour are one step, so that no count is left without an end. */
const COUNT = `
local counts = {}
for n, key in ipairs(KEYS) do
  counts[n] = redis.call('INCR', key)
  if counts[n] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
return counts`

const MOST_AT_ONCE = 100

type WithScript = Redis & {
  nyotaCountLookups(keys: number, ...arguments_: (string | number)[]): Promise<number[]>
}

/** Counts name look-ups per payer in Redis; true while one more is allowed. A traffic limit, not a money fact: losing it is harmless. */
export function makeLookupLimit(redis: Redis, prefix: string): LookupLimit {
  redis.defineCommand('nyotaCountLookups', { lua: COUNT })
  const scripted = redis as WithScript
  const count = gather(
    (keys: readonly string[]) => scripted.nyotaCountLookups(keys.length, ...keys, WINDOW_S),
    MOST_AT_ONCE,
  )
  return async (payer) => (await count(`${prefix}lookups:${payer}`)) <= LOOKUPS_PER_HOUR
}
