import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import type { Market } from '../../src/domain/market.ts'
import { parseMsisdn } from '../../src/domain/msisdn.ts'
import type { Secret } from '../../src/domain/secret.ts'
import { bringTariffs } from '../../src/ledger/load-tariffs.ts'
import { readTariff, versionInForce } from '../../src/ledger/stored-tariffs.ts'
import type { MarketTariff } from '../../src/ledger/tariff.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { readKeys, readMarket, readOwnTariffs } from '../../src/settings.ts'
import { type Environment, makeReader } from '../../src/settings-reader.ts'
import { keyProblems } from '../../src/subscribers/check-keys.ts'
import { type EnrolOutcome, enrol } from '../../src/subscribers/enrol.ts'
import { makeHasher } from '../../src/subscribers/hasher.ts'
import type { Options } from './options.ts'

export type Person = Pick<Options, 'number' | 'name' | 'language' | 'tier' | 'question'>

/**
 * Enrols one person in the database given, with the keys and the market of `env`; every problem found is a sentence in 'bad'. Where the
 * owner is known and no tariff is in force, the market's is loaded.
 */
export async function enrolOne(
  stores: { readonly databaseUrl: string; readonly ownerUrl: string | null },
  env: Environment,
  readText: (path: string) => string,
  person: Person,
  answer: Secret | null,
): Promise<EnrolOutcome> {
  const reader = makeReader(env, readText)
  const [keys, market] = [readKeys(reader, ['pin', 'data', 'audit']), readMarket(reader)]
  const own = readOwnTariffs(reader, market)
  if (keys === null || market === null || reader.problems.length > 0) return { kind: 'bad', problems: reader.problems }
  const languages = await languagesOf(env.MENUS_DIR || 'menus')
  const number = parseMsisdn(person.number, market.numbering)
  const language = person.language ?? languages[0] ?? 'en'
  const problems = [
    ...(number === null ? [`${JSON.stringify(person.number)} is not a mobile number of ${market.code}.`] : []),
    ...(languages.includes(language)
      ? []
      : [`There are no menus in ${language}; choose one of ${languages.join(', ')}.`]),
    ...(person.question !== undefined && answer === null ? ['The question has no answer.'] : []),
  ]
  const database = openDatabase(stores.databaseUrl, { maxConnections: 2, applicationName: 'nyota-enrol' })
  try {
    const pending = await pendingMigrations(database)
    if (pending.length > 0) return { kind: 'bad', problems: ['The database is not migrated; run: npm run migrate'] }
    const foreign = await keyProblems(database, keys)
    if (foreign.length > 0) return { kind: 'bad', problems: foreign }
    const tiers = await tiersInForce(database, stores.ownerUrl, market, own)
    if (!tiers.includes(person.tier)) problems.push(noTier(person.tier, tiers, market))
    if (number === null || problems.length > 0) return { kind: 'bad', problems }
    const sealer = makeSealer(keys.data)
    const hasher = makeHasher({ key: keys.pin, concurrency: availableParallelism(), queueLimit: 1 })
    const services = { sealer, hasher, audit: makeAudit(keys.audit, sealer) }
    const { name, tier, question: text } = person
    const question = text === undefined || answer === null ? null : { text, answer }
    return await database.transaction(async (tx) => {
      const by = { kind: 'system', id: 'npm run enrol' } as const
      return await enrol(tx, services, { number, name, language, tier, question, by })
    })
  } finally {
    await database.close()
  }
}

/** None where no tariff is in force and nobody may load one. */
async function tiersInForce(
  database: Database,
  ownerUrl: string | null,
  market: Market,
  own: readonly MarketTariff[] | null,
): Promise<string[]> {
  if (ownerUrl !== null && (await versionInForce(database, market.currency)) === null) {
    const owner = openDatabase(ownerUrl, { maxConnections: 1, applicationName: 'nyota-enrol' })
    await bringTariffs(owner, market, own).finally(() => owner.close())
  }
  const version = await versionInForce(database, market.currency)
  const tariff = version === null ? null : await readTariff(database, version)
  return Object.keys(tariff?.tiers ?? {}).filter((tier) => tier !== 'restricted')
}

function noTier(tier: string, tiers: readonly string[], { code }: Market): string {
  return tiers.length === 0
    ? `No tariff of ${code} is in force, so there are no tiers; run: MARKET=${code} npm run migrate`
    : `There is no tier ${tier}; choose one of ${tiers.join(', ')}.`
}

/** The language the menus are written in, then those they are translated to. */
async function languagesOf(menus: string): Promise<string[]> {
  const service = parse(await readFile(join(menus, 'service.yaml'), 'utf8')) as { language?: string }
  const files = await readdir(join(menus, 'languages'))
  const translated = files.filter((file) => file.endsWith('.yaml')).map((file) => file.replace(/\.yaml$/, ''))
  return [...(service.language === undefined ? [] : [service.language]), ...translated.sort()]
}
