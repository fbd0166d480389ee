import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { migrate, roleOf } from '../../src/database/migrate.ts'
import type { Market } from '../../src/domain/market.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { readSettings } from '../../src/settings.ts'
import { findByNumber } from '../../src/subscribers/find.ts'
import { seedPeople } from '../demo/seed.ts'
import { type FakeBillers, startFakeBillers } from '../fakes/billers.ts'
import { type FakeNetwork, startFakeNetwork } from '../fakes/network.ts'
import { keysOf, type LocalKeys, makeKeys } from '../local/keys.ts'
import { freePort } from '../local/process.ts'
import { type ChaosPerson, makePeople, PIN_LENGTH } from './people.ts'
import { type Member, type Program, startMember } from './processes.ts'
import { type BreakableStores, openBreakableStores } from './stores.ts'

/** Everything a run needs: stores, partners and processes of its own, on loopback. */
export type ChaosWorld = {
  readonly stores: BreakableStores
  /** As the owner of the tables. */
  readonly database: Database
  readonly ownerUrl: string
  readonly keys: LocalKeys
  readonly network: FakeNetwork
  readonly billers: FakeBillers
  readonly people: readonly ChaosPerson[]
  /** A person's id in the database, by number. */
  readonly ids: ReadonlyMap<string, string>
  readonly gateways: readonly Member[]
  readonly gatewayUrls: readonly string[]
  readonly workers: readonly Member[]
  /** The processes' logs. */
  readonly folder: string
  close(): Promise<void>
}

export type ChaosWorldOptions = {
  readonly directory: string
  readonly seed: number
  readonly people: number
  readonly gateways: number
  readonly workers: number
  readonly program: Program
  readonly menus: string
  /** Run once the schema is there and before any process starts. */
  readonly prepare: (database: Database) => Promise<void>
}

export const SERVICE_CODE = '*384#'
export const CALLBACK_KEY = 'chaos-chaos-chaos-chaos'
/** A biller's answer that takes longer is unknown. */
export const BILLER_TIMEOUT_MS = 1_000

/** Opens all of it, or nothing: what was opened before something fails is closed again. */
export async function openChaosWorld(options: ChaosWorldOptions): Promise<ChaosWorld> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse())
      await one().catch((error: unknown) => process.stderr.write(`${error}\n`))
  }
  try {
    return { ...(await open(options, (one) => void closers.push(one))), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  options: ChaosWorldOptions,
  onClose: (close: () => Promise<unknown>) => void,
): Promise<Omit<ChaosWorld, 'close'>> {
  const { directory, seed } = options
  const folder = join(directory, 'logs')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const stores = await openBreakableStores(join(directory, 'stores'))
  onClose(stores.release)
  const { ownerUrl, databaseUrl } = stores
  await migrate(ownerUrl, { applicationRole: roleOf(databaseUrl) })
  const ports: number[] = []
  for (let n = 0; n < options.gateways; n += 1) ports.push(await freePort(null))
  const gatewayUrls = ports.map((port) => `http://127.0.0.1:${port}`)
  const network = await startFakeNetwork({
    ...{ smppPort: 0, httpPort: 0, ussdDialect: 'standard' },
    africastalkingCallbackUrl: `${gatewayUrls[0]}/africastalking/${CALLBACK_KEY}`,
  })
  onClose(() => network.close())
  const billers = await startFakeBillers(0)
  onClose(() => billers.close())
  const keys = makeKeys()
  const env = {
    ...keys,
    ...{ MARKET: 'KE', SERVICE_CODES: SERVICE_CODE, HOST: '127.0.0.1', OPERATOR_PORT: '0', LOG_LEVEL: 'info' },
    DIALS_PER_NUMBER: '1000000',
    ...{ REDIS_URL: stores.redisUrl, MENUS_DIR: options.menus, PIN_DIGITS: String(PIN_LENGTH) },
    AFRICASTALKING_CALLBACK_KEY: CALLBACK_KEY,
    BILLERS: billers.setting.replace(/(?= |$)/g, `&timeoutMs=${BILLER_TIMEOUT_MS}`),
    SMPP_LINKS: `smpp://demo:demo@127.0.0.1:${network.smppPort}?name=network&prefixes=254&ussd=on&dialect=standard`,
    ...{ AFRICASTALKING_USERNAME: 'sandbox', AFRICASTALKING_API_KEY: 'chaos', AFRICASTALKING_URL: network.httpUrl },
  }
  const read = readSettings({ ...env, DATABASE_URL: databaseUrl })
  if (read.kind === 'bad') throw new Error(read.problems.join('\n'))
  const database = openDatabase(ownerUrl, {
    maxConnections: 3,
    applicationName: 'chaos',
    onConnectionLost: () => undefined,
  })
  onClose(() => database.close())
  const people = makePeople(seed, options.people)
  const ids = await enrolPeople(databaseUrl, database, read.settings.market, keys, people)
  await options.prepare(database)

  const start = (name: string, role: Member['role'], port: number): Member => {
    const url = new URL(databaseUrl)
    // PostgreSQL then tells which process waits for a lock, and which one has committed.
    url.searchParams.set('application_name', name)
    const own = { DATABASE_URL: url.href, PORT: String(port), ROLES: role }
    const member = startMember({ name, role, program: options.program, env: { ...env, ...own }, folder })
    onClose(member.stop)
    return member
  }
  const gateways = ports.map((port, n) => start(`gateway-${n + 1}`, 'gateway', port))
  const workers = Array.from({ length: options.workers }, (_, n) => start(`worker-${n + 1}`, 'worker', 0))
  await Promise.all([...gateways, ...workers].map((member) => member.ready()))
  return { stores, database, ownerUrl, keys, network, billers, people, ids, gateways, gatewayUrls, workers, folder }
}

/** Enrols them with PIN and money; their ids by number. */
async function enrolPeople(
  databaseUrl: string,
  owner: Database,
  market: Market,
  keys: LocalKeys,
  people: readonly ChaosPerson[],
): Promise<Map<string, string>> {
  const database = openDatabase(databaseUrl, { maxConnections: 4, applicationName: 'chaos' })
  try {
    await seedPeople({ database, owner, market, keys: keysOf(keys) }, people)
    const sealer = makeSealer(keysOf(keys).data)
    const ids = new Map<string, string>()
    for (const { number } of people) {
      const msisdn = parseE164(number)
      const found = msisdn === null ? null : await findByNumber(database, sealer, msisdn)
      if (found !== null) ids.set(number, found.id)
    }
    return ids
  } finally {
    await database.close()
  }
}
