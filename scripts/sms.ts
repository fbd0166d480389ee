import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { openDatabase } from '../src/database/database.ts'
import { pendingMigrations } from '../src/database/migrate.ts'
import { plainLines } from '../src/domain/plain-text.ts'
import { makeAudit } from '../src/security/audit.ts'
import { makeSealer } from '../src/security/sealing.ts'
import { readKeys } from '../src/settings.ts'
import { makeReader } from '../src/settings-reader.ts'
import { keyProblems } from '../src/subscribers/check-keys.ts'
import { runCommand } from './command-line.ts'
import { readToolEnv } from './local/keys.ts'
import { type Answer, answer } from './sms/answer.ts'
import { HELP, type Options, readOptions } from './sms/options.ts'
import { wordsOf } from './sms/words.ts'
import { openToolStores } from './stores.ts'

await runCommand(readOptions(process.argv.slice(2)), HELP, run)

async function run({ question, json }: Options): Promise<number> {
  const env = await readToolEnv(process.env)
  const reader = makeReader(env, (path) => readFileSync(path, 'utf8'))
  const withText = question.kind !== 'unmatched' && question.text
  const data = readKeys(reader, ['data'])
  const audit = withText ? readKeys(reader, ['audit']) : null
  if (data === null || reader.problems.length > 0) return fail(reader.problems)
  const stores = await openToolStores(process.env)
  const database = openDatabase(stores.databaseUrl, { maxConnections: 1, applicationName: 'nyota-sms' })
  try {
    if ((await pendingMigrations(database)).length > 0)
      return fail(['The database is not migrated; run: npm run migrate'])
    const foreign = await keyProblems(database, data)
    if (foreign.length > 0) return fail(foreign)
    const sealer = makeSealer(data.data)
    const by = userInfo().username
    const found = await answer(database, { sealer, audit: audit && makeAudit(audit.audit, sealer), by }, question)
    return tell(found, json)
  } finally {
    await database.close()
    await stores.release()
  }
}

function tell(found: Answer, json: boolean): number {
  const { kind: _, ...rows } = found
  const count = found.kind === 'unmatched' ? found.reports.length : found.messages.length
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  else if (count > 0) process.stdout.write(plainLines(wordsOf(found)))
  else
    process.stderr.write(found.kind === 'unmatched' ? 'Every delivery report has its message.\n' : 'Nothing found.\n')
  return count > 0 ? 0 : 1
}

function fail(problems: readonly string[]): number {
  process.stderr.write(`${['Nothing was read:', ...problems.map((line) => `  ${line}`)].join('\n')}\n`)
  return 1
}
