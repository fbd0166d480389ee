import { userInfo } from 'node:os'
import { openDatabase } from '../src/database/database.ts'
import { pendingMigrations } from '../src/database/migrate.ts'
import { type CasesAnswer, type CasesRequest, readRequest, runCases } from './cases/run.ts'
import { openToolStores } from './stores.ts'

const request = readRequest(process.argv.slice(2))
switch (request.kind) {
  case 'help':
    process.stdout.write(request.text)
    break
  case 'wrong':
    process.stderr.write(`${request.sentence}\n`)
    process.exitCode = 2
    break
  case 'list':
  case 'close': {
    const { done, text } = await run(request).catch((error: unknown) => ({
      done: false,
      text: error instanceof Error ? error.message : String(error),
    }))
    ;(done ? process.stdout : process.stderr).write(`${text}\n`)
    process.exitCode = done ? 0 : 1
    break
  }
}

async function run(asked: Extract<CasesRequest, { kind: 'list' | 'close' }>): Promise<CasesAnswer> {
  const stores = await openToolStores(process.env)
  const database = openDatabase(stores.databaseUrl, { maxConnections: 1, applicationName: 'nyota-cases' })
  try {
    if ((await pendingMigrations(database)).length > 0) {
      return { done: false, text: 'The database is not migrated; run: npm run migrate' }
    }
    return await runCases(database, asked, userInfo().username)
  } finally {
    await database.close()
    await stores.release()
  }
}
