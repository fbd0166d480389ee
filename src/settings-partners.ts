import { defaultTimings, type SmppLinkSettings } from './aggregators/smpp/settings.ts'
import type { UssdDialect } from './aggregators/smpp/ussd/dialect.ts'
import { ussdDialects } from './aggregators/smpp/ussd/dialects.ts'
import { readDialects } from './aggregators/smpp/ussd/read-dialects.ts'
import { AIRTIME, type AirtimeSettings } from './billers/africastalking-airtime.ts'
import type { HttpBillerSettings } from './billers/http-biller.ts'
import type { Market } from './domain/market.ts'
import { exponents } from './domain/money.ts'
import { Secret } from './domain/secret.ts'
import type { SettingsReader } from './settings-reader.ts'
import { type LinkParameters, readCost, readFrom, readProfile, readSmppProfiles, readTls } from './settings-smpp.ts'

const NAME = /^[a-z0-9][a-z0-9-]{0,29}$/
const NAME_RULE = 'small letters, digits and hyphens'

/** A hop's action has three seconds, but a payment may take as long as its worker waits. */
const BILLER_TIMEOUT_MS = 5_000
/** Payments and questions under way at a time in one worker. */
export const BILLER_MOST_AT_ONCE: number = 8
const BILLER_NAME_RULE = 'at most 14 characters, since it stands on small screens'

/** In whole units; what Africa's Talking takes differs by country. */
const AIRTIME_LEAST = 5
const AIRTIME_MOST = 10_000

/** `SMPP_LINKS`: `smpp://system_id:password@host:port?name=…`; .env.example has them all. */
export function readSmppLinks(reader: SettingsReader): readonly SmppLinkSettings[] {
  const dialects = readUssdDialects(reader)
  const profiles = readSmppProfiles(reader)
  const links = readUrls(reader, 'SMPP_LINKS', (url, parameters): SmppLinkSettings => {
    const { one, whole, oneOf } = parameters
    if (url.protocol !== 'smpp:' && url.protocol !== 'smpps:') parameters.complain('begin it with smpp:// or smpps://')
    const systemId = decode(url.username)
    if (systemId === '') parameters.complain('put system id and password before the @')
    const link: SmppLinkSettings = {
      name: one('name', null, NAME, NAME_RULE),
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || '2775'),
      tls: readTls(reader, url, parameters),
      systemId,
      password: new Secret(decode(url.password)),
      bind: oneOf('bind', ['transceiver', 'transmitter', 'receiver']),
      binds: whole('binds', { from: 1, to: 16, usual: 1 }),
      window: whole('window', { from: 1, to: 1_000, usual: 10 }),
      tps: whole('tps', { from: 1, to: 10_000, usual: 50 }),
      prefixes: one('prefixes', '', /^(\d{1,8}(,\d{1,8})*)?$/, 'digits, separated by commas')
        .split(',')
        .filter(Boolean),
      from: readFrom(parameters),
      cost: readCost(parameters),
      profile: readProfile(profiles, parameters),
      timings: defaultTimings,
    }
    const hasUssd = oneOf('ussd', ['off', 'on']) === 'on'
    const dialect = dialects.get(
      oneOf('dialect', ['standard', ...[...dialects.keys()].filter((name) => name !== 'standard')]),
    )
    if (!hasUssd || dialect === undefined) return link
    if (link.bind !== 'transceiver')
      parameters.complain('ussd=on takes bind=transceiver, since answers come in and screens go out over one bind')
    return { ...link, ussd: dialect }
  })
  const names = links.map((link) => link.name)
  refuseTwins(reader, 'SMPP_LINKS', names)
  return links
}

/** Those that come with the program, and those of the file that `USSD_DIALECTS` names. */
function readUssdDialects(reader: SettingsReader): ReadonlyMap<string, UssdDialect> {
  const path = reader.text('USSD_DIALECTS')
  const file = path === null ? null : reader.file('USSD_DIALECTS', path)
  if (file === null) return ussdDialects
  const { dialects, problems } = readDialects(file, ussdDialects)
  reader.problems.push(...problems.map((problem) => `USSD_DIALECTS: ${problem}`))
  return new Map([...ussdDialects, ...dialects])
}

/** `BILLERS`: `https://key@host/path?id=…&name=…&digits=…`. */
export function readBillers(reader: SettingsReader): readonly HttpBillerSettings[] {
  const billers = readUrls(reader, 'BILLERS', (url, parameters): HttpBillerSettings => {
    const { one, whole, complain } = parameters
    checkScheme(url, complain)
    if (url.username === '') complain("put the biller's key before the @")
    return {
      id: one('id', null, /^[a-z0-9][a-z0-9-]{0,19}$/, `${NAME_RULE}, at most 20`),
      name: one('name', null, /^.{1,14}$/u, BILLER_NAME_RULE),
      baseUrl: `${url.origin}${url.pathname.replace(/\/$/, '')}`,
      key: new Secret(decode(url.username)),
      accountDigits: whole('digits', { from: 1, to: 20, usual: null }),
      timeoutMs: whole('timeoutMs', { from: 100, to: 60_000, usual: BILLER_TIMEOUT_MS }),
      mostAtOnce: whole('mostAtOnce', { from: 1, to: 100, usual: BILLER_MOST_AT_ONCE }),
    }
  })
  const ids = billers.map((biller) => biller.id)
  refuseTwins(reader, 'BILLERS', ids)
  if (ids.includes(AIRTIME)) reader.problems.push('BILLERS: airtime is the id of what AIRTIME names; give another.')
  return billers
}

