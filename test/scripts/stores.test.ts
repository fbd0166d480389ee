import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { postgresPid } from '../../scripts/local/postgres.ts'
import { isAlive } from '../../scripts/local/process.ts'
import { redisPid } from '../../scripts/local/redis.ts'
import { openStores, openToolStores, removeStores, type StoresOptions } from '../../scripts/stores.ts'
import { needsRedis } from '../support/needs.ts'

needsRedis()

/** One for all tests: making a database's files takes longest. */
const directory = mkdtempSync(join(tmpdir(), 'nyota-stores-'))
const options: StoresOptions = { directory, durable: false, withRedis: true, leave: 'as_found' }
const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  const last = await openStores({ ...options, leave: 'stopped' })
  await last.release()
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** How many of the two servers run. */
function running(): number {
  const pids = [postgresPid(join(directory, 'postgres')), redisPid(join(directory, 'redis'))]
  return pids.filter((pid) => pid !== null && isAlive(pid)).length
}

/** Another process that opens the stores and then does what the rest of its program says. */
async function otherProcess(then: string): Promise<ChildProcess> {
  const module = pathToFileURL(resolve('scripts/stores.ts')).href
  const program = `const { openStores } = await import('${module}')
    const stores = await openStores(${JSON.stringify(options)})
    process.stdout.write('open')
    ${then}`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await new Promise((open) => child.stdout?.once('data', open))
  return child
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done(child.exitCode)))
}

const WAIT = 'setInterval(() => {}, 1000)'

describe('the local stores', () => {
  test('are a PostgreSQL 18 with two roles and an append-only Redis that never evicts', async () => {
    const stores = await openStores(options)
    const db = new pg.Client({ connectionString: stores.databaseUrl })
    await db.connect()
    const { rows } = await db.query(`SELECT current_user::text AS role, current_setting('server_version') AS version,
      pg_get_userbyid(datdba)::text AS owner FROM pg_database WHERE datname = current_database()`)
    await db.end()
    expect(rows).toEqual([{ role: 'nyota_app', version: expect.stringMatching(/^18\./), owner: 'nyota_owner' }])
    const redis = new Redis(stores.redisUrl ?? '')
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes'])
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    redis.disconnect()
    await stores.release()
    expect(running()).toBe(0)
  })

  test('keep their addresses and their data from one start to the next', async () => {
    const first = await openStores(options)
    const redis = new Redis(first.redisUrl ?? '')
    await redis.set('kept', 'yes')
    redis.disconnect()
    await first.release()
    const second = await openStores(options)
    expect({ ...second, release: null }).toEqual({ ...first, release: null })
    const again = new Redis(second.redisUrl ?? '')
    expect(await again.get('kept')).toBe('yes')
    again.disconnect()
    await second.release()
  })

  test('refuse whoever has no password', async () => {
    const stores = await openStores(options)
    const url = new URL(stores.adminUrl)
    url.password = 'guess'
    await expect(new pg.Client({ connectionString: url.href }).connect()).rejects.toMatchObject({ code: '28P01' })
    await stores.release()
  })

  test('are started once by those who come at the same moment, and stopped by the last one', async () => {
    const [one, two] = await Promise.all([openStores(options), openStores(options)])
    expect([one.started, two.started].sort()).toEqual([false, true])
    await one.release()
    expect(running()).toBe(2)
    await two.release()
    await two.release()
    expect(running()).toBe(0)
  })

  test('outlive a Ctrl-C in the terminal of who started them, while somebody else uses them', async () => {
    const child = await otherProcess(WAIT)
    const stores = await openStores(options)
    expect(stores.started).toBe(false)
    child.kill('SIGINT')
    await ended(child)
    expect(running()).toBe(2)
    await stores.release()
    expect(running()).toBe(0)
  })

  test('stop when their only user ends without a word', async () => {
    await ended(await otherProcess('process.exit(3)'))
    await expect.poll(running).toBe(0)
  })

  test('that a killed process left behind are adopted, and left running, as they were found', async () => {
    const child = await otherProcess(WAIT)
    child.kill('SIGKILL')
    await ended(child)
    expect(running()).toBe(2)
    const stores = await openStores(options)
    expect(stores.started).toBe(false)
    await stores.release()
    expect(running()).toBe(2)
    const last = await openStores({ ...options, leave: 'stopped' })
    await last.release()
    expect(running()).toBe(0)
  })

  test.each(['', '999999999 of a process that is gone'])(
    'are not kept from anybody by the lock that a killed process left behind (%j)',
    async (holder) => {
      writeFileSync(join(directory, 'lock'), holder)
      const stores = await openStores({ ...options, leave: 'stopped' })
      await stores.release()
      expect(readdirSync(directory).filter((name) => name.startsWith('lock'))).toEqual([])
    },
  )

  test('come up again after they were killed themselves', async () => {
    const stores = await openStores(options)
    for (const pid of [postgresPid(join(directory, 'postgres')), redisPid(join(directory, 'redis'))])
      process.kill(pid ?? 0, 'SIGKILL')
    await expect.poll(running).toBe(0)
    const again = await openStores(options)
    expect(again.started).toBe(true)
    await Promise.all([stores.release(), again.release()])
    expect(running()).toBe(0)
  })

  test('are removed with all that they hold, but not while they are in use', async () => {
    const stores = await openStores(options)
    await expect(removeStores(directory)).rejects.toThrow(/in use/)
    await stores.release()
    await removeStores(directory)
    expect(existsSync(directory)).toBe(false)
  })
})

describe("a tool's stores", () => {
  test('are those of the environment where it names them', async () => {
    const env = { DATABASE_URL: 'postgres://a@b/c', REDIS_URL: 'redis://d' }
    expect(await openToolStores(env)).toMatchObject({
      databaseUrl: env.DATABASE_URL,
      redisUrl: env.REDIS_URL,
      ownerUrl: null,
    })
  })

  test('are not mixed of the environment and this machine', async () => {
    await expect(openToolStores({ REDIS_URL: 'redis://d' })).rejects.toThrow(
      /DATABASE_URL is missing while other stores/,
    )
  })
})
