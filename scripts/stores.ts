import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { migrate } from '../src/database/migrate.ts'
import {
  isPostgresRunning,
  type LocalPostgres,
  postgresPid,
  removePostgres,
  startPostgres,
  stopPostgres,
} from './local/postgres.ts'
import { identityOf, isAlive, isSameProcess, until } from './local/process.ts'
import { isRedisInstalled, isRedisRunning, type LocalRedis, redisPid, startRedis, stopRedis } from './local/redis.ts'

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
  /** The last user stops the stores, as `leave` says. A process that ends without this does it at its exit. */
  release(): Promise<void>
}

export type StoresOptions = {
  /** Holds data, logs, ports and passwords. */
  readonly directory: string
  /** False only for tests: nothing is forced to the disk. */
  readonly durable: boolean
  readonly withRedis: boolean
  /** What becomes of stores that were found running with nobody using them (an orphan of a killed process). */
  readonly leave: 'as_found' | 'stopped'
}

/** What the demo and the tools share. The demo leaves nothing running: `{ ...LOCAL_STORES, leave: 'stopped' }`. */
export const LOCAL_STORES: StoresOptions = {
  directory: '.data/stores',
  durable: true,
  withRedis: true,
  leave: 'as_found',
}

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
    const users = livingUsers(directory)
    const found = await readKnown(directory)
    const postgresRuns = await isPostgresRunning(join(directory, 'postgres'), found.postgres)
    const redisRuns = await isRedisRunning(join(directory, 'redis'), found.redis)
    const known = await startMissing(directory, found, options, postgresRuns, redisRuns)
    const stopAfter = options.leave === 'stopped' || !postgresRuns || users.length > 0
    const lease = takeLease(directory, stopAfter)
    return { ...urls(known, options.withRedis), started: !postgresRuns, release: lease.release }
  })
}

export type ToolStores = {
  readonly ownerUrl: string | null
  readonly databaseUrl: string
  readonly redisUrl: string | null
  /** What was migrated on the way: only the local stores are. */
  readonly migrated: readonly string[]
  release(): Promise<void>
}

/**
 * What a tool works on: the stores named in the environment, else the local ones, started or adopted, and migrated.
 * Call `release` at the end: it leaves them as they were found.
 */
export async function openToolStores(env: NodeJS.ProcessEnv): Promise<ToolStores> {
  const { DATABASE_URL: databaseUrl, DATABASE_OWNER_URL: ownerUrl, REDIS_URL: redisUrl } = env
  if (databaseUrl) {
    return {
      databaseUrl,
      ownerUrl: ownerUrl || null,
      redisUrl: redisUrl || null,
      migrated: [],
      release: async () => undefined,
    }
  }
  if (ownerUrl || redisUrl) {
    throw new Error(
      'DATABASE_URL is missing while other stores are named; set it too, or none of them to use the local stores.',
    )
  }
  const stores = await openStores(LOCAL_STORES)
  exitOnSignals()
  try {
    const { applied } = await migrate(stores.ownerUrl, { applicationRole: APPLICATION })
    return { ...stores, migrated: applied }
  } catch (error) {
    await stores.release()
    throw error
  }
}

/** A signal that nobody handles would end the process without its exit handlers, which release the stores. */
function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  process.once('SIGHUP', () => process.exit(129))
}

/** Stops the stores of a folder and deletes all that they hold. */
export async function removeStores(directory: string): Promise<void> {
  const full = resolve(directory)
  await mkdir(join(full, 'users'), { recursive: true })
  await underLock(full, async () => {
    if (livingUsers(full).length > 0)
      throw new Error(`The stores in ${directory} are in use; stop what uses them first.`)
    const known = await readKnown(full)
    if (await isPostgresRunning(join(full, 'postgres'), known.postgres)) await stopPostgres(join(full, 'postgres'))
    if (await isRedisRunning(join(full, 'redis'), known.redis)) await stopRedis(join(full, 'redis'))
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
  // Data whose password is lost, for instance of a first start that was interrupted, helps nobody.
  await removePostgres(join(directory, 'postgres'))
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

/** A file that says who uses the stores, for as long as it does. */
function takeLease(directory: string, stopAfter: boolean): { release(): Promise<void> } {
  const path = join(directory, 'users', randomBytes(6).toString('hex'))
  writeFileSync(path, identityOf(process.pid))
  let held = true
  const giveUp = (): boolean => {
    held = false
    process.off('exit', atExit)
    rmSync(path, { force: true })
    return stopAfter && livingUsers(directory).length === 0
  }
  /** Who holds the lock at that moment has come to use the stores, or to stop them. */
  const atExit = (): void => void (held && giveUp() && !existsSync(join(directory, 'lock')) && signalStop(directory))
  process.once('exit', atExit)
  return { release: () => underLock(directory, async () => void (held && giveUp() && (await stopBoth(directory)))) }
}

async function stopBoth(directory: string): Promise<void> {
  await Promise.all([stopPostgres(join(directory, 'postgres')), stopRedis(join(directory, 'redis'))])
}

/** Tells them to stop and does not wait. */
function signalStop(directory: string): void {
  const servers = [
    [postgresPid(join(directory, 'postgres')), 'SIGINT'],
    [redisPid(join(directory, 'redis')), 'SIGTERM'],
  ] as const
  for (const [pid, signal] of servers) if (pid !== null && isAlive(pid)) process.kill(pid, signal)
}

/** Processes that hold the stores; leases of killed ones are cleared away. */
function livingUsers(directory: string): string[] {
  const paths = readdirSync(join(directory, 'users')).map((name) => join(directory, 'users', name))
  return paths.filter((path) => {
    if (existsSync(path) && isSameProcess(readFileSync(path, 'utf8'))) return true
    rmSync(path, { force: true })
    return false
  })
}

/** One process at a time starts or stops; the lock of a killed process is taken over. */
async function underLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const path = join(directory, 'lock')
  const own = `${path}.${process.pid}`
  const take = async (): Promise<boolean> => {
    // Linked once it is whole, so that nobody ever finds a lock without its holder.
    await writeFile(own, identityOf(process.pid))
    try {
      await link(own, path)
      return true
    } catch {
      await putAside(path)
      return false
    } finally {
      await rm(own, { force: true })
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

/** Takes away the lock of a dead process. Of two that see it at once the later one finds the other's lock in its hands, and puts it back. */
async function putAside(lock: string): Promise<void> {
  const holder = await readFile(lock, 'utf8').catch(() => null)
  if (holder === null || isSameProcess(holder)) return
  const aside = `${lock}.${process.pid}.dead`
  await rename(lock, aside).catch(() => undefined)
  const taken = await readFile(aside, 'utf8').catch(() => null)
  if (taken !== null && isSameProcess(taken)) await link(aside, lock).catch(() => undefined)
  await rm(aside, { force: true })
}
