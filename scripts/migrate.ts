import { migrate, roleOf } from '../src/database/migrate.ts'
import { openToolStores } from './stores.ts'

const HELP = `npm run migrate

Brings the schema of the database up to date, and says what it did.
  DATABASE_OWNER_URL   who owns the tables
  DATABASE_URL         who the gateway connects as; gets exactly the rights it needs
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
    const { applied } = await migrate(stores.ownerUrl, { applicationRole: roleOf(stores.databaseUrl) })
    const done = [...stores.migrated, ...applied]
    process.stdout.write(done.length > 0 ? `Applied: ${done.join(', ')}\n` : 'The schema is up to date.\n')
  } finally {
    await stores.release()
  }
}
