import { Redis } from 'ioredis'

/** A hop has one read and one write; a Redis that needs longer than this is as good as gone. */
const COMMAND_TIMEOUT_MS = 500
const CONNECT_TIMEOUT_MS = 10_000
const LONGEST_PAUSE_MS = 1000

/** Connects, or throws with a sentence. While Redis is away later, commands fail at once instead of waiting in memory. */
export async function openRedis(url: string, onError: (error: Error) => void): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_PAUSE_MS),
  })
  redis.on('error', onError)
  try {
    await redis.connect()
    return redis
  } catch (error) {
    redis.disconnect()
    throw new Error('Redis does not answer at REDIS_URL; is it running?', { cause: error })
  }
}
