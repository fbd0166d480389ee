import { Writable } from 'node:stream'
import { type App, startApp } from '../../src/app.ts'
import type { Watch } from '../../src/conversations/watch.ts'
import { readSettings, type Settings } from '../../src/settings.ts'
import type { DemoPerson } from '../demo/people.ts'
import { seedPeople } from '../demo/seed.ts'
import { type FakeBillers, startFakeBillers } from '../fakes/billers.ts'
import { FAKE_GSMA_KEY, type FakeGsma, startFakeGsma } from '../fakes/gsma.ts'
import { type FakeNetwork, startFakeNetwork } from '../fakes/network.ts'
import { makeKeys } from '../local/keys.ts'
import type { OwnDatabase } from './database.ts'
import type { OwnRedis } from './redis.ts'

export type OwnGateway = {
  readonly app: App
  readonly url: string
  readonly callbackKey: string
  readonly settings: Settings
  /** What a process of its own would need to be a second gateway, or the next one after a crash. */
  readonly env: Readonly<Record<string, string>>
  readonly network: FakeNetwork
  readonly billers: FakeBillers
  /** Keeps accounts of the demo's people, which they may link. */
  readonly provider: FakeGsma
  readonly database: OwnDatabase
  readonly redis: OwnRedis
  /** Every log line so far. */
  logs(): string
  /** Lets the gateway go and keeps its stores and partners; for tests that start it in another process. */
  stopApp(): Promise<void>
  stop(): Promise<void>
}

export type GatewayOptions = {
  readonly people?: readonly DemoPerson[]
  readonly env?: Readonly<Record<string, string>>
  /** Are dropped with the gateway. */
  readonly stores: { readonly database: OwnDatabase; readonly redis: OwnRedis }
  readonly billerTimeoutMs?: number
  /** False: everything but the gateway itself, which the test starts in its own way. */
  readonly started?: boolean
  /** Told of every step of its dialogues. */
  readonly watch?: Watch
  /** Phones dial over SMPP too, in this dialect. */
  readonly ussdDialect?: string
}

const unavailable: App['push'] = async () => ({ kind: 'unavailable' })

/** A gateway on real stores, with a fake network and fake billers outside its walls; everything on ports of its own. */
export async function startOwnGateway(options: GatewayOptions): Promise<OwnGateway> {
  const { database, redis } = options.stores
  const { ussdDialect } = options
  const ussd = ussdDialect === undefined ? '' : `&ussd=on&dialect=${ussdDialect}&window=1000&tps=10000`
  const [network, billers, provider] = await Promise.all([
    startFakeNetwork({ smppPort: 0, httpPort: 0, ...(ussdDialect === undefined ? {} : { ussdDialect }) }),
    startFakeBillers(0),
    startFakeGsma(0),
  ])
  const env = {
    ...makeKeys(),
    ...{ MARKET: 'KE', SERVICE_CODES: '*384#', HOST: '127.0.0.1', PORT: '0', OPERATOR_PORT: '0', LOG_LEVEL: 'debug' },
    // Tests and dialogues dial for the same few people all the time.
    DIALS_PER_NUMBER: '1000000',
    ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix },
    AFRICASTALKING_CALLBACK_KEY: 'demo',
    BILLERS: billers.setting.replace(/(?= |$)/g, `&timeoutMs=${options.billerTimeoutMs ?? 5000}`),
    AIRTIME: `${network.httpUrl.replace('//', '//sandbox:demo@')}?timeoutMs=${options.billerTimeoutMs ?? 5000}`,
    ACCOUNT_PROVIDERS: `${provider.url.replace('//', `//nyota:${FAKE_GSMA_KEY}@`)}?id=wave&name=Wave&account=organisationid:nyota&linkable=msisdn&timeoutMs=${options.billerTimeoutMs ?? 5000}`,
    SMPP_LINKS: `smpp://demo:demo@127.0.0.1:${network.smppPort}?name=network&prefixes=254${ussd}`,
    ...options.env,
  }
  const read = readSettings(env)
  if (read.kind === 'bad') throw new Error(read.problems.join('\n'))
  const { settings } = read
  const { market, keys } = settings
  await seedPeople({ database: database.app, owner: database.owner, market, keys }, options.people)
  const lines: string[] = []
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const app = options.started === false ? null : await startApp(settings, output, options.watch)
  network.callBackTo(`http://127.0.0.1:${app?.port ?? 0}/africastalking/demo`)
  const stopApp = async (): Promise<void> => app?.stop()
  return {
    ...{ settings, env, network, billers, provider, database, redis, callbackKey: 'demo', stopApp },
    app: app ?? {
      port: null,
      operatorPort: 0,
      publishMenus: async () => undefined,
      push: unavailable,
      stop: async () => undefined,
    },
    url: `http://127.0.0.1:${app?.port ?? 0}`,
    logs: () => lines.join(''),
    async stop() {
      await stopApp()
      await Promise.all([network.close(), billers.close(), provider.close()])
      await database.drop()
    },
  }
}
