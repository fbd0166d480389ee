import { Secret } from '../../domain/secret.ts'

/** One account at one network, as `SMPP_LINKS` describes it. */
export type SmppLinkSettings = {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly systemId: string
  readonly password: Secret
  readonly bind: 'transceiver' | 'transmitter' | 'receiver'
  /** submit_sm without an answer at any time. */
  readonly window: number
  /** submit_sm a second; 0 for no limit. */
  readonly tps: number
  /** Digits of the international number, without `+`; none means all numbers. */
  readonly prefixes: readonly string[]
  readonly timings: SmppTimings
}

export type SmppTimings = {
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  /** How often the peer is asked whether it is there; without an answer within the same time the connection is closed. */
  readonly enquireEveryMs: number
  /** First pause before another try; doubled each time up to the longest, each shortened at random by up to half. */
  readonly retryFirstMs: number
  readonly retryLongestMs: number
  /** How long a message may wait for its turn before it goes elsewhere. */
  readonly maxWaitMs: number
}

export const defaultTimings: SmppTimings = {
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 10_000,
  enquireEveryMs: 15_000,
  retryFirstMs: 500,
  retryLongestMs: 30_000,
  maxWaitMs: 10_000,
}

export type ParsedLink =
  | { readonly kind: 'link'; readonly settings: SmppLinkSettings }
  | { readonly kind: 'bad'; readonly problem: string }

/** SMPP 3.4 §4.1.1: a C-octet string of at most 16 and 9 octets with its NUL. */
const SYSTEM_ID_LENGTH = 15
const PASSWORD_LENGTH = 8
const RANGES = {
  window: [1, 1_000],
  tps: [0, 10_000],
  'response-timeout-ms': [100, 30_000],
  'enquire-every-ms': [100, 300_000],
} as const
const PARAMETERS: ReadonlySet<string> = new Set([
  'name',
  'bind',
  'window',
  'tps',
  'prefixes',
  'ussd',
  'dialect',
  'response-timeout-ms',
  'enquire-every-ms',
])

/**
 * Reads one URL of `SMPP_LINKS`: `smpp://system_id:password@host:2775?name=mno1&bind=transceiver&window=50&tps=100&prefixes=25470,25471`,
 * `smpps://` for TLS. A problem names the parameter and never shows the password.
 */
export function parseSmppLink(text: string): ParsedLink {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['smpp:', 'smpps:'].includes(url.protocol) || url.hostname === '') {
    return bad('an SMPP link is written smpp://system_id:password@host:port?name=…')
  }
  const tls = url.protocol === 'smpps:'
  const query = url.searchParams
  const name = query.get('name') ?? url.hostname
  const link = `SMPP link ${/^[\w.-]{1,40}$/.test(name) ? name : '(unnamed)'}`
  const unknown = [...query.keys()].find((key) => !PARAMETERS.has(key))
  if (unknown !== undefined)
    return bad(`${link}: ${unknown.slice(0, 40)} is not a parameter; known are ${[...PARAMETERS].join(', ')}`)
  if (!/^[\w.-]{1,40}$/.test(name)) return bad(`${link}: name takes letters, digits, _ . and -, at most 40`)
  const systemId = decodeURIComponent(url.username)
  const password = decodeURIComponent(url.password)
  if (!isPrintable(systemId) || systemId === '' || systemId.length > SYSTEM_ID_LENGTH)
    return bad(`${link}: system_id has 1 to ${SYSTEM_ID_LENGTH} ASCII characters`)
  if (!isPrintable(password) || password.length > PASSWORD_LENGTH)
    return bad(`${link}: the password has at most ${PASSWORD_LENGTH} ASCII characters`)
  const bind = query.get('bind') ?? 'transceiver'
  if (bind !== 'transceiver' && bind !== 'transmitter' && bind !== 'receiver')
    return bad(`${link}: bind is transceiver, transmitter or receiver`)
  const numbers = {
    window: 10,
    tps: 0,
    'response-timeout-ms': defaultTimings.responseTimeoutMs,
    'enquire-every-ms': defaultTimings.enquireEveryMs,
  }
  for (const key of ['window', 'tps', 'response-timeout-ms', 'enquire-every-ms'] as const) {
    const value = query.get(key) ?? String(numbers[key])
    const [least, most] = RANGES[key]
    if (!/^\d{1,6}$/.test(value) || Number(value) < least || Number(value) > most)
      return bad(`${link}: ${key} is a whole number from ${least} to ${most}`)
    numbers[key] = Number(value)
  }
  const prefixes = (query.get('prefixes') ?? '').split(',').filter((prefix) => prefix !== '')
  if (!prefixes.every((prefix) => /^[1-9]\d{0,14}$/.test(prefix)))
    return bad(`${link}: prefixes are digits of international numbers without +, separated by commas`)
  const timings = {
    ...defaultTimings,
    responseTimeoutMs: numbers['response-timeout-ms'],
    enquireEveryMs: numbers['enquire-every-ms'],
  }
  const port = url.port === '' ? (tls ? 3550 : 2775) : Number(url.port)
  return {
    kind: 'link',
    settings: {
      name,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      tls,
      systemId,
      password: new Secret(password),
      bind,
      window: numbers.window,
      tps: numbers.tps,
      prefixes,
      timings,
    },
  }
}

function bad(problem: string): ParsedLink {
  return { kind: 'bad', problem }
}

function isPrintable(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text)
}
