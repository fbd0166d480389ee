import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { readSettings, type Settings } from '../src/settings.ts'

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64')

const sound = {
  MARKET: 'KE',
  SERVICE_CODES: '*384#',
  DATABASE_URL: 'postgres://nyota_app:sesame@db:5432/nyota',
  DATABASE_OWNER_URL: 'postgres://nyota_owner:sesame@db:5432/nyota',
  REDIS_URL: 'redis://:sesame@redis:6379/0',
  PIN_KEY: key(1),
  OTP_KEY: key(2),
  SESSION_KEY: key(3),
  DATA_KEY: key(4),
  AUDIT_KEY: key(5),
  AFRICASTALKING_CALLBACK_KEY: 'a-callback-key-of-our-own',
  SMPP_LINKS: 'smpp://demo:sesame@smsc:2775?name=mno1&prefixes=25470,25471&window=50',
  BILLERS: 'https://sesame@bills/api/?id=city-power&name=City%20Power&digits=11',
}

const wave = 'id=wave&name=Wave&account=organisationid:nyota'
const called = { PROVIDER_CALLBACK_URL: 'https://nyota.example/' }

function settingsOf(changes: Record<string, string | undefined>): Settings {
  const outcome = readSettings({ ...sound, ...changes })
  if (outcome.kind === 'bad') throw new Error(outcome.problems.join('\n'))
  return outcome.settings
}

function problemsOf(
  changes: Record<string, string | undefined>,
  readFile?: (path: string) => string,
): readonly string[] {
  const outcome = readSettings({ ...sound, ...changes }, readFile)
  return outcome.kind === 'bad' ? outcome.problems : []
}

