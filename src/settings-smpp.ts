import { X509Certificate } from 'node:crypto'
import { changeProfile, PROFILE_FIELDS, type SmppProfile, standardProfile } from './aggregators/smpp/profiles.ts'
import { readProfiles } from './aggregators/smpp/read-profiles.ts'
import type { SmppTls } from './aggregators/smpp/settings.ts'
import type { SettingsReader } from './settings-reader.ts'

/** What is read of one link's URL: parameters by name, and sentences about what is wrong with them. */
export type LinkParameters = {
  readonly place: string
  /** Null: not in the URL. */
  given(name: string): string | null
  complain(advice: string): void
}

/** The built-in profiles and those of the file that `SMPP_PROFILES` names. */
export function readSmppProfiles(reader: SettingsReader): ReadonlyMap<string, SmppProfile> {
  const path = reader.text('SMPP_PROFILES')
  const { profiles, problems } = readProfiles(path === null ? '' : (reader.file('SMPP_PROFILES', path) ?? ''))
  for (const problem of problems) reader.problems.push(`SMPP_PROFILES, ${problem}`)
  return profiles
}

/** `profile=`, and single fields of it that the URL changes. */
export function readProfile(
  profiles: ReadonlyMap<string, SmppProfile>,
  { given, complain }: LinkParameters,
): SmppProfile {
  const name = given('profile') ?? standardProfile.name
  const base = profiles.get(name)
  if (base === undefined) complain(`profile must be one of ${[...profiles.keys()].join(', ')}`)
  const changes: Record<string, string> = {}
  for (const field of PROFILE_FIELDS) {
    const value = given(field)
    if (value !== null) changes[field] = value
  }
  const { profile, problems } = changeProfile(base ?? standardProfile, name, changes)
  for (const problem of problems) complain(problem)
  return profile
}

/** `ca=` and `servername=`; null for a link without TLS, which has neither. */
export function readTls(reader: SettingsReader, url: URL, { place, given, complain }: LinkParameters): SmppTls | null {
  const path = given('ca')
  const servername = given('servername') ?? url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'smpps:') {
    if (path !== null || given('servername') !== null)
      complain('ca and servername are for TLS; begin the URL with smpps://')
    return null
  }
  const ca = path === null ? null : reader.file(`${place}: ca`, path)
  if (ca !== null && !isCertificate(ca)) complain('ca must name a file with a certificate in PEM')
  return { ca, servername }
}

/** `from=`: a name, a short code, or an international number. */
export function readFrom({ given, complain }: LinkParameters): string | null {
  const from = given('from')
  if (from !== null && !/^(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,11}$|^\d{2,8}$|^\+\d{7,15}$/.test(from)) {
    complain('from must be up to 11 letters and digits, a short code, or a number as %2B254700000001')
  }
  return from
}

/** `cost=`: of one segment, in minor units of the market's currency. */
export function readCost({ given, complain }: LinkParameters): bigint | null {
  const cost = given('cost')
  if (cost === null) return null
  if (/^\d{1,7}$/.test(cost)) return BigInt(cost)
  complain("cost must be what one segment costs, a whole number of minor units of the market's currency")
  return null
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
