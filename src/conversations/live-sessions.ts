import type { Redis } from 'ioredis'

/** Where the live sessions of a program are listed by when they expire: a sorted set that itself expires with the last of them. */
export function liveKey(prefix: string, program: string): string {
  return `${prefix}ussd-live:${program}`
}

/** The end of a session's key tells it apart. */
const MEMBER_LENGTH = 16

/**
 * Lua, for whoever has just stored the session `key`: lists it in the set `live`, or takes it out where `ended` is not empty. Sessions
 * that nobody ended leave the set after their time, at the next write, so that it holds no more than there are.
 */
export const COUNT_LIVE: string = `
    local member = string.sub(key, -${MEMBER_LENGTH})
    if ended ~= '' then
      redis.call('ZREM', live, member)
    else
      redis.call('ZADD', live, now + ttl, member)
      redis.call('ZREMRANGEBYSCORE', live, '-inf', now)
      redis.call('PEXPIRE', live, ttl)
    end`

/** Takes the session `key` out of those of the program. */
export async function leaveLive(redis: Redis, prefix: string, program: string, key: string): Promise<void> {
  await redis.zrem(liveKey(prefix, program), key.slice(-MEMBER_LENGTH))
}

/** How many sessions can still be continued, for each of these programs. */
export async function countLive(
  redis: Redis,
  prefix: string,
  programs: readonly string[],
  nowMs: number,
): Promise<readonly number[]> {
  if (programs.length === 0) return []
  const pipeline = redis.pipeline()
  for (const program of programs) pipeline.zcount(liveKey(prefix, program), nowMs, '+inf')
  const answers = (await pipeline.exec()) ?? []
  return answers.map(([error, count]) => {
    if (error !== null) throw error
    return Number(count)
  })
}
