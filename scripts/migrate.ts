import { readFileSync } from 'node:fs'
import { openDatabase } from '../src/database/database.ts'
import { migrate, roleOf } from '../src/database/migrate.ts'
import type { Market } from '../src/domain/market.ts'
import { bringTariffs } from '../src/ledger/load-tariffs.ts'
import type { MarketTariff } from '../src/ledger/tariff.ts'
import { readMarket, readOwnTariffs } from '../src/settings.ts'
import { makeReader } from '../src/settings-reader.ts'
import { openToolStores } from './stores.ts'

const HELP = `npm run migrate

Brings the schema of the database up to date, loads the tariffs of the market, and says what it did.
  MARKET=KE npm run migrate

  DATABASE_OWNER_URL   who owns the tables
  DATABASE_URL         who the gateway connects as; gets exactly the rights it needs
  MARKET               whose tariffs are loaded; none where it is not set
  TARIFFS          tariffs of your own, instead of the examples that come with the program (docs/tariffs.md)
Without DATABASE_URL the local stores are migrated.
`

if (process.argv.includes('--help')) {
  process.stdout.write(HELP)
} else {
  await run().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
}

async function run(): Promise<void> {
  const stores = await openToolStores(process.env)
  try {
    if (stores.ownerUrl === null)
      throw new Error('DATABASE_OWNER_URL is missing; only the owner of the tables may migrate.')
    const reader = makeReader(process.env, (path) => readFileSync(path, 'utf8'))
    const market = process.env.MARKET ? readMarket(reader) : null
    const own = readOwnTariffs(reader, market)
    if (reader.problems.length > 0) throw new Error(reader.problems.join('\n'))
    const { applied } = await migrate(stores.ownerUrl, { applicationRole: roleOf(stores.databaseUrl) })
    const done = [...stores.migrated, ...applied]
    process.stdout.write(done.length > 0 ? `Applied: ${done.join(', ')}\n` : 'The schema is up to date.\n')
    if (market !== null) process.stdout.write(await loadFor(stores.ownerUrl, market, own))
  } finally {
    await stores.release()
  }
}

async function loadFor(ownerUrl: string, market: Market, own: readonly MarketTariff[] | null): Promise<string> {
  const owner = openDatabase(ownerUrl, { maxConnections: 1, applicationName: 'nyota-migrate' })
  try {
    const { loaded } = await bringTariffs(owner, market, own)
    return loaded.length > 0 ? `Loaded tariffs: ${loaded.join(', ')}\n` : 'The tariffs are up to date.\n'
  } finally {
    await owner.close()
  }
}
