import { z } from 'zod'
import { type CodingProfile, ordinaryCoding } from './coding-profile.ts'

/** Type of number and numbering plan (SMPP 3.4 §5.2.5, §5.2.6). */
export type NumberKind = { readonly ton: number; readonly npi: number }

/** How one network wants to be spoken to; data. USSD has dialects of its own. */
export type SmppProfile = {
  readonly name: string
  /** `interface_version` of the bind: 0x34 or 0x50. */
  readonly version: 0x34 | 0x50
  /** Of the bind: empty for most, `VMA`, `SMPP`, … where the network says so. */
  readonly systemType: string
  readonly addressRange: string
  /** Of each submit_sm: empty for the network's usual service. */
  readonly serviceType: string
  readonly source: {
    readonly international: NumberKind
    readonly shortCode: NumberKind
    readonly alphanumeric: NumberKind
  }
  readonly destination: NumberKind
  readonly coding: CodingProfile
}

export type ProfileField =
  | 'version'
  | 'system_type'
  | 'address_range'
  | 'service_type'
  | `${'international' | 'short_code' | 'name' | 'destination'}_${'ton' | 'npi'}`
  | 'gsm7'
  | 'ucs2'
  | 'flash_gsm7'
  | 'flash_ucs2'
  | 'packed'
  | 'long'
  | 'national'

/** Single fields by the names that a link's URL and a file of profiles use. */
export type ProfileFields = Readonly<Partial<Record<ProfileField, string>>>

/** What fits most networks. */
export const standardProfile: SmppProfile = {
  ...{ name: 'standard', version: 0x34, systemType: '', addressRange: '', serviceType: '' },
  source: { international: { ton: 1, npi: 1 }, shortCode: { ton: 3, npi: 0 }, alphanumeric: { ton: 5, npi: 0 } },
  destination: { ton: 1, npi: 1 },
  coding: ordinaryCoding,
}

const BUILT_IN: Readonly<Record<string, ProfileFields>> = {
  smpp5: { version: '5.0' },
  // Message centres that tie parts together themselves.
  sar: { long: 'sar' },
  payload: { long: 'payload' },
  udh16: { long: 'udh16' },
  packed: { packed: 'on' },
  // Aggregators that find out about numbers themselves.
  'unknown-numbers': {
    ...{ international_ton: '0', international_npi: '0', short_code_ton: '0', short_code_npi: '0' },
    ...{ name_ton: '5', name_npi: '0', destination_ton: '0', destination_npi: '0' },
  },
}

const TON = wholeUpTo(7)
const NPI = wholeUpTo(18)
const OCTET = wholeUpTo(255)
/** Octet strings of the bind are shorter than their fields by the NUL at the end (SMPP 3.4 §4.1.1). */
const fields = {
  version: z.enum(['3.4', '5.0', '5'], 'must be 3.4 or 5.0'),
  system_type: ascii(12),
  address_range: ascii(40),
  service_type: ascii(5),
  international_ton: TON,
  international_npi: NPI,
  short_code_ton: TON,
  short_code_npi: NPI,
  name_ton: TON,
  name_npi: NPI,
  destination_ton: TON,
  destination_npi: NPI,
  gsm7: OCTET,
  ucs2: OCTET,
  flash_gsm7: OCTET,
  flash_ucs2: OCTET,
  packed: z.enum(['on', 'off'], 'must be on or off'),
  long: z.enum(['udh8', 'udh16', 'sar', 'payload'], 'must be one of udh8, udh16, sar, payload'),
  national: z
    .string()
    .transform((text) => text.split(',').filter(Boolean))
    .pipe(
      z.array(
        z.enum(['turkish', 'spanish', 'portuguese'], 'must be of turkish, spanish, portuguese, separated by commas'),
      ),
    ),
} satisfies Record<ProfileField, z.ZodType>
const schema = z.object(fields).partial()

export const PROFILE_FIELDS: readonly ProfileField[] = Object.keys(fields) as ProfileField[]

/** `base` with some fields changed; for each that is wrong a clause that begins with its name, `long must be …`. */
export function changeProfile(
  base: SmppProfile,
  name: string,
  changes: ProfileFields,
): { readonly profile: SmppProfile; readonly problems: readonly string[] } {
  const read = schema.safeParse(changes)
  if (!read.success) {
    return { profile: base, problems: read.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`) }
  }
  const { data } = read
  const { source, destination, coding } = base
  const kind = (old: NumberKind, ton: number | undefined, npi: number | undefined): NumberKind => ({
    ton: ton ?? old.ton,
    npi: npi ?? old.npi,
  })
  const profile: SmppProfile = {
    name,
    version: data.version === undefined ? base.version : data.version === '3.4' ? 0x34 : 0x50,
    systemType: data.system_type ?? base.systemType,
    addressRange: data.address_range ?? base.addressRange,
    serviceType: data.service_type ?? base.serviceType,
    source: {
      international: kind(source.international, data.international_ton, data.international_npi),
      shortCode: kind(source.shortCode, data.short_code_ton, data.short_code_npi),
      alphanumeric: kind(source.alphanumeric, data.name_ton, data.name_npi),
    },
    destination: kind(destination, data.destination_ton, data.destination_npi),
    coding: {
      gsm7: data.gsm7 ?? coding.gsm7,
      ucs2: data.ucs2 ?? coding.ucs2,
      flashGsm7: data.flash_gsm7 ?? coding.flashGsm7,
      flashUcs2: data.flash_ucs2 ?? coding.flashUcs2,
      packed: data.packed === undefined ? coding.packed : data.packed === 'on',
      long: data.long ?? coding.long,
      national: data.national ?? coding.national,
    },
  }
  return { profile, problems: [] }
}

/** The profiles that every deployment has, by name. */
export const builtInProfiles: ReadonlyMap<string, SmppProfile> = new Map([
  ['standard', standardProfile] as const,
  ...Object.entries(BUILT_IN).map(
    ([name, changes]) => [name, changeProfile(standardProfile, name, changes).profile] as const,
  ),
])

function wholeUpTo(largest: number) {
  return z
    .string()
    .regex(/^(\d{1,3}|0x[0-9a-fA-F]{1,2})$/, `must be a whole number from 0 to ${largest}`)
    .transform(Number)
    .pipe(z.number().max(largest, `must be a whole number from 0 to ${largest}`))
}

function ascii(longest: number) {
  return z.string().regex(new RegExp(`^[\\x20-\\x7e]{0,${longest}}$`), `must be at most ${longest} ASCII characters`)
}
