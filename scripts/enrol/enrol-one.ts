import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import { markets } from '../../src/domain/markets.ts'
import { parseMsisdn } from '../../src/domain/msisdn.ts'
import type { Secret } from '../../src/domain/secret.ts'
import { loadTariff, tariffOf } from '../../src/ledger/load-tariff.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { type Key, parseKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
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
  const setup = readSetup(env, readText)
  if (setup.kind === 'bad') return setup
  const { market, keys } = setup
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

type Setup =
  | { kind: 'ok'; market: NonNullable<ReturnType<typeof markets.get>>; keys: { pin: Key; data: Key; audit: Key } }
  | { kind: 'bad'; problems: readonly string[] }

function readSetup(env: Environment, readText: (path: string) => string): Setup {
  const reader = makeReader(env, readText)
  const read = (name: string): Key | null => {
    const text = reader.requiredSecret(name, 'give the key that the gateway uses.')
    const key = text === null ? null : parseKey(text.reveal())
    if (text !== null && key === null) reader.problems.push(`${name} is not 32 bytes in base64.`)
    return key
  }
  const [pin, data, audit] = [read('PIN_KEY'), read('DATA_KEY'), read('AUDIT_KEY')]
  const known = [...markets.keys()].join(', ')
  const code = reader.required('MARKET', `choose the country served: ${known}.`)
  const market = markets.get(code ?? '')
  if (code !== null && market === undefined) reader.problems.push(`MARKET is ${code}; choose one of ${known}.`)
  if (!pin || !data || !audit || market === undefined || reader.problems.length > 0) {
    return { kind: 'bad', problems: reader.problems }
  }
  return { kind: 'ok', market, keys: { pin, data, audit } }
}

/** The language the menus are written in, then those they are translated to. */
async function languagesOf(menus: string): Promise<string[]> {
  const service = parse(await readFile(join(menus, 'service.yaml'), 'utf8')) as { language?: string }
  const files = await readdir(join(menus, 'languages'))
  const translated = files.filter((file) => file.endsWith('.yaml')).map((file) => file.replace(/\.yaml$/, ''))
  return [...(service.language === undefined ? [] : [service.language]), ...translated.sort()]
}
