import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { migrate, roleOf } from '../../src/database/migrate.ts'

const MIGRATIONS = new URL('../../src/database/migrations/', import.meta.url)
/** Another run that makes the same template at the same moment waits for this advisory lock. */
const TEMPLATE_LOCK = 384_021_118

/** Makes a migrated database to clone, named by its migrations' contents, unless it is there already. */
export async function prepareTemplate(adminUrl: string, ownerUrl: string, applicationRole: string): Promise<string> {
  const template = `template_${await fingerprint()}`
  await asAdmin(adminUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK])
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])
    if (found.rowCount === 1) return
    const raw = `${template}_raw`
    await client.query(`DROP DATABASE IF EXISTS ${raw} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${raw} OWNER ${pg.escapeIdentifier(roleOf(ownerUrl))}`)
    await migrate(inDatabase(ownerUrl, raw), { applicationRole })
    await client.query(`ALTER DATABASE ${raw} RENAME TO ${template}`)
  })
  return template
}

/** Clears away what earlier runs left behind. */
export async function dropTestDatabases(adminUrl: string): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    const found = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' OR datname LIKE 'template\\_%\\_raw'`,
    )
    for (const { datname } of found.rows)
      await client.query(`DROP DATABASE ${pg.escapeIdentifier(datname)} WITH (FORCE)`)
  })
}

export async function asAdmin<T>(adminUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export function inDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of (await readdir(MIGRATIONS).catch(() => [])).sort()) {
    hash.update(file).update(await readFile(new URL(file, MIGRATIONS)))
  }
  return hash.digest('hex').slice(0, 16)
}
