import type { Redis } from 'ioredis'

/** In front of a stored session, after its revision: whether it can still be continued, and the beginning of its program's hash. */
const LIVE = '+'
const ENDED = '-'
const HASH_LENGTH = 15
export const MARK_BYTES: number = 1 + HASH_LENGTH

/** How many keys Redis looks at in one step. */
const AT_ONCE = 1000

/** What tells those who count sessions all that they need, so that a hop does nothing for them. */
export function markOf(program: string, ended: boolean): Buffer {
  return Buffer.from(`${ended ? ENDED : LIVE}${program.slice(0, HASH_LENGTH).padEnd(HASH_LENGTH)}`, 'latin1')
}

/**
 * How many sessions can still be continued, for each of these programs. `names`: what all their keys begin with; `markAt`: where their
 * marks stand. Looks at every session, some hundred thousand a second, without holding up anybody else.
 */
export async function countLive(
  redis: Redis,
  names: string,
  markAt: number,
  programs: readonly string[],
): Promise<readonly number[]> {
  const counts = new Map(programs.map((program) => [markOf(program, false).toString('latin1'), 0]))
  const seen = new Set<string>()
  const match = `${names.replace(/[*?[\]\\]/g, '\\$&')}*`
  for await (const keys of redis.scanStream({ match, count: AT_ONCE }) as AsyncIterable<string[]>) {
    // A scan may name a key twice.
    const fresh = keys.filter((key) => !seen.has(key))
    for (const key of fresh) seen.add(key)
    const marks = await Promise.all(fresh.map((key) => redis.getrange(key, markAt, markAt + MARK_BYTES - 1)))
    for (const mark of marks) {
      const count = counts.get(mark)
      if (count !== undefined) counts.set(mark, count + 1)
    }
  }
  return [...counts.values()]
}
