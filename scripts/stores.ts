import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { migrate } from '../src/database/migrate.ts'
import { isPostgresRunning, type LocalPostgres, removePostgres, startPostgres, stopPostgres } from './local/postgres.ts'
import { identityOf, isSameProcess, until } from './local/process.ts'
import { isRedisInstalled, isRedisRunning, type LocalRedis, startRedis, stopRedis } from './local/redis.ts'

/** A private PostgreSQL and Redis on this machine, with everything a connection needs in their URLs. */
export type Stores = {
  /** Superuser of the private server, for making and dropping databases. */
  readonly adminUrl: string
  readonly ownerUrl: string
  readonly databaseUrl: string
  /** Null only where Redis was not asked for. */
  readonly redisUrl: string | null
  /** False when they were running already. */
  readonly started: boolean
  /**
   * Leaves the stores as they were found: the last user stops them, unless they ran before with nobody using them.
   * `stop` stops them in that case too (the demo leaves nothing running).
   */
  release(options?: { readonly stop: boolean }): Promise<void>
}

export type StoresOptions = {
  /** Holds data, logs, ports and passwords. */
  readonly directory: string
  /** False only for tests: nothing is forced to the disk. */
  readonly durable: boolean
  readonly withRedis: boolean
}

/** What the demo and the tools share. */
export const LOCAL_STORES: StoresOptions = { directory: '.data/stores', durable: true, withRedis: true }

export const INSTALL_REDIS = 'apt-get install redis-server'

const OWNER = 'nyota_owner'
const APPLICATION = 'nyota_app'
const DATABASE = 'nyota'
/** Longest start of both stores that another process waits for. */
const LOCK_TIMEOUT_MS = 120_000

type Known = { readonly postgres: LocalPostgres; readonly redis: LocalRedis; readonly rolePassword: string }

/** Starts the stores of a folder, or adopts them when they run already. */
export async function openStores(options: StoresOptions): Promise<Stores> {
  if (options.withRedis && !isRedisInstalled()) throw new Error(`redis-server is missing; run: ${INSTALL_REDIS}`)
  const directory = resolve(options.directory)
  await mkdir(join(directory, 'users'), { recursive: true })
  return underLock(directory, async () => {
    const users = await livingUsers(directory)
    const found = await readKnown(directory)
    const postgresRuns = await isPostgresRunning(join(directory, 'postgres'), found.postgres)
    const redisRuns = await isRedisRunning(join(directory, 'redis'), found.redis)
    const known = await startMissing(directory, found, options, postgresRuns, redisRuns)
    const lease = join(directory, 'users', `${randomBytes(6).toString('hex')}.json`)
    const orphan = postgresRuns && users.length === 0
    await writeFile(lease, JSON.stringify({ process: identityOf(process.pid), orphan }))
    return {
      ...urls(known, options.withRedis),
      started: !postgresRuns,
      release: (how) => underLock(directory, () => release(directory, lease, how?.stop ?? false)),
    }
  })
}

export type ToolStores = {
  readonly ownerUrl: string | null
  readonly databaseUrl: string
  readonly redisUrl: string | null
  release(): Promise<void>
}

/**
 * What a tool works on: the stores named in the environment, else the local ones, started or adopted, and migrated.
 * Call `release` at the end: it leaves them as they were found.
 */
export async function openToolStores(env: NodeJS.ProcessEnv): Promise<ToolStores> {
  const { DATABASE_URL: databaseUrl, DATABASE_OWNER_URL: ownerUrl, REDIS_URL: redisUrl } = env
  if (databaseUrl) {
    return { databaseUrl, ownerUrl: ownerUrl || null, redisUrl: redisUrl || null, release: async () => undefined }
  }
  if (ownerUrl || redisUrl) {
    throw new Error(
      'DATABASE_URL is missing while other stores are named; set it too, or none of them to use the local stores.',
    )
  }
  const stores = await openStores(LOCAL_STORES)
  try {
    await migrate(stores.ownerUrl, { applicationRole: APPLICATION })
    return stores
  } catch (error) {
    await stores.release()
    throw error
  }
}

