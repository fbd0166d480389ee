import type { TestProject } from 'vitest/node'
import { isRedisInstalled } from '../../scripts/local/redis.ts'
import { INSTALL_REDIS, openStores } from '../../scripts/stores.ts'
import { roleOf } from '../../src/database/migrate.ts'
import { dropTestDatabases, prepareTemplate } from './template.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** May create databases. */
    adminUrl: string
    ownerUrl: string
    databaseUrl: string
    /** Null where there is no Redis: tests that need one are skipped. */
    redisUrl: string | null
    template: string
  }
}

/** Hands every test file one PostgreSQL with a migrated template, and one Redis; stops what it started. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = process.env
  if (ownerUrl && databaseUrl) {
    return provide(
      project,
      { adminUrl: ownerUrl, ownerUrl, databaseUrl, redisUrl: redisUrl || null },
      async () => undefined,
    )
  }
  const withRedis = isRedisInstalled()
  const stores = await openStores({ directory: '.data/test', durable: false, withRedis, leave: 'stopped' })
  if (stores.started) await dropTestDatabases(stores.adminUrl)
  return provide(project, { ...stores, redisUrl: redisUrl || stores.redisUrl }, stores.release)
}

async function provide(
  project: TestProject,
  urls: { adminUrl: string; ownerUrl: string; databaseUrl: string; redisUrl: string | null },
  release: () => Promise<void>,
): Promise<() => Promise<void>> {
  try {
    project.provide('template', await prepareTemplate(urls.adminUrl, urls.ownerUrl, roleOf(urls.databaseUrl)))
    project.provide('adminUrl', urls.adminUrl)
    project.provide('ownerUrl', urls.ownerUrl)
    project.provide('databaseUrl', urls.databaseUrl)
    project.provide('redisUrl', urls.redisUrl)
    if (urls.redisUrl === null) process.stderr.write(`Tests that need Redis are skipped; run: ${INSTALL_REDIS}\n`)
    return release
  } catch (error) {
    await release()
    throw error
  }
}
