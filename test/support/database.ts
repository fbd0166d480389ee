import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { roleOf } from '../../src/database/migrate.ts'
import { asAdmin, inDatabase } from './template.ts'

export type TestDatabase = {
  /** As the application role. */
  readonly url: string
  readonly ownerUrl: string
  readonly app: Database
  readonly owner: Database
  drop(): Promise<void>
  /** Closes its connections and gives the name to make others like it from. */
  asTemplate(): Promise<string>
}

/** A database of the caller's own with today's schema and no rows, or like the template given; call `drop` afterwards. */
export async function createTestDatabase(template: string = inject('template')): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  const adminUrl = inject('adminUrl')
  const owner = pg.escapeIdentifier(roleOf(inject('ownerUrl')))
  // Copying files instead of writing each page to the log costs half as much where nobody waits for the disk.
  await asAdmin(adminUrl, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${owner} STRATEGY file_copy`),
  )
  const url = inDatabase(inject('databaseUrl'), name)
  const ownerUrl = inDatabase(inject('ownerUrl'), name)
  const app = openDatabase(url, { maxConnections: 10, applicationName: 'test-app' })
  const asOwner = openDatabase(ownerUrl, { maxConnections: 2, applicationName: 'test-owner' })
  const close = async (): Promise<void> => void (await Promise.all([app.close(), asOwner.close()]))
  return {
    ...{ url, ownerUrl, app, owner: asOwner },
    async drop() {
      await close()
      await asAdmin(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    },
    async asTemplate() {
      await close()
      return name
    },
  }
}
