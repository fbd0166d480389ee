import { readFileSync } from 'node:fs'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import type { Market } from '../../src/domain/market.ts'
import { type Audit, makeAudit } from '../../src/security/audit.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { readKeys, readMarket, readQuietHours } from '../../src/settings.ts'
import { makeReader } from '../../src/settings-reader.ts'
import type { QuietHours } from '../../src/sms/informing.ts'
import { keyProblems } from '../../src/subscribers/check-keys.ts'
import { readToolEnv } from '../local/keys.ts'
import { openToolStores } from '../stores.ts'

export type CampaignTools = {
  readonly database: Database
  readonly sealer: Sealer
  readonly audit: Audit
  readonly market: Market
  readonly quiet: QuietHours
}

/** Storing a million people takes longer than a hop may. */
const STATEMENT_TIMEOUT_MS = 600_000

/** Opens what the verbs work with, and leaves it as it was found. Throws with a sentence for each setting that is wrong. */
export async function withCampaignTools(work: (tools: CampaignTools) => Promise<number>): Promise<number> {
  const env = await readToolEnv(process.env)
  const reader = makeReader(env, (path) => readFileSync(path, 'utf8'))
  const [keys, market] = [readKeys(reader, ['data', 'audit', 'pin']), readMarket(reader)]
  const hours = readQuietHours(reader, market)
  if (keys === null || market === null || reader.problems.length > 0) throw new Error(reader.problems.join('\n'))
  const stores = await openToolStores(process.env)
  const database = openDatabase(stores.databaseUrl, {
    maxConnections: 2,
    applicationName: 'nyota-campaigns',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  })
  try {
    if ((await pendingMigrations(database)).length > 0)
      throw new Error('The database is not migrated; run: npm run migrate')
    const foreign = await keyProblems(database, keys)
    if (foreign.length > 0) throw new Error(foreign.join('\n'))
    const sealer = makeSealer(keys.data)
    const quiet = { hours, timeZone: market.timeZone, now: Date.now }
    return await work({ database, sealer, audit: makeAudit(keys.audit, sealer), market, quiet })
  } finally {
    await database.close()
    await stores.release()
  }
}
