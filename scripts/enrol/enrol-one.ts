import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import { parseMsisdn } from '../../src/domain/msisdn.ts'
import type { Secret } from '../../src/domain/secret.ts'
import { loadTariff, tariffOf } from '../../src/ledger/load-tariff.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { readKeys, readMarket } from '../../src/settings.ts'
import { type Environment, makeReader } from '../../src/settings-reader.ts'
import { keyProblems } from '../../src/subscribers/check-keys.ts'
import { type EnrolOutcome, enrol } from '../../src/subscribers/enrol.ts'
import { makeHasher } from '../../src/subscribers/hasher.ts'
import type { Options } from './options.ts'

export type Person = Pick<Options, 'number' | 'name' | 'language' | 'tier' | 'question'>

/** Enrols one person in the database given, with the keys and the market of `env`; every problem found is a sentence in 'bad'. */
export async function enrolOne(
  databaseUrl: string,
  env: Environment,
  readText: (path: string) => string,
  person: Person,
  answer: Secret | null,
): Promise<EnrolOutcome> {
  const reader = makeReader(env, readText)
  const [keys, market] = [readKeys(reader, ['pin', 'data', 'audit']), readMarket(reader)]
  if (keys === null || market === null || reader.problems.length > 0) return { kind: 'bad', problems: reader.problems }
  const languages = await languagesOf(env.MENUS_DIR || 'menus')
  const number = parseMsisdn(person.number, market.numbering)
  const language = person.language ?? languages[0] ?? 'en'
  const tiers = Object.keys(tariffOf(market).tiers).filter((tier) => tier !== 'restricted')
  const problems = [
    ...(number === null ? [`${JSON.stringify(person.number)} is not a mobile number of ${market.code}.`] : []),
    ...(languages.includes(language)
      ? []
      : [`There are no menus in ${language}; choose one of ${languages.join(', ')}.`]),
    ...(tiers.includes(person.tier) ? [] : [`There is no tier ${person.tier}; choose one of ${tiers.join(', ')}.`]),
    ...(person.question !== undefined && answer === null ? ['The question has no answer.'] : []),
  ]
  if (number === null || problems.length > 0) return { kind: 'bad', problems }

  const database = openDatabase(databaseUrl, { maxConnections: 2, applicationName: 'nyota-enrol' })
  try {
    const pending = await pendingMigrations(database)
    if (pending.length > 0) return { kind: 'bad', problems: ['The database is not migrated; run: npm run migrate'] }
    const foreign = await keyProblems(database, keys)
    if (foreign.length > 0) return { kind: 'bad', problems: foreign }
    const sealer = makeSealer(keys.data)
    const hasher = makeHasher({ key: keys.pin, concurrency: availableParallelism(), queueLimit: 1 })
    const services = { sealer, hasher, audit: makeAudit(keys.audit, sealer) }
    const { name, tier, question: text } = person
    const question = text === undefined || answer === null ? null : { text, answer }
    return await database.transaction(async (tx) => {
      await loadTariff(tx, market)
      const by = { kind: 'system', id: 'npm run enrol' } as const
      return await enrol(tx, services, { number, name, language, tier, question, by })
    })
  } finally {
    await database.close()
  }
}

/** The language the menus are written in, then those they are translated to. */
async function languagesOf(menus: string): Promise<string[]> {
  const service = parse(await readFile(join(menus, 'service.yaml'), 'utf8')) as { language?: string }
  const files = await readdir(join(menus, 'languages'))
  const translated = files.filter((file) => file.endsWith('.yaml')).map((file) => file.replace(/\.yaml$/, ''))
  return [...(service.language === undefined ? [] : [service.language]), ...translated.sort()]
}
