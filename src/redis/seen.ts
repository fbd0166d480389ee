import type { Redis } from 'ioredis'

/** Marks names as seen, in one step for all processes. Rejects while Redis is away: who asks must not take that for "never seen". */
export function makeSeen(redis: Redis, prefix: string): (name: string, seconds: number) => Promise<boolean> {
  return async (name, seconds) => (await redis.set(`${prefix}seen:${name}`, '1', 'EX', seconds, 'NX')) === 'OK'
}
