import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { openDatabase } from '../src/database/database.ts'
import { migrate, roleOf } from '../src/database/migrate.ts'
import { readSettings, type Settings } from '../src/settings.ts'
import { demoPeople, STRANGER } from './demo/people.ts'
import { seedPeople } from './demo/seed.ts'
import { startFakeBillers } from './fakes/billers.ts'
import { FAKE_GSMA_KEY, startFakeGsma } from './fakes/gsma.ts'
import { startFakeNetwork } from './fakes/network.ts'
import { LOCAL_KEYS, readLocalKeys } from './local/keys.ts'
import { LOCAL_STORES, openStores, removeStores } from './stores.ts'

const HELP = `Runs everything on this machine: PostgreSQL, Redis, a fake mobile network, fake billers, a fake account provider and the gateway, with people in it.

  npm run demo                 start; data and keys are kept in .data/
  npm run demo -- --reset      begin anew

Ports: PORT (8080), OPERATOR_PORT (9080), NETWORK_SMPP_PORT (2775), NETWORK_HTTP_PORT (8081), BILLERS_PORT (8082), PROVIDER_PORT (8083).
Settings that it hands on to the gateway: PIN_DIGITS, QUIET_HOURS, SCHEDULED_…, REVERSAL_…, REQUEST_ANSWER_HOURS, DAY_CLOSE_AT, AUDIT_WITNESSES (.env.example).
`

/** Settings that are worth trying out here, as they are in the environment; all others are the demo's own. */
const TRIED = [
  'QUIET_HOURS',
  'SCHEDULED_HOURS',
  'SCHEDULED_NOTICE_HOURS',
  'SCHEDULED_LEAST_NOTICE_HOURS',
  'SCHEDULED_RETRY_HOURS',
  'REVERSAL_WINDOW_HOURS',
  'REVERSAL_ANSWER_HOURS',
  'REQUEST_ANSWER_HOURS',
  'DAY_CLOSE_AT',
  'AUDIT_WITNESSES',
  'PIN_DIGITS',
]

const SERVICE_CODE = '*384#'
const GATEWAY_STOP_MS = 10_000
const GATEWAY_START_MS = 60_000

