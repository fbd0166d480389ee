import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { roleOf } from '../../src/database/migrate.ts'
import { asAdmin, inDatabase } from './template.ts'

/** A PostgreSQL and a Redis on which worlds are made, and the migrated database that theirs are copies of. */
export type Ground = {
  /** May create databases. */
  readonly adminUrl: string
  readonly ownerUrl: string
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly template: string
}

export type OwnDatabase = {
  /** As the application role. */
  readonly url: string
  readonly ownerUrl: string
  readonly app: Database
  readonly owner: Database
  drop(): Promise<void>
  /** Closes its connections and gives the name to make others like it from. */
  asTemplate(): Promise<string>
}

/** A database of the caller's own with today's schema and no rows, or like another template; call `drop` afterwards. */
export async function createDatabase(
  ground: Omit<Ground, 'redisUrl'>,
  template: string = ground.template,
): Promise<OwnDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  const { adminUrl } = ground
  const owner = pg.escapeIdentifier(roleOf(ground.ownerUrl))
  // Copying files instead of writing each page to the log costs half as much where nobody waits for the disk.
  await asAdmin(adminUrl, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${owner} STRATEGY file_copy`),
  )
  const url = inDatabase(ground.databaseUrl, name)
  const ownerUrl = inDatabase(ground.ownerUrl, name)
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
