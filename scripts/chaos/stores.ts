import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { asAdmin, inDatabase } from '../dialogues/template.ts'
import { type LocalPostgres, postgresPid, startPostgres } from '../local/postgres.ts'
import { endProcess } from '../local/process.ts'
import { type LocalRedis, redisPid, startRedis } from '../local/redis.ts'
import { openStores, removeStores } from '../stores.ts'

/** A PostgreSQL and a Redis of the run's own, which can be broken and come back with what they had. */
export type BreakableStores = {
  /** The superuser in the run's database: who else may see what other roles wait for? */
  readonly adminUrl: string
  readonly ownerUrl: string
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly redisFolder: string
  /** Immediate shutdown, as in a crash, and a start that long after it. */
  crashPostgres(downMs: number): Promise<void>
  /** `kill -9`, and a start from its append-only file that long after it. */
  killRedis(downMs: number): Promise<void>
  /** Loses all that it holds; its append-only file keeps what was ever written. */
  wipeRedis(): Promise<void>
  release(): Promise<void>
}

type Known = { readonly postgres: LocalPostgres; readonly redis: LocalRedis }

const END_MS = 10_000

/**
 * Fresh. What PostgreSQL has acknowledged it has handed to the operating system, so that it is there after a crash of its processes; nothing waits
 * for the disk, or the recovery after each crash would take longer than the run.
 */
export async function openBreakableStores(directory: string): Promise<BreakableStores> {
  await removeStores(directory)
  const stores = await openStores({ directory, durable: false, withRedis: true, leave: 'stopped' })
  const folder = resolve(directory)
  const known = JSON.parse(await readFile(join(folder, 'known.json'), 'utf8')) as Known
  const redisUrl = stores.redisUrl ?? ''
  const name = new URL(stores.ownerUrl).pathname.slice(1)
  await asAdmin(stores.adminUrl, (client) => client.query(`ALTER DATABASE ${name} SET synchronous_commit = on`))
  const [onPostgres, onRedis] = [oneAtATime(), oneAtATime()]
  return {
    adminUrl: inDatabase(stores.adminUrl, name),
    ownerUrl: stores.ownerUrl,
    databaseUrl: stores.databaseUrl,
    redisUrl,
    redisFolder: join(folder, 'redis'),
    crashPostgres: (downMs) =>
      onPostgres(async () => {
        const pid = postgresPid(join(folder, 'postgres'))
        if (pid !== null) await endProcess(pid, ['SIGQUIT', 'SIGKILL'], END_MS)
        await sleep(downMs)
        await startPostgres(join(folder, 'postgres'), known.postgres, false)
      }),
    killRedis: (downMs) =>
      onRedis(async () => {
        const pid = redisPid(join(folder, 'redis'))
        if (pid !== null) await endProcess(pid, ['SIGKILL'], END_MS)
        await sleep(downMs)
        await startRedis(join(folder, 'redis'), known.redis)
      }),
    wipeRedis: () =>
      onRedis(async () => {
        const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 })
        redis.on('error', () => undefined)
        try {
          await redis.flushall()
        } finally {
          redis.disconnect()
        }
      }),
    async release() {
      // A store that is on its way back must be there before it can be stopped.
      await Promise.all([onPostgres(async () => undefined), onRedis(async () => undefined)])
      await stores.release()
      await removeStores(directory)
    },
  }
}

/** Two faults of one store wait for each other. */
function oneAtATime(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }
}
