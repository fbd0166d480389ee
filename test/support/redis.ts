import { inject } from 'vitest'
import { createRedis, type OwnRedis } from '../../scripts/dialogues/redis.ts'
import { needsRedis } from './needs.ts'

export type TestRedis = OwnRedis

needsRedis()

/** A numbered database of the caller's own on the tests' Redis. */
export async function createTestRedis(): Promise<TestRedis> {
  const shared = inject('redisUrl')
  if (shared === null) throw new Error('There is no Redis; this test should have been skipped.')
  return createRedis(shared)
}
