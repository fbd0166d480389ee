import type { RemoteAccount } from './account-providers/account-provider.ts'
import type { GsmaSettings } from './account-providers/gsma/settings.ts'
import { walletProvider } from './account-providers/registry.ts'
import type { GsmaBillerSettings } from './billers/gsma-biller.ts'
import type { Currency } from './domain/money.ts'
import { Secret } from './domain/secret.ts'
import { BILLER_MOST_AT_ONCE, decode, isLoopback, type Parameters, readUrls, refuseTwins } from './settings-partners.ts'
import type { SettingsReader } from './settings-reader.ts'

const PROVIDER_TIMEOUT_MS = 5_000
const ACCOUNT = /^(msisdn|accountid|walletid|organisationid|bankaccountno|iban):(\S{1,100})$/

/** `ACCOUNT_PROVIDERS`: `https://client:key@host/path?id=…&name=…&account=…`; .env.example has them all. */
export function readAccountProviders(reader: SettingsReader): readonly GsmaSettings[] {
  const callbackUrl = readCallbackUrl(reader)
  const providers = readUrls(reader, 'ACCOUNT_PROVIDERS', (url, parameters): GsmaSettings => {
    const { one, whole, oneOf, complain } = parameters
    if (url.protocol !== 'https:' && url.protocol !== 'http:') complain('begin it with https://')
    if (url.protocol === 'http:' && !isLoopback(url.hostname)) complain('use https://, plain http only on this machine')
    if (url.username === '' || url.password === '')
      complain('put client id and API key before the @, with a colon between')
    const flow = oneOf('flow', ['sync', 'callback', 'polling'])
    return {
      id: one('id', null, /^[a-z][a-z0-9-]{0,19}$/, 'small letters, digits and hyphens, at most 20'),
      name: one('name', null, /^.{1,14}$/u, 'at most 14 characters, since it stands on small screens'),
      baseUrl: `${url.origin}${url.pathname.replace(/\/$/, '')}`,
      clientId: decode(url.username),
      apiKey: new Secret(decode(url.password)),
      account: readAccount(parameters),
      flow,
      callback: flow === 'callback' ? readCallback(parameters, callbackUrl) : refuseCallback(parameters),
      linkable: oneOf('linkable', ['no', 'msisdn']) === 'msisdn' ? 'msisdn' : null,
      timeoutMs: whole('timeoutMs', { from: 100, to: 60_000, usual: PROVIDER_TIMEOUT_MS }),
    }
  })
  refuseTwins(reader, 'ACCOUNT_PROVIDERS', [walletProvider.id, ...providers.map(({ id }) => id)])
  return providers
}

/** `PROVIDER_BILLERS`: `bills:<provider>/<company>?id=…&name=…&digits=…`. `others`: ids that billers have already. */
export function readProviderBillers(
  reader: SettingsReader,
  providers: readonly GsmaSettings[],
  others: readonly string[],
  currency: Currency,
): readonly GsmaBillerSettings[] {
  const billers = readUrls(reader, 'PROVIDER_BILLERS', (url, { one, whole, complain }): GsmaBillerSettings[] => {
    const [providerId = '', company = '', ...rest] = url.pathname.split('/')
    const provider = providers.find(({ id }) => id === providerId)
    if (url.protocol !== 'bills:' || company === '' || rest.length > 0) {
      complain('write it as bills:PROVIDER/COMPANY?id=…, COMPANY being the name that the provider has for it')
    } else if (provider === undefined) complain(`${providerId} is no id of ACCOUNT_PROVIDERS; add that provider first`)
    const biller = {
      id: one('id', null, /^[a-z0-9][a-z0-9-]{0,19}$/, 'small letters, digits and hyphens, at most 20'),
      name: one('name', null, /^.{1,14}$/u, 'at most 14 characters, since it stands on small screens'),
      accountDigits: whole('digits', { from: 1, to: 20, usual: null }),
      mostAtOnce: whole('mostAtOnce', { from: 1, to: 100, usual: BILLER_MOST_AT_ONCE }),
      serviceProvider: decode(company),
      currency,
    }
    return provider === undefined ? [] : [{ ...biller, provider }]
  }).flat()
  const linkable = providers.flatMap((provider) => (provider.linkable === 'msisdn' ? [provider.id] : []))
  refuseTwins(reader, 'BILLERS, PROVIDER_BILLERS and linkable ACCOUNT_PROVIDERS', [
    ...[...others, ...billers.map(({ id }) => id), ...linkable],
  ])
  return billers
}

function readCallbackUrl(reader: SettingsReader): string | null {
  const text = reader.text('PROVIDER_CALLBACK_URL')
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url === null || !safe || url.search !== '' || url.username !== '') {
    reader.problems.push(
      'PROVIDER_CALLBACK_URL must be the https:// URL under which providers reach this gateway, without a key or parameters.',
    )
    return null
  }
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`
}

function readCallback({ one, complain }: Parameters, url: string | null): GsmaSettings['callback'] {
  if (url === null) complain('flow=callback takes PROVIDER_CALLBACK_URL, where the provider reaches this gateway')
  const key = one(
    'callbackKey',
    null,
    /^[\w-]{16,128}$/,
    '16 to 128 letters, digits, - or _, as openssl rand -hex 24 makes',
  )
  return { url: url ?? '', key: new Secret(key) }
}

function refuseCallback({ given, complain }: Parameters): null {
  if (given('callbackKey') !== null) complain('callbackKey is only for flow=callback')
  return null
}

function readAccount({ one }: Parameters): RemoteAccount {
  const text = one('account', null, ACCOUNT, 'our own account there as TYPE:VALUE, such as organisationid:nyota')
  const [, type = 'organisationid', value = ''] = ACCOUNT.exec(text) ?? []
  return { type: type as RemoteAccount['type'], value }
}
