import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '../../src/database/database.ts'
import type { Violation } from './invariants.ts'

/** A place that is searched, by name, and all that is in it. */
export type Place = { readonly name: string; readonly text: string }

/** I9: in which places secrets of one length stand, as a word of their own or as the hexadecimal digits of one. They are not quoted. */
export function findSecrets(secrets: readonly string[], places: readonly Place[]): Violation[] {
  const wanted = new Set(secrets.flatMap((secret) => [secret, Buffer.from(secret, 'latin1').toString('hex')]))
  const length = secrets[0]?.length ?? 0
  // One pass over what may be many megabytes, whatever the number of secrets.
  const word = new RegExp(`(?<![0-9a-zA-Z.])[0-9]{${length}}(?![0-9a-zA-Z])|(?=((?:3[0-9]){${length}}))`, 'g')
  return places.flatMap(({ name, text }) => {
    const found = new Set<string>()
    for (const [digits, octets] of text.matchAll(word)) if (wanted.has(octets ?? digits)) found.add(octets ?? digits)
    return found.size === 0 ? [] : [{ invariant: 'I9', fact: `${found.size} secrets stand in ${name}` }]
  })
}

/** Logs, everything that was ever written to Redis, and the tables' texts. */
export async function readPlaces(logs: string, redis: string, database: Database): Promise<Place[]> {
  return [...(await readFolder(logs, 'the log')), ...(await readFolder(redis, 'Redis')), await dumpTables(database)]
}

async function readFolder(folder: string, what: string): Promise<Place[]> {
  const files = (await readdir(folder, { withFileTypes: true, recursive: true })).filter((file) => file.isFile())
  // The server's own settings hold its password, and nothing of ours.
  const wanted = files.filter(({ name }) => name !== 'redis.conf')
  return Promise.all(
    wanted.map(async ({ parentPath, name }) => ({
      name: `${what} ${name}`,
      text: await readFile(join(parentPath, name), 'latin1'),
    })),
  )
}

/** Columns of numbers are left out: an amount may look like a PIN by chance. */
async function dumpTables(database: Database): Promise<Place> {
  const { rows: tables } = await database.query<{ name: string; columns: string }>(
    `SELECT format('%I', c.table_name) AS name, string_agg(format('%I::text', c.column_name), ', ' ORDER BY c.ordinal_position) AS columns
       FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type IN ('text', 'jsonb', 'json', 'bytea', 'ARRAY', 'character varying')
      GROUP BY c.table_name`,
  )
  const lines: string[] = []
  for (const { name, columns } of tables) {
    const { rows } = await database.query<{ line: string }>(`SELECT concat_ws(' ', ${columns}) AS line FROM ${name}`)
    lines.push(...rows.map(({ line }) => line))
  }
  return { name: 'PostgreSQL', text: lines.join('\n') }
}
