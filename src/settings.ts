import { readFileSync } from 'node:fs'
import type { GsmaSettings } from './account-providers/gsma/settings.ts'
import type { SmppServerSettings } from './aggregators/smpp/server/server.ts'
import type { SmppLinkSettings } from './aggregators/smpp/settings.ts'
import type { AirtimeSettings } from './billers/africastalking-airtime.ts'
import type { GsmaBillerSettings } from './billers/gsma-biller.ts'
import type { HttpBillerSettings } from './billers/http-biller.ts'
import type { TrafficLimits } from './conversations/guard.ts'
import type { AddressList } from './domain/addresses.ts'
import { parseClock } from './domain/clock.ts'
import { type DaySpan, parseDaySpan } from './domain/day-span.ts'
import type { Market } from './domain/market.ts'
import { markets } from './domain/markets.ts'
import type { Secret } from './domain/secret.ts'
import type { AskingRules } from './ledger/asking-rules.ts'
import { readTariffs } from './ledger/read-tariffs.ts'
import type { StandingRules } from './ledger/standing-times.ts'
import type { MarketTariff } from './ledger/tariff.ts'
import { type Key, type Keys, keyById, parseKey, ringOf } from './security/keys.ts'
import type { PartnerTrust } from './security/partner-trust.ts'
import { type AuditSettings, readAuditSettings } from './settings-audit.ts'
import { isLoopback, readAirtime, readBillers, readSmppLinks } from './settings-partners.ts'
import { readAccountProviders, readProviderBillers } from './settings-providers.ts'
import { type Environment, makeReader, type SettingsReader } from './settings-reader.ts'
import { readSmppServer } from './settings-smpp-server.ts'
import { readStanding } from './settings-standing.ts'
import { readCodeBudget, readPartners, readTraffic, readTrustedProxies } from './settings-trust.ts'
import { informingRulesOf } from './sms/informing.ts'
import type { CodeBudget } from './subscribers/code-budget.ts'
import { PIN_DIGITS } from './subscribers/pin-rules.ts'
import type { LogLevel } from './telemetry/log.ts'

/** Everything that is decided outside the program; .env.example says what each variable means. */
export type Settings = {
  readonly roles: { readonly gateway: boolean; readonly worker: boolean }
  readonly market: Market
  /** As dialled: `*384#`. */
  readonly serviceCodes: readonly string[]
  readonly menusDirectory: string
  /** The operator's own; null: the examples that come with the program. */
  readonly tariffs: readonly MarketTariff[] | null
  readonly pinDigits: number
  readonly http: {
    readonly port: number
    readonly host: string
    readonly operatorPort: number
    readonly operatorHost: string
  }
  readonly database: {
    readonly url: string
    /** Null: the schema is migrated by `npm run migrate`, not at start. */
    readonly ownerUrl: string | null
    readonly maxConnections: number
  }
  readonly redis: { readonly url: string; readonly prefix: string }
  readonly keys: Keys
  readonly audit: AuditSettings
  readonly africastalking: AfricasTalkingSettings
  readonly smppLinks: readonly SmppLinkSettings[]
  /** Null: nobody can bind to us. */
  readonly smppServer: SmppServerSettings | null
  readonly smsSender: string
  /** In the market's time; null: nothing waits for a better hour. */
  readonly asking: AskingRules
  /** When ordered transfers are announced and made. */
  readonly standing: StandingRules
  readonly quietHours: DaySpan | null
  /** Minutes after midnight in the market's time; null: days are closed by people only. */
  readonly dayCloseAtMinutes: number | null
  readonly billers: readonly HttpBillerSettings[]
  /** Null: nobody can buy airtime. */
  readonly airtime: AirtimeSettings | null
  readonly accountProviders: readonly GsmaSettings[]
  readonly providerBillers: readonly GsmaBillerSettings[]
  /** Every partner that dialogues or callbacks come from, by name, and what is demanded of it. */
  readonly partners: ReadonlyMap<string, PartnerTrust>
  readonly trustedProxies: AddressList
  readonly traffic: TrafficLimits
  readonly codeBudget: CodeBudget
  readonly logLevel: LogLevel
  /** Whether the operator's port shows what live dialogues hold; never in production. */
  readonly inspectSessions: boolean
}

export type AfricasTalkingSettings = {
  /** Null: its callbacks are not served. */
  readonly callbackKey: Secret | null
  /** Null: no SMS through it. */
  readonly account: { readonly username: string; readonly apiKey: Secret; readonly url: string | null } | null
}

export type SettingsOutcome =
  | { readonly kind: 'ok'; readonly settings: Settings }
  /** A sentence for everything that is wrong: what it is, and what to do. */
  | { readonly kind: 'bad'; readonly problems: readonly string[] }

