import { spawn, spawnSync } from 'node:child_process'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { endProcess, freePort, isAlive, pidIn, until } from './process.ts'

export type LocalRedis = { readonly port: number; readonly password: string }

/** A long append-only file takes a while to read. */
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000
/** So that every test file has a database of its own, which it may flush. */
const DATABASES = 4_096

export function isRedisInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0
}

/** The server's process id by its own file; it may have died since. */
export function redisPid(directory: string): number | null {
  return pidIn(join(directory, 'redis.pid'))
}

export async function isRedisRunning(directory: string, known: LocalRedis): Promise<boolean> {
  const pid = redisPid(directory)
  return pid !== null && isAlive(pid) && (await answers(known))
}

/** Append-only and never evicting, as in production; in a process group of its own, so that Ctrl-C does not reach it. */
export async function startRedis(directory: string, known: LocalRedis): Promise<LocalRedis> {
  await mkdir(directory, { recursive: true })
  const port = await freePort(known.port)
  const settings = {
    ...{ port, bind: '127.0.0.1', requirepass: known.password, dir: directory, pidfile: join(directory, 'redis.pid') },
    ...{
      appendonly: 'yes',
      appendfsync: 'everysec',
      save: '""',
      'maxmemory-policy': 'noeviction',
      databases: DATABASES,
    },
  }
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} ${name === 'dir' || name === 'pidfile' ? `"${value}"` : value}`,
  )
  await writeFile(join(directory, 'redis.conf'), `${lines.join('\n')}\n`, { mode: 0o600 })
  const log = await open(join(directory, 'redis.log'), 'a')
  const child = spawn('redis-server', [join(directory, 'redis.conf')], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  child.unref()
  await log.close()
  const up = await until(async () => (await answers({ ...known, port })) || child.exitCode !== null, START_TIMEOUT_MS)
  if (!up || child.exitCode !== null) throw new Error(`Redis did not start; see ${join(directory, 'redis.log')}.`)
  return { ...known, port }
}

export async function stopRedis(directory: string): Promise<void> {
  const pid = redisPid(directory)
  if (pid !== null) await endProcess(pid, ['SIGTERM', 'SIGKILL'], STOP_TIMEOUT_MS)
}

async function answers(known: LocalRedis): Promise<boolean> {
  const redis = new Redis({
    ...{ host: '127.0.0.1', port: known.port, password: known.password, lazyConnect: true },
    ...{ connectTimeout: 2_000, maxRetriesPerRequest: 0, retryStrategy: () => null },
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
