import type { TestProject } from 'vitest/node'
import { openGround } from '../../scripts/dialogues/ground.ts'
import { INSTALL_REDIS } from '../../scripts/stores.ts'

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
  const { release, ...urls } = await openGround(process.env)
  for (const name of ['adminUrl', 'ownerUrl', 'databaseUrl', 'template'] as const) project.provide(name, urls[name])
  project.provide('redisUrl', urls.redisUrl)
  if (urls.redisUrl === null) process.stderr.write(`Tests that need Redis are skipped; run: ${INSTALL_REDIS}\n`)
  return release
}