const DEMO_CALLBACK_KEY = 'demo'

/** Reads all settings; `readFile` serves the variables that name a file. */
export function readSettings(
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): SettingsOutcome {
  const reader = makeReader(env, readFile)
  const roles = readRoles(reader)
  const market = readMarket(reader)
  const stores = readStores(reader)
  const keys = readKeys(reader, ['pin', 'otp', 'session', 'data', 'audit'])
  const africastalking = readAfricasTalking(reader, env.NODE_ENV === 'production')
  const smppLinks = readSmppLinks(reader)
  const billers = readBillers(reader)
  const accountProviders = readAccountProviders(reader)
  const trustedProxies = readTrustedProxies(reader)
  const taken = billers.map(({ id }) => id)
  const rest = {
    roles,
    serviceCodes: readServiceCodes(reader),
    menusDirectory: reader.text('MENUS_DIR') ?? 'menus',
    tariffs: readOwnTariffs(reader, market),
    pinDigits: reader.whole('PIN_DIGITS', {
      from: PIN_DIGITS.shortest,
      to: PIN_DIGITS.longest,
      usual: PIN_DIGITS.usual,
    }),
    http: readHttp(reader),
    audit: readAuditSettings(reader),
    africastalking,
    smppLinks,
    smppServer: readSmppServer(reader),
    smsSender: readSmsSender(reader),
    quietHours: readQuietHours(reader, market),
    asking: readAsking(reader),
    standing: readStanding(reader),
    dayCloseAtMinutes: readDayCloseAt(reader),
    billers,
    accountProviders,
    providerBillers: readProviderBillers(reader, accountProviders, taken, market?.currency ?? 'KES'),
    airtime: readAirtime(reader, market),
    partners: readPartners(reader, { market, providers: accountProviders, proxies: trustedProxies }),
    trustedProxies,
    traffic: readTraffic(reader),
    codeBudget: readCodeBudget(reader),
    logLevel: reader.choice<LogLevel>('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
    inspectSessions: readInspect(reader, env.NODE_ENV === 'production'),
  }
  checkWays(reader, roles, africastalking, smppLinks)
  if (reader.problems.length > 0 || market === null || stores === null || keys === null) {
    return { kind: 'bad', problems: reader.problems }
  }
  return { kind: 'ok', settings: { ...rest, ...stores, market, keys } }
}

function readRoles(reader: SettingsReader): Settings['roles'] {
  const words = reader.words('ROLES', ['gateway', 'worker'])
  for (const word of words.filter((word) => word !== 'gateway' && word !== 'worker')) {
    reader.problems.push(`ROLES holds ${JSON.stringify(word)}; the roles are gateway and worker.`)
  }
  return { gateway: words.includes('gateway'), worker: words.includes('worker') }
}

export function readMarket(reader: SettingsReader): Market | null {
  const known = [...markets.keys()].join(', ')
  const code = reader.required('MARKET', `choose the country served: ${known}.`)
  const market = markets.get(code ?? '') ?? null
  if (code !== null && market === null)
    reader.problems.push(`MARKET is ${JSON.stringify(code)}; choose one of ${known}.`)
  return market
}

/** `TARIFFS`: a file of tariffs of the market; null where it is not set, or wrong. */
export function readOwnTariffs(reader: SettingsReader, market: Market | null): readonly MarketTariff[] | null {
  const path = reader.text('TARIFFS')
  const text = path === null || market === null ? null : reader.file('TARIFFS', path)
  if (text === null || market === null) return null
  const { tariffs, problems } = readTariffs(text, market)
  reader.problems.push(...problems.map((problem) => `TARIFFS: ${problem}.`))
  return tariffs
}

function readServiceCodes(reader: SettingsReader): readonly string[] {
  const codes = reader.words('SERVICE_CODES', [])
  if (codes.length === 0) reader.problems.push('SERVICE_CODES is missing; give the codes people dial, such as *384#.')
  for (const code of codes.filter((code) => !/^\*\d{2,6}(\*\d{1,6})*#$/.test(code))) {
    reader.problems.push(`SERVICE_CODES holds ${JSON.stringify(code)}; write a code as it is dialled, such as *384#.`)
  }
  return codes
}

const HOUR_MS = 3_600_000
const MONTH_HOURS = 744

function readAsking(reader: SettingsReader): AskingRules {
  const hours = (name: string, usual: number): number =>
    reader.whole(name, { from: 1, to: MONTH_HOURS, usual }) * HOUR_MS
  return {
    reversalWindowMs: hours('REVERSAL_WINDOW_HOURS', 24),
    reversalOpenMs: hours('REVERSAL_ANSWER_HOURS', 72),
    requestOpenMs: hours('REQUEST_ANSWER_HOURS', 24),
  }
}

function readHttp(reader: SettingsReader): Settings['http'] {
  const http = {
    port: reader.whole('PORT', { from: 0, to: 65_535, usual: 8080 }),
    host: reader.text('HOST') ?? '0.0.0.0',
    operatorPort: reader.whole('OPERATOR_PORT', { from: 0, to: 65_535, usual: 9080 }),
    operatorHost: reader.text('OPERATOR_HOST') ?? '127.0.0.1',
  }
  if (http.port !== 0 && http.port === http.operatorPort) {
    reader.problems.push(
      `PORT and OPERATOR_PORT are both ${http.port}; metrics must not be public, so give them two ports.`,
    )
  }
  return http
}

/** What people do on their phones is nobody's to look at; so only a machine of a developer's own may show it, to itself. */
function readInspect(reader: SettingsReader, production: boolean): boolean {
  const on = reader.choice('INSPECT_SESSIONS', ['on', 'off'], 'off') === 'on'
  if (on && production) reader.problems.push('INSPECT_SESSIONS is on in production; what people do is shown to nobody.')
  if (on && !isLoopback(reader.text('OPERATOR_HOST') ?? '127.0.0.1')) {
    reader.problems.push('INSPECT_SESSIONS is on where others reach OPERATOR_HOST; set OPERATOR_HOST=127.0.0.1.')
  }
  return on
}

function readStores(reader: SettingsReader): Pick<Settings, 'database' | 'redis'> | null {
  const url = storeUrl(
    reader,
    'DATABASE_URL',
    ['postgres:', 'postgresql:'],
    'name the database and the role of the application.',
  )
  const redis = storeUrl(
    reader,
    'REDIS_URL',
    ['redis:', 'rediss:'],
    'name a Redis of its own, append-only and noeviction.',
  )
  const maxConnections = reader.whole('DATABASE_CONNECTIONS', { from: 2, to: 500, usual: 20 })
  const prefix = reader.text('REDIS_PREFIX') ?? 'nyota:'
  const owner = storeUrl(reader, 'DATABASE_OWNER_URL', ['postgres:', 'postgresql:'], null)
  for (const [name, parsed] of [
    ['DATABASE_URL', url],
    ['DATABASE_OWNER_URL', owner],
  ] as const) {
    if (parsed === null || (parsed.username !== '' && parsed.pathname.length > 1)) continue
    reader.problems.push(`${name} names no role or no database; write postgres://role:password@host/database.`)
  }
  for (const [name, parsed] of [
    ['DATABASE_URL', url],
    ['DATABASE_OWNER_URL', owner],
  ] as const) {
    const mode = parsed?.searchParams.get('sslmode') ?? 'disable'
    if (['disable', 'verify-full'].includes(mode) && parsed?.searchParams.has('uselibpqcompat') !== true) continue
    reader.problems.push(
      `${name} has sslmode=${mode}, which anybody in between could answer; write sslmode=verify-full, and sslrootcert=FILE for an authority of your own.`,
    )
  }
  if (url !== null && owner !== null && url.username === owner.username) {
    reader.problems.push(
      'DATABASE_URL and DATABASE_OWNER_URL use the same role, which could then rewrite history; give the application its own.',
    )
  }
  if (url !== null && owner !== null && url.pathname !== owner.pathname) {
    reader.problems.push('DATABASE_URL and DATABASE_OWNER_URL name different databases; name the same one.')
  }
  if (url === null || redis === null) return null
  return {
    database: { url: url.href, ownerUrl: owner?.href ?? null, maxConnections },
    redis: { url: redis.href, prefix },
  }
}

/** `advice` null: the variable may be missing. */
function storeUrl(
  reader: SettingsReader,
  name: string,
  protocols: readonly string[],
  advice: string | null,
): URL | null {
  const text = (advice === null ? reader.secret(name) : reader.requiredSecret(name, advice))?.reveal() ?? null
  if (text === null) return null
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return new URL(text)
  reader.problems.push(`${name} is not a URL of the form ${protocols[0]}//…; use %-escapes in names and passwords.`)
  return null
}

/** The keys named, `pin` from PIN_KEY and so on; null, with a sentence for each problem, unless all are sound. */
export function readKeys<Name extends keyof Keys>(
  reader: SettingsReader,
  names: readonly Name[],
): Pick<Keys, Name> | null {
  const found = new Map<string, Key>()
  function read(name: string): Key | null {
    const text = reader.requiredSecret(name, 'make one with: openssl rand -base64 32')
    if (text === null) return null
    const key = parseKey(text.reveal())
    if (key === null) {
      const several = 'put older ones behind the new one, with spaces between and none of them twice'
      const words = text.reveal().trim().split(/\s+/).length
      reader.problems.push(
        `${name} is not 32 bytes in base64; make one with: openssl rand -base64 32${words > 1 ? `; ${several}` : ''}`,
      )
      return null
    }
    for (const one of ringOf(key)) {
      const other = [...found].find(([, its]) => keyById(its, one.id) !== undefined)
      if (other !== undefined) reader.problems.push(`${name} and ${other[0]} are the same key; make one for each.`)
    }
    found.set(name, key)
    return key
  }
  const keys = names.map((name) => [name, read(`${name.toUpperCase()}_KEY`)] as const)
  return keys.every(([, key]) => key !== null) ? (Object.fromEntries(keys) as Pick<Keys, Name>) : null
}

function readAfricasTalking(reader: SettingsReader, production: boolean): AfricasTalkingSettings {
  const callbackKey = reader.secret('AFRICASTALKING_CALLBACK_KEY')
  const username = reader.text('AFRICASTALKING_USERNAME')
  const apiKey = reader.secret('AFRICASTALKING_API_KEY')
  const url = reader.text('AFRICASTALKING_URL')
  if (url !== null && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    reader.problems.push('AFRICASTALKING_URL is not a URL; leave it out for the real service.')
  }
  if ((username === null) !== (apiKey === null)) {
    reader.problems.push('AFRICASTALKING_USERNAME and AFRICASTALKING_API_KEY belong together; set both or none.')
  }
  const key = callbackKey?.reveal() ?? null
  const real = username !== null && !(url !== null && URL.canParse(url) && isLoopback(new URL(url).hostname))
  const reachable = !isLoopback(reader.text('HOST') ?? '')
  if (key === DEMO_CALLBACK_KEY && (production || real || reachable)) {
    reader.problems.push(
      'AFRICASTALKING_CALLBACK_KEY is the key of the demo, which everybody knows; make one with: openssl rand -hex 24, or set HOST=127.0.0.1.',
    )
  } else if (key !== null && key !== DEMO_CALLBACK_KEY && !/^[\w-]{16,128}$/.test(key)) {
    reader.problems.push(
      'AFRICASTALKING_CALLBACK_KEY must be 16 to 128 letters, digits, - or _; make one with: openssl rand -hex 24',
    )
  }
  return { callbackKey, account: username !== null && apiKey !== null ? { username, apiKey, url } : null }
}

/** `SMS_SENDER`. */
export function readSmsSender(reader: SettingsReader): string {
  const sender = reader.text('SMS_SENDER') ?? 'Nyota'
  if (!/^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$|^\d{3,8}$/.test(sender)) {
    reader.problems.push(
      'SMS_SENDER must be up to 11 letters and digits with a letter among them, or a short code of 3 to 8 digits.',
    )
  }
  return sender
}

/** `QUIET_HOURS`: `21:00-07:00`, or `off`; the market's own where it is not set. */
export function readQuietHours(reader: SettingsReader, market: Market | null): DaySpan | null {
  const text = reader.text('QUIET_HOURS')
  if (text === null) return market === null ? null : informingRulesOf(market).quietHours
  const hours = text === 'off' ? null : parseDaySpan(text)
  if (hours === null && text !== 'off') {
    reader.problems.push(
      `QUIET_HOURS is ${JSON.stringify(text)}; give local times such as 21:00-07:00, or off where people may be written to at night.`,
    )
  }
  return hours
}

/** `DAY_CLOSE_AT`: `01:00`, or `off`. */
function readDayCloseAt(reader: SettingsReader): number | null {
  const text = reader.text('DAY_CLOSE_AT') ?? '01:00'
  const minutes = text === 'off' ? null : parseClock(text)
  if (minutes === null && text !== 'off') {
    reader.problems.push(
      `DAY_CLOSE_AT is ${JSON.stringify(text)}; give a local time such as 01:00, or off where people close days with npm run ledger.`,
    )
  }
  return minutes
}

/** A gateway nobody can reach and a worker that cannot speak are mistakes, not choices. */
function checkWays(
  reader: SettingsReader,
  roles: Settings['roles'],
  africastalking: AfricasTalkingSettings,
  smppLinks: readonly SmppLinkSettings[],
): void {
  if (roles.gateway && africastalking.callbackKey === null && !smppLinks.some((link) => link.ussd !== undefined)) {
    reader.problems.push(
      'AFRICASTALKING_CALLBACK_KEY is missing, so no dialled code could arrive; make one with: openssl rand -hex 24, or set ussd=on for a link of SMPP_LINKS.',
    )
  }
  if (roles.worker && africastalking.account === null && !smppLinks.some((link) => link.bind !== 'receiver')) {
    reader.problems.push('No SMS could be sent; set SMPP_LINKS, or AFRICASTALKING_USERNAME and AFRICASTALKING_API_KEY.')
  }
}
