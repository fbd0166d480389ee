import { userInfo } from 'node:os'
import { openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import type { Keys } from '../../src/security/keys.ts'
import { readKeys } from '../../src/settings.ts'
import { type Environment, makeReader } from '../../src/settings-reader.ts'
import { keyProblems } from '../../src/subscribers/check-keys.ts'
import type { LedgerTools, Verb, Work } from './verb.ts'
import { verbs } from './verbs.ts'

const CALL = 'npm run ledger --'
/** A proof of millions of entries takes minutes; one that takes an hour is stuck. */
const STATEMENT_TIMEOUT_MS = 3_600_000

const width = Math.max(...verbs.map(({ name }) => name.length))
const HELP = `${CALL} <verb> [options]

${verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}
${CALL} <verb> --help tells more, with examples. docs/day-end.md says what is proven and what a signature is worth.
Works on the stores of DATABASE_URL (with DATA_KEY and AUDIT_KEY where people or signatures are read); without DATABASE_URL on the local
ones of the demo. Exit codes: 0 all is well; 1 something is wrong, or it was not done; 2 wrong use.
`

export type ReadCall =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly sentence: string }
  | { readonly kind: 'work'; readonly verb: Verb; readonly work: Work }

/** Which verb is called, and how; nothing is opened yet. */
export function readCall([name, ...args]: readonly string[]): ReadCall {
  const verb = verbs.find((each) => each.name === name)
  if (verb === undefined) {
    if (name === undefined || ['--help', '-h', 'help'].includes(name)) return { kind: 'help', text: HELP }
    const sentence = `There is no verb ${JSON.stringify(name)}; say one of ${verbs.map((each) => each.name).join(', ')}.`
    return { kind: 'wrong', sentence: `${sentence}\n  ${CALL} --help shows how.` }
  }
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text: `${CALL} ${verb.name} ${verb.help}` }
  try {
    return { kind: 'work', verb, work: verb.prepare(args) }
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error)
    return { kind: 'wrong', sentence: `${sentence}\n  ${CALL} ${verb.name} --help shows how.` }
  }
}

/** Does it to this database, with the keys of `env`. Resolves with the exit code; throws, with a sentence, where it cannot be done. */
export async function runCall(
  databaseUrl: string,
  env: Environment,
  readText: (path: string) => string,
  { verb, work }: Extract<ReadCall, { kind: 'work' }>,
  { print, warn }: Pick<LedgerTools, 'print' | 'warn'>,
): Promise<number> {
  const reader = makeReader(env, readText)
  const keys: Partial<Keys> | null = readKeys(reader, verb.keys)
  if (keys === null || reader.problems.length > 0) throw new Error(reader.problems.join('\n'))
  const database = openDatabase(databaseUrl, {
    maxConnections: 2,
    applicationName: 'nyota-ledger',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  })
  try {
    const pending = await pendingMigrations(database)
    if (pending.length > 0) throw new Error('The database is not migrated; run: npm run migrate')
    const foreign = keys.data === undefined ? [] : await keyProblems(database, { data: keys.data })
    if (foreign.length > 0) throw new Error(foreign.join('\n'))
    const key: LedgerTools['key'] = (name) => {
      const found = keys[name]
      if (found === undefined) throw new Error(`${verb.name} did not ask for the ${name} key`)
      return found
    }
    return await work({ database, key, by: { kind: 'staff', id: userInfo().username }, print, warn })
  } finally {
    await database.close()
  }
}