/** Stops the stores of a folder and deletes all that they hold. */
export async function removeStores(directory: string): Promise<void> {
  const full = resolve(directory)
  await mkdir(full, { recursive: true })
  await underLock(full, async () => {
    const users = await livingUsers(full)
    if (users.length > 0) throw new Error(`The stores in ${directory} are in use; stop what uses them first.`)
    await stopBoth(full)
    await removePostgres(join(full, 'postgres'))
  })
  await rm(full, { recursive: true, force: true })
}

async function startMissing(
  directory: string,
  found: Known,
  options: StoresOptions,
  postgresRuns: boolean,
  redisRuns: boolean,
): Promise<Known> {
  const known = {
    ...found,
    postgres: postgresRuns
      ? found.postgres
      : await startPostgres(join(directory, 'postgres'), found.postgres, options.durable),
    redis: redisRuns || !options.withRedis ? found.redis : await startRedis(join(directory, 'redis'), found.redis),
  }
  const path = join(directory, 'known.json')
  await writeFile(`${path}.new`, JSON.stringify(known), { mode: 0o600 })
  await rename(`${path}.new`, path)
  if (!postgresRuns) await createRoles(known)
  return known
}

/** Ports and passwords of last time, so that URLs stay the same from one start to the next. */
async function readKnown(directory: string): Promise<Known> {
  const text = await readFile(join(directory, 'known.json'), 'utf8').catch(() => null)
  if (text !== null) return JSON.parse(text) as Known
  const password = (): string => randomBytes(18).toString('hex')
  return {
    postgres: { port: 0, password: password() },
    redis: { port: 0, password: password() },
    rolePassword: password(),
  }
}

async function createRoles(known: Known): Promise<void> {
  const client = new pg.Client({ connectionString: urls(known, false).adminUrl })
  await client.connect()
  try {
    for (const role of [OWNER, APPLICATION]) {
      const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
      if (found.rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN PASSWORD '${known.rolePassword}'`)
    }
    const database = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`)
  } finally {
    await client.end()
  }
}

function urls(known: Known, withRedis: boolean): Pick<Stores, 'adminUrl' | 'ownerUrl' | 'databaseUrl' | 'redisUrl'> {
  const at = `127.0.0.1:${known.postgres.port}`
  return {
    adminUrl: `postgres://postgres:${known.postgres.password}@${at}/postgres`,
    ownerUrl: `postgres://${OWNER}:${known.rolePassword}@${at}/${DATABASE}`,
    databaseUrl: `postgres://${APPLICATION}:${known.rolePassword}@${at}/${DATABASE}`,
    redisUrl: withRedis ? `redis://:${known.redis.password}@127.0.0.1:${known.redis.port}/0` : null,
  }
}

type Lease = { readonly process: string; readonly orphan: boolean }

async function release(directory: string, lease: string, stop: boolean): Promise<void> {
  const own = await readFile(lease, 'utf8').catch(() => null)
  if (own === null) return
  await rm(lease)
  if ((await livingUsers(directory)).length > 0) return
  if (stop || !(JSON.parse(own) as Lease).orphan) await stopBoth(directory)
}

async function stopBoth(directory: string): Promise<void> {
  await Promise.all([stopPostgres(join(directory, 'postgres')), stopRedis(join(directory, 'redis'))])
}

/** Processes that hold the stores; leases of killed ones are cleared away. */
async function livingUsers(directory: string): Promise<Lease[]> {
  const living: Lease[] = []
  for (const file of await readdir(join(directory, 'users')).catch(() => [])) {
    const path = join(directory, 'users', file)
    const lease = JSON.parse(await readFile(path, 'utf8').catch(() => '{"process":""}')) as Lease
    if (isSameProcess(lease.process)) living.push(lease)
    else await rm(path, { force: true })
  }
  return living
}

/** One process at a time starts or stops; the lock of a killed process is taken over. */
async function underLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const path = join(directory, 'lock')
  const take = async (): Promise<boolean> => {
    try {
      await writeFile(path, identityOf(process.pid), { flag: 'wx' })
      return true
    } catch {
      const holder = await readFile(path, 'utf8').catch(() => null)
      if (holder !== null && holder !== '' && !isSameProcess(holder)) await rm(path, { force: true })
      return false
    }
  }
  if (!(await until(take, LOCK_TIMEOUT_MS)))
    throw new Error(`${path} is held by another process; stop it or delete the file.`)
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}
