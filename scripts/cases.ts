import { userInfo } from 'node:os'
import { openDatabase } from '../src/database/database.ts'
import { pendingMigrations } from '../src/database/migrate.ts'
import { plainLines } from '../src/domain/plain-text.ts'
import { type CasesAnswer, type CasesRequest, HELP, readRequest, runCases } from './cases/run.ts'
import { runCommand } from './command-line.ts'
import { openToolStores } from './stores.ts'

await runCommand(readRequest(process.argv.slice(2)), HELP, async (request) => {
  const { done, text } = await run(request)
  ;(done ? process.stdout : process.stderr).write(`${plainLines(text)}\n`)
  return done ? 0 : 1
})

async function run(request: CasesRequest): Promise<CasesAnswer> {
  const stores = await openToolStores(process.env)
  const database = openDatabase(stores.databaseUrl, { maxConnections: 1, applicationName: 'nyota-cases' })
  try {
    if ((await pendingMigrations(database)).length > 0) {
      return { done: false, text: 'The database is not migrated; run: npm run migrate' }
    }
    return await runCases(database, request, userInfo().username)
  } finally {
    await database.close()
    await stores.release()
  }
}
