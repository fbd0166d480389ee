import { openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import { readKeys } from '../../src/settings.ts'
import { type Environment, makeReader } from '../../src/settings-reader.ts'
import type { Verb } from './verb.ts'
import { verbs } from './verbs.ts'

const CALL = 'npm run security --'
/** Counting a large outbox takes minutes. */
const STATEMENT_TIMEOUT_MS = 3_600_000

const width = Math.max(...verbs.map(({ name }) => name.length))
const HELP = `${CALL} <verb>

${verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}
${CALL} <verb> --help tells more, with examples. docs/keys.md says what each key protects and how it is replaced.
Works on the stores of DATABASE_URL (as the owner, of DATABASE_OWNER_URL) with PIN_KEY and DATA_KEY; without DATABASE_URL on the local ones of
the demo. Exit codes: 0 all is well; 1 something is left to do, or it was not done; 2 wrong use.
`

export type ReadCall =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly sentence: string }
  | { readonly kind: 'work'; readonly verb: Verb }

/** Which verb is called; nothing is opened yet. */
export function readCall([name, ...args]: readonly string[]): ReadCall {
  if (name === undefined || ['--help', '-h', 'help'].includes(name)) return { kind: 'help', text: HELP }
  const verb = verbs.find((each) => each.name === name)
  if (verb === undefined) {
    const sentence = `There is no verb ${JSON.stringify(name)}; say one of ${verbs.map((each) => each.name).join(', ')}.`
    return { kind: 'wrong', sentence: `${sentence}\n  ${CALL} --help shows how.` }
  }
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text: `${CALL} ${verb.name}${verb.help}` }
  if (args.length === 0) return { kind: 'work', verb }
  return { kind: 'wrong', sentence: `${name} takes no options.\n  ${CALL} ${name} --help shows how.` }
}

/** Does it to these stores, with the keys of `env`. Resolves with the exit code; throws, with a sentence, where it cannot be done. */
export async function runCall(
  stores: { readonly databaseUrl: string; readonly ownerUrl: string | null },
  env: Environment,
  readText: (path: string) => string,
  { verb }: Extract<ReadCall, { kind: 'work' }>,
  print: (text: string) => void,
): Promise<number> {
  const reader = makeReader(env, readText)
  const keys = readKeys(reader, ['pin', 'data'])
  const url = verb.asOwner ? stores.ownerUrl : stores.databaseUrl
  if (url === null) {
    reader.problems.push('DATABASE_OWNER_URL is missing; only the owner of the tables may change what is sealed.')
  }
  if (keys === null || url === null || reader.problems.length > 0) throw new Error(reader.problems.join('\n'))
  const database = openDatabase(url, {
    maxConnections: 2,
    applicationName: 'nyota-security',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  })
  try {
    const pending = await pendingMigrations(database)
    if (pending.length > 0) throw new Error('The database is not migrated; run: npm run migrate')
    return await verb.work({ database, keys, print })
  } finally {
    await database.close()
  }
}
