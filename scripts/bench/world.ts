import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { openDatabase } from '../../src/database/database.ts'
import { migrate, roleOf } from '../../src/database/migrate.ts'
import { markets } from '../../src/domain/markets.ts'
import type { DemoPerson } from '../demo/people.ts'
import { seedPeople } from '../demo/seed.ts'
import { keysOf, type LocalKeys, makeKeys } from '../local/keys.ts'
import { openStores, removeStores } from '../stores.ts'

export type Server = { readonly url: string; readonly pid: number }

export type BenchWorld = {
  /** Starts the built gateway on these stores. */
  startGateway(): Promise<Server>
  /** Starts a built script that prints its port. */
  startScript(path: string, ...args: string[]): Promise<Server>
  readonly redisUrl: string
  /** As the application. */
  readonly databaseUrl: string
  readonly ownerUrl: string
  readonly people: readonly DemoPerson[]
  close(): Promise<void>
}

/** What `npm start` gives the gateway; whatever it is compared with gets the same. */
const NODE_OPTIONS = ['--max-semi-space-size=32']

const DIRECTORY = '.data/bench'
const SERVICE_CODE = '*384#'
const CALLBACK_KEY = 'bench-bench-bench-bench'
export const BENCH_PATH: string = `/africastalking/${CALLBACK_KEY}/ussd`
export const BENCH_PIN = '73915'

/** Fresh stores with `count` subscribers, a tenth of a thousand shillings each; the first `withPin` have a PIN. */
export async function openBenchWorld(count: number, withPin: number): Promise<BenchWorld> {
  await removeStores(DIRECTORY)
  const stores = await openStores({ directory: DIRECTORY, durable: true, withRedis: true, leave: 'stopped' })
  const redisUrl = stores.redisUrl ?? ''
  const children: ChildProcess[] = []
  const keys = makeKeys()
  const people = Array.from({ length: count }, (_, n) => ({
    number: `+2547${String(10_000_000 + n)}`,
    name: `Person ${String.fromCharCode(65 + (n % 26))}${n}`,
    pin: n < withPin ? BENCH_PIN : null,
    answer: null,
    balance: 10_000_000n,
  }))
  await migrate(stores.ownerUrl, { applicationRole: roleOf(stores.databaseUrl) })
  await seed(stores.databaseUrl, stores.ownerUrl, keys, people)

  async function start(path: string, args: string[], env: NodeJS.ProcessEnv, port: RegExp): Promise<Server> {
    const child = spawn(process.execPath, [...NODE_OPTIONS, path, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    for await (const line of createInterface({ input: child.stdout })) {
      const found = port.exec(line)?.[1]
      if (found === undefined) continue
      child.stdout.resume()
      return { url: `http://127.0.0.1:${found}`, pid: child.pid ?? 0 }
    }
    throw new Error(`${path} did not start`)
  }

  return {
    redisUrl,
    databaseUrl: stores.databaseUrl,
    ownerUrl: stores.ownerUrl,
    people,
    startGateway: () =>
      start(
        'dist/src/main.js',
        [],
        {
          ...{ PATH: process.env.PATH, NODE_ENV: 'production', ...keys },
          ...{
            MARKET: 'KE',
            SERVICE_CODES: SERVICE_CODE,
            HOST: '127.0.0.1',
            PORT: '0',
            OPERATOR_PORT: '0',
            DIALS_PER_NUMBER: '1000000',
            MACHINE_SPEED: 'off',
          },
          ...{ DATABASE_URL: stores.databaseUrl, REDIS_URL: redisUrl, ROLES: 'gateway', LOG_LEVEL: 'info' },
          AFRICASTALKING_CALLBACK_KEY: CALLBACK_KEY,
        },
        /"state":"ready","port":(\d+)/,
      ),
    startScript: (path, ...args) => start(path, args, { PATH: process.env.PATH, NODE_ENV: 'production' }, /^(\d+)$/),
    async close() {
      for (const child of children) {
        if (child.exitCode !== null) continue
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await stores.release()
      await removeStores(DIRECTORY)
    },
  }
}

async function seed(
  databaseUrl: string,
  ownerUrl: string,
  keys: LocalKeys,
  people: readonly DemoPerson[],
): Promise<void> {
  const market = markets.get('KE')
  if (market === undefined) throw new Error('the market of the benchmarks is gone')
  const database = openDatabase(databaseUrl, { maxConnections: 8, applicationName: 'bench' })
  const owner = openDatabase(ownerUrl, { maxConnections: 4, applicationName: 'bench', statementTimeoutMs: 60_000 })
  try {
    const place = { database, owner, market, keys: keysOf(keys) }
    for (let from = 0; from < people.length; from += 200) await seedPeople(place, people.slice(from, from + 200))
    // Whoever has no PIN only browses; making two thousand hashes would take a minute.
    await owner.query(`UPDATE subscriber SET status = 'active', terms_version = '1' WHERE status = 'enrolled'`)
    await owner.query('VACUUM ANALYZE')
  } finally {
    await Promise.all([database.close(), owner.close()])
  }
}

/** The forms of one dialogue, as Africa's Talking posts them: the dial, then each answer added to the text. */
export function formsOf(phoneNumber: string, answers: readonly string[]): Record<string, string>[] {
  const sessionId = `ATUid_${randomBytes(12).toString('hex')}`
  const common = { sessionId, serviceCode: SERVICE_CODE, phoneNumber, networkCode: '63902' }
  return ['', ...answers].map((_, hop) => ({ ...common, text: answers.slice(0, hop).join('*') }))
}
