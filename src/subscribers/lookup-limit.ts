import type { Redis } from 'ioredis'
import { gather } from '../database/gather.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Sealer } from '../security/sealing.ts'

/** Strangers' names that one subscriber may look up in an hour; more is somebody collecting names. */
const LOOKUPS_PER_HOUR = 30
const WINDOW_S = 3600
/** Of a keyed hash: among thirty nobody meets by chance. */
const DIGEST_BYTES = 12

/** `whom`: a number, or a biller's account. The same one again costs nothing within the hour. */
export type LookupLimit = (payer: SubscriberId, whom: string) => Promise<boolean>

/** For each payer the set of those looked up; counting and the beginning of the hour are one step, so that no set is left without an end. */
const COUNT = `
local allowed = {}
for n, key in ipairs(KEYS) do
  if redis.call('SISMEMBER', key, ARGV[n + 2]) == 1 then
    allowed[n] = 1
  elseif redis.call('SCARD', key) >= tonumber(ARGV[1]) then
    allowed[n] = 0
  else
    redis.call('SADD', key, ARGV[n + 2])
    if redis.call('SCARD', key) == 1 then redis.call('EXPIRE', key, ARGV[2]) end
    allowed[n] = 1
  end
end
return allowed`

const MOST_AT_ONCE = 100

type WithScript = Redis & {
  nyotaCountLookups(keys: number, ...arguments_: (string | number)[]): Promise<number[]>
}

/**
 * Counts whom a payer looks up, in Redis; true while one more is allowed. Who was looked up stands there as a keyed hash that is another
 * one for each payer. A traffic limit, not a money fact: losing it is harmless.
 */
export function makeLookupLimit(redis: Redis, prefix: string, sealer: Pick<Sealer, 'index'>): LookupLimit {
  redis.defineCommand('nyotaCountLookups', { lua: COUNT })
  const scripted = redis as WithScript
  const count = gather(
    (asked: readonly { readonly key: string; readonly digest: string }[]) =>
      scripted.nyotaCountLookups(
        asked.length,
        ...asked.map(({ key }) => key),
        LOOKUPS_PER_HOUR,
        WINDOW_S,
        ...asked.map(({ digest }) => digest),
      ),
    MOST_AT_ONCE,
  )
  return async (payer, whom) => {
    const digest = sealer.index(whom, `lookup:${payer}`).subarray(0, DIGEST_BYTES).toString('base64url')
    return (await count({ key: `${prefix}looked-up:${payer}`, digest })) === 1
  }
}
