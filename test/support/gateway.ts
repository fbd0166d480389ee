import { type GatewayOptions, type OwnGateway, startOwnGateway } from '../../scripts/dialogues/gateway.ts'
import { createTestDatabase } from './database.ts'
import { createTestRedis } from './redis.ts'

export type TestGateway = OwnGateway

/** A gateway on real stores of its own, with a fake network and fake billers outside its walls. */
export async function startTestGateway(options: Omit<GatewayOptions, 'stores'> = {}): Promise<TestGateway> {
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()])
  return startOwnGateway({ ...options, stores: { database, redis } })
}
