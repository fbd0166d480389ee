import { roleOf } from '../../src/database/migrate.ts'
import { isRedisInstalled } from '../local/redis.ts'
import { openStores } from '../stores.ts'
import type { Ground } from './database.ts'
import { dropTestDatabases, prepareTemplate } from './template.ts'

/** `redisUrl`: null where there is no Redis. */
export type OpenGround = Omit<Ground, 'redisUrl'> & {
  readonly redisUrl: string | null
  release(): Promise<void>
}

/** The stores named in the environment, else private ones in `.data/test`, started or adopted; tests of this folder share them. */
export async function openGround({
  DATABASE_OWNER_URL: ownerUrl,
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
}: NodeJS.ProcessEnv): Promise<OpenGround> {
  if (ownerUrl && databaseUrl) {
    const urls = { adminUrl: ownerUrl, ownerUrl, databaseUrl, redisUrl: redisUrl || null }
    return withTemplate(urls, async () => undefined)
  }
  const withRedis = isRedisInstalled()
  const stores = await openStores({ directory: '.data/test', durable: false, withRedis, leave: 'stopped' })
  if (stores.started) await dropTestDatabases(stores.adminUrl)
  return withTemplate({ ...stores, redisUrl: redisUrl || stores.redisUrl }, stores.release)
}

async function withTemplate(
  urls: Omit<OpenGround, 'template' | 'release'>,
  release: () => Promise<void>,
): Promise<OpenGround> {
  try {
    const { adminUrl, ownerUrl, databaseUrl, redisUrl } = urls
    const template = await prepareTemplate(adminUrl, ownerUrl, roleOf(databaseUrl))
    return { adminUrl, ownerUrl, databaseUrl, redisUrl, template, release }
  } catch (error) {
    await release()
    throw error
  }
}
