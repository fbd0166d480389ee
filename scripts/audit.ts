import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { openDatabase } from '../src/database/database.ts'
import { pendingMigrations } from '../src/database/migrate.ts'
import { readKeys } from '../src/settings.ts'
import { readAuditSettings } from '../src/settings-audit.ts'
import { makeReader } from '../src/settings-reader.ts'
import { checkFiles } from './audit/check.ts'
import { HELP, type LogRequest, type Request, readRequest } from './audit/request.ts'
import { type Output, runOnLog } from './audit/run.ts'
import { runWitness } from './audit/witness.ts'
import { runCommand } from './command-line.ts'
import { readToolEnv } from './local/keys.ts'
import { openToolStores } from './stores.ts'

const output: Output = {
  print: (text) => void process.stdout.write(text),
  warn: (text) => void process.stderr.write(text),
}
/** A whole log is read at once. */
const STATEMENT_TIMEOUT_MS = 3_600_000

await runCommand(readRequest(process.argv.slice(2)), HELP, run)

async function run(request: Request): Promise<number> {
  switch (request.verb) {
    case 'check':
      return checkFiles(request, output)
    case 'witness': {
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      return runWitness(request, output, stop.signal)
    }
    default:
      return onLog(request)
  }
}

async function onLog(request: LogRequest): Promise<number> {
  const reader = makeReader(await readToolEnv(process.env), (path) => readFileSync(path, 'utf8'))
  const keys = readKeys(reader, ['data', 'audit'])
  const settings = readAuditSettings(reader)
  if (keys === null || reader.problems.length > 0) throw new Error(reader.problems.join('\n'))
  const stores = await openToolStores(process.env)
  const pool = { maxConnections: 4, applicationName: 'nyota-audit', statementTimeoutMs: STATEMENT_TIMEOUT_MS }
  const database = openDatabase(stores.databaseUrl, pool)
  try {
    if ((await pendingMigrations(database)).length > 0) {
      throw new Error('The database is not migrated; run: npm run migrate')
    }
    return await runOnLog({ database, keys, ...settings, by: userInfo().username, ...output }, request)
  } finally {
    await database.close()
    await stores.release()
  }
}