const { values } = parseArgs({ options: { reset: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
if (values.help) process.stdout.write(HELP)
else process.exitCode = await demo(values.reset ?? false)

async function demo(reset: boolean): Promise<number> {
  const closers: (() => Promise<unknown>)[] = []
  const interrupted = signal()
  try {
    if (reset) {
      say('Forgetting the demo’s data and keys')
      await removeStores(LOCAL_STORES.directory)
      await rm(LOCAL_KEYS, { force: true })
    }
    say('Starting PostgreSQL and Redis (data in .data/)')
    const stores = await openStores({ ...LOCAL_STORES, leave: 'stopped' })
    closers.push(() => stores.release())
    await migrate(stores.ownerUrl, { applicationRole: roleOf(stores.databaseUrl) })

    say('Starting the fake network, the fake billers and the fake provider')
    const port = portOf('PORT', 8080)
    const network = await startFakeNetwork({
      smppPort: portOf('NETWORK_SMPP_PORT', 2775),
      httpPort: portOf('NETWORK_HTTP_PORT', 8081),
      africastalkingCallbackUrl: `http://127.0.0.1:${port}/africastalking/demo`,
    })
    closers.push(() => network.close())
    const billers = await startFakeBillers(portOf('BILLERS_PORT', 8082))
    closers.push(() => billers.close())
    const provider = await startFakeGsma(portOf('PROVIDER_PORT', 8083))
    closers.push(() => provider.close())

    const env = {
      ...(await readLocalKeys()),
      MARKET: 'KE',
      SERVICE_CODES: SERVICE_CODE,
      PORT: String(port),
      OPERATOR_PORT: String(portOf('OPERATOR_PORT', 9080)),
      HOST: process.env.HOST ?? '127.0.0.1',
      DATABASE_URL: stores.databaseUrl,
      REDIS_URL: stores.redisUrl ?? '',
      AFRICASTALKING_CALLBACK_KEY: 'demo',
      AFRICASTALKING_USERNAME: 'sandbox',
      AFRICASTALKING_API_KEY: 'demo',
      AFRICASTALKING_URL: network.httpUrl,
      SMPP_LINKS: `smpp://demo:demo@127.0.0.1:${network.smppPort}?name=demo-network&prefixes=254&ussd=on&dialect=standard`,
      BILLERS: billers.setting,
      AIRTIME: network.httpUrl.replace('//', '//sandbox:demo@'),
      ACCOUNT_PROVIDERS: providerSetting(provider.url),
      PROVIDER_CALLBACK_URL: `http://127.0.0.1:${port}`,
      PROVIDER_BILLERS: 'bills:wave/city-gas?id=city-gas&name=City%20Gas&digits=9',
      INSPECT_SESSIONS: 'on',
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      ...triedSettings(),
    }
    const read = readSettings(env)
    if (read.kind === 'bad') throw new Error(read.problems.join('\n'))
    await seed(read.settings, stores.ownerUrl)

    say('Starting the gateway')
    const gateway = await startGateway(env, port)
    closers.push(gateway.stop)
    announce(port, env.OPERATOR_PORT, network.httpUrl, network.smppPort, billers.url, provider.url)
    const ended = await Promise.race([interrupted, gateway.exited])
    if (ended !== 'interrupted') throw new Error('The gateway stopped by itself; its last lines are above.')
    say('Stopping')
    return 0
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const advice = taken ? ' Something else uses that port; stop it, or choose another (npm run demo -- --help).' : ''
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}${advice}\n`)
    return 1
  } finally {
    for (const close of closers.reverse()) await close().catch((error: unknown) => process.stderr.write(`${error}\n`))
  }
}

async function seed(settings: Settings, ownerUrl: string): Promise<void> {
  const database = openDatabase(settings.database.url, { maxConnections: 4, applicationName: 'nyota-demo' })
  const owner = openDatabase(ownerUrl, { maxConnections: 2, applicationName: 'nyota-demo' })
  try {
    await seedPeople({ database, owner, market: settings.market, keys: settings.keys })
  } finally {
    await Promise.all([database.close(), owner.close()])
  }
}

/** In a process group of its own, so that Ctrl-C reaches the demo only and the gateway stops before its stores. */
async function startGateway(env: NodeJS.ProcessEnv, port: number) {
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  const exited = once(child, 'exit').then(() => 'exited' as const)
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), GATEWAY_STOP_MS)
    await exited
    clearTimeout(timer)
  }
  // A demo that is killed itself must not leave its gateway behind.
  process.once('exit', () => child.kill('SIGKILL'))
  for (const until = Date.now() + GATEWAY_START_MS; Date.now() < until; ) {
    if (child.exitCode !== null) throw new Error('The gateway did not start; see above.')
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (ready) return { stop, exited }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await stop()
  throw new Error(`The gateway was not ready within ${GATEWAY_START_MS / 1000} s; see http://127.0.0.1:${port}/readyz.`)
}

function triedSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(TRIED.filter((name) => process.env[name]).map((name) => [name, process.env[name]]))
}

/** What a phone in another terminal needs before its command, where the ports are not the usual ones. */
function portsOfPhone(): string {
  const chosen = ['PORT', 'NETWORK_HTTP_PORT', 'OPERATOR_PORT'].filter((name) => process.env[name])
  return chosen.map((name) => `${name}=${process.env[name]} `).join('')
}

function announce(
  port: number,
  operatorPort: string,
  networkUrl: string,
  smppPort: number,
  billersUrl: string,
  providerUrl: string,
): void {
  const people = Object.values(demoPeople).map(
    ({ name, number, pin }) => `  ${number}  ${name.padEnd(16)} ${pin === null ? 'not activated yet' : `PIN ${pin}`}`,
  )
  process.stdout.write(`
Nyota is up. Dial ${SERVICE_CODE} from a phone in another terminal:

  ${portsOfPhone()}npm run dial -- --from ${demoPeople.amina.number}
  ${portsOfPhone()}npm run dial -- --from ${demoPeople.amina.number} --via smpp

${people.join('\n')}
  ${STRANGER}  nobody

Callbacks       http://127.0.0.1:${port}/africastalking/demo/ussd
Health          http://127.0.0.1:${port}/livez  /readyz
Operator        http://127.0.0.1:${operatorPort}/status  /metrics
Fake network    ${networkUrl}/phones/${demoPeople.amina.number}/messages   SMPP 127.0.0.1:${smppPort} (demo/demo)
Fake billers    ${billersUrl}   City Power 11 digits, City Water 7, Green School 8
Airtime         ${networkUrl}/airtime   what was bought and became of it
Fake provider   ${new URL(providerUrl).origin}/moves   City Gas 9 digits; Amina’s Wave account: 5, 6, 3; docs/account-providers.md

Ctrl-C stops everything; data and keys stay in .data/ (npm run demo -- --reset begins anew).
`)
}

/** With a key of its own each time: it stands in the URL that the provider calls. */
function providerSetting(url: string): string {
  const callbackKey = randomBytes(24).toString('hex')
  const parameters = {
    id: 'wave',
    name: 'Wave',
    account: 'organisationid:nyota',
    flow: 'callback',
    callbackKey,
    linkable: 'msisdn',
  }
  return `${url.replace('//', `//nyota:${FAKE_GSMA_KEY}@`)}?${new URLSearchParams(parameters)}`
}

function signal(): Promise<'interrupted'> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => resolve('interrupted'))
  })
}

function portOf(name: string, usual: number): number {
  const text = process.env[name] ?? String(usual)
  const port = Number(text)
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port
  throw new Error(`${name} is ${JSON.stringify(text)}; give a port from 1 to 65535.`)
}

function say(text: string): void {
  process.stdout.write(`${text} …\n`)
}
