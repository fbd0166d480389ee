import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Queryable } from './database.ts'

export type MigrateOptions = {
  /** The role the gateway connects as; `:"application"` in a migration stands for it. */
  readonly applicationRole: string
  /** Folder of `NNNN_name.sql` files; the product's own by default. */
  readonly directory?: string
}

type Migration = { readonly name: string; readonly sql: string; readonly sha256: string }

/** Any number, the same in every process that migrates: the name of the advisory lock. */
const ADVISORY_LOCK = 384_021_117
/** A second process waits this long for the first one to finish, and a migration this long for a table's lock. */
const LOCK_TIMEOUT = '60s'

const OWN_MIGRATIONS = fileURLToPath(new URL('./migrations/', import.meta.url))

/**
 * Brings the schema up to date, one transaction per migration, forward only, under an advisory lock so that processes that
 * start together do not collide. Throws with advice where the database and the files disagree.
 */
export async function migrate(ownerUrl: string, options: MigrateOptions): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(options.directory ?? OWN_MIGRATIONS)
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'nyota-migrate' })
  // A broken connection fails the statement under way; the event itself must not end the process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await checkRoles(client, options.applicationRole)
    await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`)
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK])
    await prepareTable(client, options.applicationRole)
    const done = await client.query<{ name: string; sha256: string }>('SELECT name, sha256 FROM schema_migration')
    const applied: string[] = []
    for (const migration of outstanding(migrations, done.rows)) {
      await apply(client, migration, options.applicationRole)
      applied.push(migration.name)
    }
    return { applied }
  } finally {
    await client.end()
  }
}

/** Names of migrations that this build needs and the database does not have; a newer database is fine. */
export async function pendingMigrations(db: Queryable, directory: string = OWN_MIGRATIONS): Promise<string[]> {
  const names = (await migrationFiles(directory)).map((file) => file.replace(/\.sql$/, ''))
  const table = await db.query<{ found: boolean }>(`SELECT to_regclass('schema_migration') IS NOT NULL AS found`)
  if (table.rows[0]?.found !== true) return names
  const done = await db.query<{ name: string }>('SELECT name FROM schema_migration')
  const known = new Set(done.rows.map((row) => row.name))
  return names.filter((name) => !known.has(name))
}

/** The role a connection URL logs in as. */
export function roleOf(databaseUrl: string): string {
  return decodeURIComponent(new URL(databaseUrl).username)
}

async function migrationFiles(directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort()
  const odd = files.find((file) => !/^\d{4}_[a-z0-9_]+\.sql$/.test(file))
  if (odd !== undefined) throw new Error(`${odd} is not named like 0001_subscribers.sql; rename it.`)
  return files
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const files = await migrationFiles(directory)
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(`${directory}/${file}`, 'utf8')
      return { name: file.replace(/\.sql$/, ''), sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/** An application that owns the tables could rewrite history, whatever is granted to it. */
async function checkRoles(client: pg.Client, applicationRole: string): Promise<void> {
  const found = await client.query<{ powerful: boolean }>(
    `SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') AS powerful FROM pg_roles WHERE rolname = $1`,
    [applicationRole],
  )
  const role = found.rows[0]
  if (role === undefined) {
    throw new Error(
      `The role ${applicationRole} does not exist; create it with CREATE ROLE … LOGIN, then migrate again.`,
    )
  }
  if (role.powerful) {
    throw new Error(
      `The application's role ${applicationRole} is a superuser or (a member of) the owner; give DATABASE_URL a role of its own, without rights.`,
    )
  }
}

async function prepareTable(client: pg.Client, applicationRole: string): Promise<void> {
  await client.query(`CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`)
  await client.query(`GRANT SELECT ON schema_migration TO ${pg.escapeIdentifier(applicationRole)}`)
}

function outstanding(migrations: readonly Migration[], done: readonly { name: string; sha256: string }[]): Migration[] {
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const row of done) {
    const file = files.get(row.name)
    if (file === undefined) {
      throw new Error(
        `The database has migration ${row.name}, which this version does not know; run the newer version.`,
      )
    }
    if (file.sha256 !== row.sha256) {
      throw new Error(`Migration ${row.name} was changed after it ran; restore the file and write a new migration.`)
    }
  }
  const last =
    done
      .map((row) => row.name)
      .sort()
      .at(-1) ?? ''
  const open = migrations.filter((migration) => !done.some((row) => row.name === migration.name))
  const late = open.find((migration) => migration.name < last)
  if (late !== undefined) {
    throw new Error(`Migration ${late.name} is older than ${last}, which has run; give it the next number.`)
  }
  return open
}

async function apply(client: pg.Client, migration: Migration, applicationRole: string): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query(migration.sql.replaceAll(':"application"', pg.escapeIdentifier(applicationRole)))
    await client.query('INSERT INTO schema_migration (name, sha256) VALUES ($1, $2)', [
      migration.name,
      migration.sha256,
    ])
    await client.query('COMMIT')
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw new Error(`Migration ${migration.name} failed and was undone: ${(cause as Error).message}`, { cause })
  }
}
