import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'

export type OwnRedis = {
  readonly url: string
  /** For key names and channels; channels are common to all databases of a server. */
  readonly prefix: string
  /** Loses all that is in it, as a Redis without its disk would. */
  flush(): Promise<void>
}

/** A numbered database of the caller's own on a Redis that others use too. */
export async function createRedis(shared: string): Promise<OwnRedis> {
  const number = await once(shared, async (redis) => {
    const databases = Number(((await redis.config('GET', 'databases')) as string[])[1] ?? 16)
    return 1 + ((await redis.incr('test:databases')) % (databases - 1))
  })
  const address = new URL(shared)
  address.pathname = `/${number}`
  const url = address.href
  const flush = (): Promise<void> => once(url, async (redis) => void (await redis.flushdb()))
  await flush()
  return { url, prefix: `test${randomBytes(4).toString('hex')}:`, flush }
}

async function once<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 })
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}
