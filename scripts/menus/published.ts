import { readFile } from 'node:fs/promises'
import { loadProgram, newestHash } from '../../src/conversations/publish.ts'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import type { Market } from '../../src/domain/market.ts'
import { markets } from '../../src/domain/markets.ts'
import { type Program, programFromJson } from '../../src/menu/program.ts'
import { openToolStores } from '../stores.ts'

export type PublishedStores = { readonly database: Database; readonly redisUrl: string | null; readonly market: Market }

export const storesHelp: string = `DATABASE_URL (and REDIS_URL) name the stores; without them those of the demo are used, and started for as long as it takes.
`

/**
 * Runs `work` on the stores of the environment, or on the local ones, whose market is Kenya unless stated. Throws, with advice, where
 * no market is named or the database is not migrated.
 */
export async function withStores<T>(
  marketCode: string | undefined,
  work: (stores: PublishedStores) => Promise<T>,
): Promise<T> {
  const code = marketCode ?? (process.env.DATABASE_URL ? undefined : 'KE')
  const market = markets.get(code ?? '')
  if (market === undefined) {
    const known = [...markets.keys()].join(', ')
    throw new Error(
      code === undefined
        ? `Say whose menus: --market or MARKET, one of ${known}.`
        : `There is no market ${code}; known: ${known}.`,
    )
  }
  const stores = await openToolStores(process.env)
  try {
    const database = openDatabase(stores.databaseUrl, { maxConnections: 2, applicationName: 'nyota-menus' })
    try {
      if ((await pendingMigrations(database)).length > 0)
        throw new Error('The database is not migrated; run: npm run migrate')
      return await work({ database, redisUrl: stores.redisUrl, market })
    } finally {
      await database.close()
    }
  } finally {
    await stores.release()
  }
}

export const againstHelp: string =
  'published (those in force in the database), the hash of a version, the URL of an operator port, or a program in a JSON file'

/** An earlier version of the menus, by what `againstHelp` names; throws, with a sentence, where there is none. */
export async function readVersion(name: string, marketCode: string | undefined): Promise<Program> {
  if (/^https?:\/\//.test(name)) {
    const response = await fetch(new URL('/menus/program', name)).catch(() => {
      throw new Error(`Nothing answers at ${name}; give the URL of the operator port of a running gateway.`)
    })
    if (!response.ok) throw new Error(`${name} answers ${response.status}; give the URL of an operator port.`)
    return programFromJson(await response.text())
  }
  if (name.endsWith('.json')) return programFromJson(await readFile(name, 'utf8'))
  return withStores(marketCode, async ({ database, market }) => {
    const hash = name === 'published' ? await newestHash(database, market, null) : await hashBeginning(database, name)
    const program = hash === null ? null : await loadProgram(database, hash)
    if (program !== null) return program
    throw new Error(
      name === 'published' ? `No menus of ${market.code} are published yet.` : `There is no version ${name}.`,
    )
  })
}

async function hashBeginning(database: Database, start: string): Promise<string | null> {
  const { rows } = await database.query<{ hash: string }>(
    'SELECT hash FROM menu_program WHERE starts_with(hash, $1) ORDER BY published_at DESC LIMIT 2',
    [start],
  )
  if (rows.length > 1) throw new Error(`More than one version begins with ${start}; write more of its hash.`)
  return rows[0]?.hash ?? null
}
