import type { Redis } from 'ioredis'

/**
 * What is wrong with how Redis keeps things, in sentences; empty where it is as it must be. Read by `INFO`, which hosted ones allow too,
 * each time it is asked: an evicted job is gone without a word, and a restart without the append-only file forgets all of them.
 */
export async function storeProblems(redis: Redis): Promise<readonly string[]> {
  const [memory, persistence] = await Promise.all([redis.info('memory'), redis.info('persistence')])
  const policy = fieldOf(memory, 'maxmemory_policy')
  const problems: string[] = []
  if (policy !== null && policy !== 'noeviction')
    problems.push(
      `maxmemory-policy is ${policy}, so sessions and jobs can vanish when memory is short; run: redis-cli config set maxmemory-policy noeviction`,
    )
  if (fieldOf(persistence, 'aof_enabled') === '0')
    problems.push(
      'appendonly is no, so a restart forgets every session and job; run: redis-cli config set appendonly yes, and write it to its file',
    )
  if (fieldOf(persistence, 'aof_last_write_status') === 'err')
    problems.push('its append-only file cannot be written, so it takes no writes; make room on its disk')
  return problems
}

/** `name:value` of an answer to INFO; null where this Redis does not say. */
function fieldOf(info: string, name: string): string | null {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1] ?? null
}