describe('settings', () => {
  test('are grouped, with usual values for what is not set', () => {
    expect(settingsOf({})).toMatchObject({
      roles: { gateway: true, worker: true },
      market: { code: 'KE', currency: 'KES' },
      serviceCodes: ['*384#'],
      pinDigits: 5,
      http: { port: 8080, host: '0.0.0.0', operatorPort: 9080, operatorHost: '127.0.0.1' },
      redis: { prefix: 'nyota:' },
      smppLinks: [
        {
          name: 'mno1',
          host: 'smsc',
          port: 2775,
          tls: null,
          bind: 'transceiver',
          window: 50,
          prefixes: ['25470', '25471'],
        },
      ],
      billers: [
        {
          id: 'city-power',
          name: 'City Power',
          baseUrl: 'https://bills/api',
          accountDigits: 11,
          timeoutMs: 5000,
          mostAtOnce: 8,
        },
      ],
    })
  })

  test.each([
    [undefined, { from: 1260, to: 420 }],
    ['22:00-06:30', { from: 1320, to: 390 }],
    ['off', null],
  ])('QUIET_HOURS of %s are %j', (QUIET_HOURS, expected) => {
    expect(settingsOf({ QUIET_HOURS }).quietHours).toEqual(expected)
  })

  test('of ordered transfers have hours of a day, notices and tries', () => {
    expect(settingsOf({}).standing).toEqual({
      ...{
        hours: { from: 480, to: 1200 },
        noticeMs: 24 * 3_600_000,
        leastNoticeMs: 3 * 3_600_000,
        retryMs: 4 * 3_600_000,
      },
    })
    expect(settingsOf({ SCHEDULED_HOURS: '06:30-23:00' }).standing.hours).toEqual({ from: 390, to: 1380 })
  })

  test.each<[Record<string, string>, RegExp]>([
    [{ SCHEDULED_HOURS: '20:00-08:00' }, /such as 08:00-20:00, the last until 23:00/],
    [{ SCHEDULED_HOURS: '08:00-23:30' }, /such as 08:00-20:00, the last until 23:00/],
    [{ SCHEDULED_RETRY_HOURS: '0' }, /SCHEDULED_RETRY_HOURS is "0"; give a whole number from 1 to 12/],
    [{ SCHEDULED_NOTICE_HOURS: '2' }, /every scheduled transfer would be late/],
  ])('of ordered transfers that make no sense are refused (%j)', (env, problem) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(problem)])
  })

  test.each([
    [undefined, 60],
    ['00:00', 0],
    ['23:59', 1439],
    ['off', null],
  ])('DAY_CLOSE_AT of %s is %j minutes after midnight', (DAY_CLOSE_AT, expected) => {
    expect(settingsOf({ DAY_CLOSE_AT }).dayCloseAtMinutes).toBe(expected)
  })

  test.each(['24:00', '1:00', '01:60', 'never'])('DAY_CLOSE_AT of %s is refused with an example', (DAY_CLOSE_AT) => {
    expect(problemsOf({ DAY_CLOSE_AT })).toEqual([expect.stringMatching(/such as 01:00, or off/)])
  })

  test.each(['21-7', '07:00-07:00', 'never'])('QUIET_HOURS of %s are refused with an example', (QUIET_HOURS) => {
    expect(problemsOf({ QUIET_HOURS })).toEqual([expect.stringMatching(/21:00-07:00, or off/)])
  })

  test('come with a sentence for everything that is missing, all at once', () => {
    const outcome = readSettings({})
    const names = [
      'MARKET',
      'SERVICE_CODES',
      'DATABASE_URL',
      'REDIS_URL',
      'PIN_KEY',
      'OTP_KEY',
      'SESSION_KEY',
      'DATA_KEY',
      'AUDIT_KEY',
    ]
    const problems = outcome.kind === 'bad' ? outcome.problems : []
    for (const name of [...names, 'AFRICASTALKING_CALLBACK_KEY']) {
      expect(problems.filter((problem) => problem.startsWith(`${name} is missing`))).toHaveLength(1)
    }
    expect(problems).toHaveLength(11)
    for (const problem of problems) expect(problem).toMatch(/[;:] .*/)
  })

  test.each<[string, Record<string, string | undefined>, RegExp]>([
    ['one role for owner and application', { DATABASE_OWNER_URL: sound.DATABASE_URL }, /same role/],
    ['two databases', { DATABASE_OWNER_URL: 'postgres://o:p@db/other' }, /different databases/],
    ['a database URL without a role', { DATABASE_URL: 'postgres://db/nyota' }, /no role or no database/],
    [
      'a database URL of something else',
      { DATABASE_URL: 'mysql://a:b@db/nyota' },
      /DATABASE_URL is not a URL of the form postgres:/,
    ],
    ['one key for two purposes', { OTP_KEY: key(1) }, /OTP_KEY and PIN_KEY are the same/],
    ...['no-verify', 'require', 'prefer', 'allow', 'verify-ca'].map(
      (mode): [string, Record<string, string>, RegExp] => [
        `a database whose certificate is not checked: ${mode}`,
        { DATABASE_URL: `postgres://nyota_app:secret@db/nyota?sslmode=${mode}` },
        /DATABASE_URL has sslmode=[a-z-]+, which anybody in between could answer; write sslmode=verify-full/,
      ],
    ),
    ['a short key', { DATA_KEY: 'c2hvcnQ=' }, /DATA_KEY is not 32 bytes/],
    [
      'a server for clients without a port',
      { SMPP_SERVER_HOST: '0.0.0.0' },
      /SMPP_SERVER_PORT is missing, so nobody could bind; set/,
    ],
    [
      'a TLS key without its certificate',
      { SMPP_SERVER_PORT: '2776', SMPP_SERVER_TLS_KEY: 'x' },
      /SMPP_SERVER_TLS_KEY and SMPP_SERVER_TLS_CERTIFICATE belong together.*; set both or none/,
    ],
    [
      'a TLS key that is none',
      { SMPP_SERVER_PORT: '2776', SMPP_SERVER_TLS_KEY: 'x', SMPP_SERVER_TLS_CERTIFICATE: 'x' },
      /are not a key and its certificate, both PEM; check the files/,
    ],
    ['an unknown market', { MARKET: 'TZ' }, /MARKET is "TZ"; choose one of KE, UG, GH/],
    ['an unknown role', { ROLES: 'gateway,clerk' }, /ROLES holds "clerk"/],
    ['a code that nobody can dial', { SERVICE_CODES: '384' }, /SERVICE_CODES holds "384"/],
    ['a PIN of seven digits', { PIN_DIGITS: '7' }, /PIN_DIGITS is "7"; give a whole number from 4 to 6/],
    ['a port in another notation', { PORT: '0x1F90' }, /PORT is "0x1F90"/],
    ['public metrics', { OPERATOR_PORT: '8080' }, /PORT and OPERATOR_PORT are both 8080/],
    [
      'dialogues to look into, in production',
      { INSPECT_SESSIONS: 'on', NODE_ENV: 'production' },
      /INSPECT_SESSIONS is on in production;/,
    ],
    [
      'dialogues for others to look into',
      { INSPECT_SESSIONS: 'on', OPERATOR_HOST: '0.0.0.0' },
      /INSPECT_SESSIONS is on where others reach OPERATOR_HOST; set/,
    ],
    ['an unknown log level', { LOG_LEVEL: 'loud' }, /LOG_LEVEL is "loud"; choose one of/],
    ['a sender of twelve letters', { SMS_SENDER: 'NyotaPesaKen' }, /SMS_SENDER must be/],
    ['half an account', { AFRICASTALKING_USERNAME: 'sandbox' }, /belong together/],
    ['a callback key that can be guessed', { AFRICASTALKING_CALLBACK_KEY: 'secret' }, /must be 16 to 128/],
    [
      "the demo's key in production",
      { AFRICASTALKING_CALLBACK_KEY: 'demo', NODE_ENV: 'production' },
      /everybody knows/,
    ],
    [
      "the demo's key with a real account",
      { AFRICASTALKING_CALLBACK_KEY: 'demo', AFRICASTALKING_USERNAME: 'nyota', AFRICASTALKING_API_KEY: 'sesame' },
      /everybody knows/,
    ],
    ["the demo's key on an address that others reach", { AFRICASTALKING_CALLBACK_KEY: 'demo' }, /HOST=127\.0\.0\.1/],
    ['no way to send SMS', { SMPP_LINKS: undefined }, /No SMS could be sent/],
    ['only a link that receives', { SMPP_LINKS: `${sound.SMPP_LINKS}&bind=receiver` }, /No SMS could be sent/],
    ['an SMPP link without a name', { SMPP_LINKS: 'smpp://a:sesame@h' }, /SMPP_LINKS, URL 1: name is missing/],
    [
      'two links of one name',
      { SMPP_LINKS: `${sound.SMPP_LINKS} ${sound.SMPP_LINKS}` },
      /SMPP_LINKS: mno1 is there twice/,
    ],
    ['a misspelt parameter', { SMPP_LINKS: `${sound.SMPP_LINKS}&windw=5` }, /windw is no parameter; known are name/],
    ['a biller over plain HTTP', { BILLERS: 'http://sesame@bills?id=a&name=A&digits=1' }, /use https/],
    ['a biller without digits', { BILLERS: 'https://sesame@bills?id=a&name=A' }, /digits must be a whole number/],
    ['a provider without our account', { ACCOUNT_PROVIDERS: 'https://us:sesame@p?id=a&name=A' }, /account is missing/],
    ['a provider over plain HTTP', { ACCOUNT_PROVIDERS: `http://us:sesame@p?${wave}` }, /use https/],
    ['a provider without a key', { ACCOUNT_PROVIDERS: `https://us@p?${wave}` }, /API key before the @/],
    [
      'a provider with the id of the ledger',
      { ACCOUNT_PROVIDERS: `https://us:sesame@p?${wave.replace('id=wave', 'id=ledger')}` },
      /ledger is there twice/,
    ],
    [
      'callbacks to nowhere',
      { ACCOUNT_PROVIDERS: `https://us:sesame@p?${wave}&flow=callback&callbackKey=sesame-sesame-sesame` },
      /takes PROVIDER_CALLBACK_URL/,
    ],
    [
      'a callback key that can be guessed',
      { ...called, ACCOUNT_PROVIDERS: `https://us:sesame@p?${wave}&flow=callback&callbackKey=sesame` },
      /callbackKey must be 16 to 128/,
    ],
    [
      'a callback key without callbacks',
      { ACCOUNT_PROVIDERS: `https://us:sesame@p?${wave}&callbackKey=sesame-sesame-sesame` },
      /only for flow=callback/,
    ],
    ['callbacks over plain HTTP', { PROVIDER_CALLBACK_URL: 'http://nyota.example' }, /must be the https:/],
    [
      'a company of a provider nobody set',
      { PROVIDER_BILLERS: 'bills:wave/gas?id=gas&name=Gas&digits=9' },
      /wave is no id of ACCOUNT_PROVIDERS/,
    ],
    [
      'a company without a provider',
      { PROVIDER_BILLERS: 'bills:gas?id=gas&name=Gas&digits=9' },
      /write it as bills:PROVIDER/,
    ],
    [
      'two billers of one id',
      {
        ACCOUNT_PROVIDERS: `https://us:sesame@p?${wave}`,
        PROVIDER_BILLERS: 'bills:wave/gas?id=city-power&name=Gas&digits=9',
      },
      /city-power is there twice/,
    ],
    ['something that is no URL', { BILLERS: 'sesame' }, /BILLERS, URL 1: is not a URL/],
  ])('refuse %s with a sentence that says what to do', (_, changes, sentence) => {
    const problems = problemsOf(changes)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(sentence)
    expect(problems.join()).not.toContain('sesame')
  })

  test('put a provider, its companies and its callbacks together', () => {
    const { accountProviders, providerBillers } = settingsOf({
      ...called,
      ACCOUNT_PROVIDERS: `https://us:sesame@wave.example/mm/?${wave}&flow=callback&callbackKey=sesame-sesame-sesame`,
      PROVIDER_BILLERS: 'bills:wave/city%20gas?id=city-gas&name=City%20Gas&digits=9',
    })
    expect(accountProviders).toMatchObject([
      {
        ...{ id: 'wave', baseUrl: 'https://wave.example/mm', clientId: 'us', flow: 'callback', timeoutMs: 5_000 },
        account: { type: 'organisationid', value: 'nyota' },
        callback: { url: 'https://nyota.example' },
      },
    ])
    expect(providerBillers).toMatchObject([
      { id: 'city-gas', serviceProvider: 'city gas', currency: 'KES', provider: { id: 'wave' } },
    ])
    expect(inspect({ accountProviders, providerBillers }, { depth: 9 })).not.toContain('sesame')
  })

  test('let the demo use its key with the stand-in on this machine', () => {
    const demo = {
      AFRICASTALKING_CALLBACK_KEY: 'demo',
      AFRICASTALKING_USERNAME: 'sandbox',
      AFRICASTALKING_API_KEY: 'demo',
      HOST: '127.0.0.1',
    }
    expect(problemsOf({ ...demo, AFRICASTALKING_URL: 'http://127.0.0.1:8081' })).toEqual([])
  })

  test('take tariffs of the operator’s own from a file of the market', () => {
    const kenya = readFileSync('src/ledger/markets/ke.yaml', 'utf8')
    const outcome = readSettings({ ...sound, TARIFFS: 'ours.yaml' }, () => kenya)
    expect(outcome.kind === 'ok' && outcome.settings.tariffs?.map(({ version }) => version)).toEqual(['KE-2025-3'])
    expect(settingsOf({}).tariffs).toBe(null)
    expect(problemsOf({ TARIFFS: 'ours.yaml', MARKET: 'UG', REDIS_URL: 'x' }, () => kenya)).toEqual([
      expect.stringContaining('REDIS_URL'),
      'TARIFFS: market must be UG, which is served.',
    ])
    const wrong = kenya.replace('15%', '15').replace('least: 50', 'least: x')
    expect(problemsOf({ TARIFFS: 'ours.yaml' }, () => wrong)).toEqual([
      'TARIFFS: KE-2025-3: services.withdraw.least must be an amount in KES, such as 1250.',
      'TARIFFS: KE-2025-3: duties.excise.rate must be a percentage such as 0.5%, with two decimals at most.',
    ])
    expect(problemsOf({ TARIFFS: '/none' })).toEqual([
      expect.stringMatching(/TARIFFS names \/none, which cannot be read/),
    ])
  })

  test('take secrets from files', () => {
    const files: Record<string, string> = { '/run/secrets/pin': `${key(9)}\n`, '/run/secrets/empty': '\n' }
    const readFile = (path: string): string => {
      const content = files[path]
      if (content === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
      return content
    }
    const fromFile = { PIN_KEY: undefined, PIN_KEY_FILE: '/run/secrets/pin' }
    const outcome = readSettings({ ...sound, ...fromFile }, readFile)
    expect(outcome.kind === 'ok' && outcome.settings.keys.pin.bytes).toEqual(Buffer.alloc(32, 9))
    expect(problemsOf({ PIN_KEY_FILE: '/run/secrets/pin' }, readFile)[0]).toMatch(/both set; keep one/)
    expect(problemsOf({ ...fromFile, PIN_KEY_FILE: '/run/secrets/empty' }, readFile)).toEqual([
      expect.stringMatching(/is empty/),
    ])
    expect(problemsOf({ ...fromFile, PIN_KEY_FILE: '/none' }, readFile)).toEqual([
      expect.stringMatching(/cannot be read \(ENOENT\)/),
    ])
  })

  test('do not show keys and passwords of partners when they are printed', () => {
    const { smppLinks, billers, keys } = settingsOf({})
    const text = inspect({ smppLinks, billers, keys }, { depth: 9 }) + JSON.stringify({ smppLinks, billers, keys })
    expect(text).not.toMatch(/sesame/)
    expect(text).not.toContain(key(1))
  })
})

