import { type GatewayOptions, type OwnGateway, startOwnGateway } from '../../scripts/dialogues/gateway.ts'
import { createTestDatabase } from './database.ts'
import { createTestRedis } from './redis.ts'

export type TestGateway = OwnGateway

/** A gateway on real stores, of its own unless stated, with a fake network and fake billers outside its walls. */
export async function startTestGateway(
  options: Omit<GatewayOptions, 'stores'> & Partial<Pick<GatewayOptions, 'stores'>> = {},
): Promise<TestGateway> {
  const ownStores = async () => {
    const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()])
    return { database, redis }
  }
  return startOwnGateway({ ...options, stores: options.stores ?? (await ownStores()) })
}