/**
 * `AIRTIME`: `https://username:apiKey@api.africastalking.com?min=5&max=10000`, amounts in whole units of the market's currency. Null:
 * nobody can buy airtime.
 */
export function readAirtime(reader: SettingsReader, market: Market | null): AirtimeSettings | null {
  const currency = market?.currency ?? 'KES'
  const unit = 10n ** BigInt(exponents[currency])
  const found = readUrls(reader, 'AIRTIME', (url, parameters): AirtimeSettings => {
    const { one, whole, complain } = parameters
    checkScheme(url, complain)
    if (url.username === '' || url.password === '') complain('put user name and API key before the @, as name:key')
    const least = whole('min', { from: 1, to: 1_000_000, usual: AIRTIME_LEAST })
    const most = whole('max', { from: 1, to: 1_000_000, usual: AIRTIME_MOST })
    if (most < least) complain('min is more than max, so nothing could be bought')
    return {
      username: decode(url.username),
      apiKey: new Secret(decode(url.password)),
      baseUrl: `${url.origin}${url.pathname.replace(/\/$/, '')}`,
      name: one('name', 'Airtime', /^.{1,14}$/u, BILLER_NAME_RULE),
      currency,
      least: BigInt(least) * unit,
      most: BigInt(most) * unit,
      timeoutMs: whole('timeoutMs', { from: 100, to: 60_000, usual: BILLER_TIMEOUT_MS }),
      mostAtOnce: whole('mostAtOnce', { from: 1, to: 100, usual: BILLER_MOST_AT_ONCE }),
    }
  })
  if (found.length > 1)
    reader.problems.push('AIRTIME: there are several URLs; give one, since airtime is bought in one place.')
  return found[0] ?? null
}

function checkScheme(url: URL, complain: (advice: string) => void): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') complain('begin it with https://')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) complain('use https://, plain http only on this machine')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}

/** Reads one URL's parameters, each once named; what nobody asks for is a mistake. */
export type Parameters = LinkParameters & {
  /** A parameter that matches; without a usual value it must be there (as with `whole`). */
  one(name: string, usual: string | null, pattern: RegExp, rule: string): string
  whole(name: string, bounds: { from: number; to: number; usual: number | null }): number
  oneOf<T extends string>(name: string, choices: readonly [T, ...T[]]): T
}

/** URLs separated by spaces. A sentence calls a URL by its place and name, never by its text, which holds the password. */
export function readUrls<T>(
  reader: SettingsReader,
  variable: string,
  parse: (url: URL, parameters: Parameters) => T,
): readonly T[] {
  const texts = reader.secret(variable)?.reveal().split(/\s+/).filter(Boolean) ?? []
  return texts.flatMap((text, at) => {
    const place = `${variable}, URL ${at + 1}`
    if (!URL.canParse(text)) {
      reader.problems.push(
        `${place}: is not a URL; write it as .env.example shows, with %-escapes in names and passwords.`,
      )
      return []
    }
    const url = new URL(text)
    const asked = new Set<string>()
    const result = parse(url, parametersOf(reader, place, url, asked))
    for (const name of new Set(url.searchParams.keys())) {
      if (!asked.has(name))
        reader.problems.push(`${place}: ${name} is no parameter; known are ${[...asked].join(', ')}.`)
    }
    return [result]
  })
}

/** Complains of names that are there more than once. */
export function refuseTwins(reader: SettingsReader, variable: string, names: readonly string[]): void {
  for (const name of new Set(names.filter((name, at) => name !== '' && names.indexOf(name) !== at))) {
    reader.problems.push(`${variable}: ${name} is there twice; give each its own name.`)
  }
}

function parametersOf(reader: SettingsReader, place: string, url: URL, asked: Set<string>): Parameters {
  const complain = (advice: string): void => void reader.problems.push(`${place}: ${advice}.`)
  const get = (name: string): string | null => {
    asked.add(name)
    return url.searchParams.get(name)
  }
  return {
    place,
    given: get,
    complain,
    one(name, usual, pattern, rule) {
      const value = get(name) ?? usual
      if (value === null) complain(`${name} is missing; give it as ${name}=…`)
      else if (!pattern.test(value)) complain(`${name} must be ${rule}`)
      return value ?? ''
    },
    whole(name, { from, to, usual }) {
      const value = get(name)
      if (value === null && usual !== null) return usual
      const number = /^\d{1,9}$/.test(value ?? '') ? Number(value) : Number.NaN
      if (number >= from && number <= to) return number
      complain(`${name} must be a whole number from ${from} to ${to}`)
      return from
    },
    oneOf(name, choices) {
      const value = get(name)
      const choice = choices.find((each) => each === value)
      if (value !== null && choice === undefined) complain(`${name} must be one of ${choices.join(', ')}`)
      return choice ?? choices[0]
    },
  }
}

/** A part of a URL without its %-escapes; as it is where they are none. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