describe('.env.example', () => {
  const example = readFileSync('.env.example', 'utf8')
  const documented = [...example.matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map((match) => match[1])

  test('documents every variable that is read, once, and no other', () => {
    const asked = new Set<string>()
    readSettings(new Proxy({}, { get: (_, name) => void asked.add(String(name)) }))
    const read = [...asked].filter((name) => !name.endsWith('_FILE'))
    expect([...documented].sort()).toEqual(read.sort())
    const secrets = [...asked].filter((name) => name.endsWith('_FILE')).map((name) => name.replace(/_FILE$/, ''))
    const list = /NAME_FILE instead[\s\S]*?\n\n/.exec(example)?.[0] ?? ''
    expect(secrets.filter((name) => !list.includes(name))).toEqual([])
  })

  test('shows the usual values and sound examples', () => {
    const lines = [...example.matchAll(/^#?([A-Z][A-Z_]+)=(.+)$/gm)].map((match) => [match[1], match[2]])
    const { NODE_ENV, AFRICASTALKING_URL, SMPP_PROFILES, ...shown } = Object.fromEntries(lines) as Record<
      string,
      string
    >
    const { smppLinks, billers, ...rest } = settingsOf(shown)
    expect(smppLinks).toHaveLength(1)
    expect(billers).toHaveLength(1)
    expect(rest).toMatchObject({ http: settingsOf({}).http, pinDigits: 5, smsSender: 'Nyota', menusDirectory: 'menus' })
  })
})

describe('USSD over SMPP', () => {
  const link = (parameters: string) => ({ SMPP_LINKS: `smpp://demo:demo@smsc?name=mno1&${parameters}` })

  test('a link has the dialect that it names, and none while USSD is off', () => {
    expect(settingsOf(link('ussd=on&dialect=mica')).smppLinks[0]?.ussd?.name).toBe('mica')
    expect(settingsOf(link('ussd=on')).smppLinks[0]?.ussd?.name).toBe('standard')
    expect(settingsOf(link('ussd=off&dialect=mica')).smppLinks[0]?.ussd).toBeUndefined()
  })

  test.each([
    ['ussd=on&dialect=morse', 'dialect must be one of standard, tata, 6d, mica, huawei'],
    ['ussd=yes', 'ussd must be one of off, on'],
    ['ussd=on&bind=receiver', 'ussd=on takes bind=transceiver'],
  ])('%s is refused', (parameters, sentence) => {
    expect(problemsOf(link(parameters)).join()).toContain(sentence)
  })

  test('a gateway that is reached over SMPP needs no aggregator', () => {
    const none = { AFRICASTALKING_CALLBACK_KEY: undefined, ROLES: 'gateway' }
    expect(problemsOf({ ...none, ...link('ussd=on') })).toEqual([])
    expect(problemsOf({ ...none, ...link('ussd=off') })).toHaveLength(1)
  })

  const file = (yaml: string) => [{ USSD_DIALECTS: 'd.yaml', ...link('ussd=on&dialect=ours') }, () => yaml] as const

  test('a dialect of the operator’s own is the one that it is like, but for what it says', () => {
    const outcome = readSettings(
      { ...sound, ...file('')[0] },
      file('ours: { like: mica, outgoing: { last: 0x17 }, silenceMs: 60000 }')[1],
    )
    expect(outcome.kind === 'ok' && outcome.settings.smppLinks[0]?.ussd).toMatchObject({
      ...{
        name: 'ours',
        outgoing: { ask: 2, last: 0x17 },
        session: { tlv: 'user_message_reference' },
        silenceMs: 60_000,
      },
    })
  })

  test.each([
    ['ours: { like: morse }', 'ours is like morse, which is none'],
    ['ours: { acknowledge: never }', 'ours.acknowledge'],
    ['ours: { spelling: odd }', 'spelling'],
    ['mica: { push: null }', 'mica is the name of one that comes with the program'],
    ['ours: { operation: service_type }', 'operations are two letters'],
    ['ours: { incoming: { 1: begin } }', 'nothing answers'],
    ['ours: [', 'is no YAML'],
  ])('%s is refused', (yaml, sentence) => {
    const [changes, readFile] = file(yaml)
    expect(problemsOf(changes, readFile).join()).toContain(sentence)
  })
})
