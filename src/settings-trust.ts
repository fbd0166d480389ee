import type { GsmaSettings } from './account-providers/gsma/settings.ts'
import { makeAggregators } from './aggregators/registry.ts'
import { SMPP } from './aggregators/smpp/ussd/dialogue.ts'
import type { TrafficLimits } from './conversations/guard.ts'
import type { MachineSpeed } from './conversations/pace.ts'
import { type AddressList, parseAddresses } from './domain/addresses.ts'
import type { Market } from './domain/market.ts'
import { exponents } from './domain/money.ts'
import { Secret } from './domain/secret.ts'
import type { PartnerTrust } from './security/partner-trust.ts'
import { type Parameters, readUrls, refuseTwins } from './settings-partners.ts'
import type { SettingsReader } from './settings-reader.ts'
import type { CodeBudget } from './subscribers/code-budget.ts'

/** `TRUSTED_PROXIES`: whose word about callers is taken; nobody's unless set. */
export function readTrustedProxies(reader: SettingsReader): AddressList {
  const { list, wrong } = parseAddresses(reader.words('TRUSTED_PROXIES', []))
  for (const word of wrong) {
    reader.problems.push(
      `TRUSTED_PROXIES holds ${JSON.stringify(word)}; give addresses or networks such as 10.0.0.7 or 10.0.0.0/24.`,
    )
  }
  return list
}

/** `PARTNERS`: `partner:<name>?addresses=…`, over what holds for every partner that the settings name. */
export function readPartners(
  reader: SettingsReader,
  { market, providers, proxies }: { market: Market | null; providers: readonly GsmaSettings[]; proxies: AddressList },
): ReadonlyMap<string, PartnerTrust> {
  const callers = [...makeAggregators({ serviceCodes: [] }).keys()].concat(
    providers.flatMap(({ id, callback }) => (callback === null ? [] : [id])),
  )
  const names = [...callers, SMPP]
  const known = names.map((name) => [name, unrestricted(name, name !== SMPP)] as const)
  const unit = 10n ** BigInt(exponents[market?.currency ?? 'KES'])
  const stated = readUrls(reader, 'PARTNERS', (url, parameters): PartnerTrust => {
    const partner = url.pathname
    if (url.protocol !== 'partner:' || !names.includes(partner))
      parameters.complain(`write it as partner:NAME?…, NAME being one of ${names.join(', ')}`)
    const trust = {
      partner,
      calls: partner !== SMPP,
      addresses: readAddresses(parameters),
      signatureKey: readSignatureKey(parameters),
      certificates: readCertificates(parameters, proxies),
      caps: readCaps(parameters, unit),
    }
    const { addresses, signatureKey, certificates } = trust
    if (!trust.calls && (addresses !== null || signatureKey !== null || certificates !== null))
      parameters.complain(`${SMPP} calls nobody, we connect to it; only dials, hops, hourly and daily are for it`)
    return trust
  })
  refuseTwins(
    reader,
    'PARTNERS',
    stated.map(({ partner }) => partner),
  )
  return new Map([...known, ...stated.map((trust) => [trust.partner, trust] as const)])
}

function unrestricted(partner: string, calls: boolean): PartnerTrust {
  const caps = { dials: null, hops: null, hourly: null, daily: null }
  return { partner, calls, addresses: null, signatureKey: null, certificates: null, caps }
}

function readAddresses({ one, given, complain }: Parameters): AddressList | null {
  if (given('addresses') === null) return null
  const text = one('addresses', null, /^[^,]+(,[^,]+)*$/, 'addresses and networks, separated by commas')
  const { list, wrong } = parseAddresses(text.split(','))
  if (wrong.length > 0)
    complain(`addresses holds ${JSON.stringify(wrong[0])}; give addresses or networks such as 196.0.2.0/24`)
  return list
}

function readSignatureKey({ one, given }: Parameters): Secret | null {
  if (given('signatureKey') === null) return null
  const rule = '32 to 128 letters, digits, - or _, as openssl rand -hex 32 makes'
  return new Secret(one('signatureKey', null, /^[\w-]{32,128}$/, rule))
}

/** Several, so that a certificate can be changed without a gap. */
function readCertificates({ one, given, complain }: Parameters, proxies: AddressList): readonly string[] | null {
  if (given('certificate') === null) return null
  const pattern = /^[0-9a-f]{64}(,[0-9a-f]{64})*$/i
  const text = one('certificate', null, pattern, 'the SHA-256 of a certificate in hexadecimal, several by commas')
  if (proxies.words.length === 0)
    complain('certificate takes TRUSTED_PROXIES: the proxy that ends TLS is who verifies it and hands it on')
  return text.toLowerCase().split(',')
}

function readCaps({ given, whole }: Parameters, unit: bigint): PartnerTrust['caps'] {
  const cap = (name: string): number | null =>
    given(name) === null ? null : whole(name, { from: 1, to: 999_999_999, usual: null })
  const [dials, hops, hourly, daily] = [cap('dials'), cap('hops'), cap('hourly'), cap('daily')]
  const money = (units: number | null): bigint | null => (units === null ? null : BigInt(units) * unit)
  return { dials, hops, hourly: money(hourly), daily: money(daily) }
}

/** Limits of traffic whoever brings it. */
export function readTraffic(reader: SettingsReader): TrafficLimits {
  const hops = reader.whole('HOPS_PER_SECOND', { from: 0, to: 1_000_000, usual: 0 })
  return {
    dialsPerNumber: reader.whole('DIALS_PER_NUMBER', { from: 1, to: 1_000_000, usual: 60 }),
    hopsPerSecond: hops === 0 ? null : hops,
    machineSpeed: reader.choice<MachineSpeed>('MACHINE_SPEED', ['off', 'flag', 'refuse'], 'flag'),
  }
}

export function readCodeBudget(reader: SettingsReader): CodeBudget {
  const most = 100_000_000
  return {
    perDay: reader.whole('CODES_PER_DAY', { from: 1, to: most, usual: 50_000 }),
    perPrefix: reader.whole('CODES_PER_PREFIX', { from: 1, to: most, usual: 10_000 }),
    breakerFloor: reader.whole('CODE_BREAKER_FLOOR', { from: 1, to: most, usual: 100 }),
  }
}
