import { toAsciiDigits } from './digits.ts'
import type { NumberingPlan } from './market.ts'

declare const brand: unique symbol

/** A mobile number in international form, `+254712345678` (ITU-T E.164: at most fifteen digits). */
export type Msisdn = string & { readonly [brand]: 'Msisdn' }

/** Longest text that is read as a number. */
const MAX_LENGTH = 24

/** Accepts exactly the international form, as networks send it; `null` otherwise. */
export function parseE164(raw: string): Msisdn | null {
  return /^\+[1-9]\d{6,14}$/.test(raw) ? (raw as Msisdn) : null
}

/**
 * Reads a mobile number of this country in any of the ways people write it: `0712 345 678`, `712345678`, `+254 712-345-678`,
 * `254712345678`, `00254712345678`, digits of any script. Returns null for everything else, `*#0712345678` included.
 */
export function parseMsisdn(raw: string, plan: NumberingPlan): Msisdn | null {
  if (raw.length > MAX_LENGTH) return null
  const text = toAsciiDigits(raw).trim()
  if (!/^\+?[\d\s().-]+$/.test(text)) return null
  const digits = text.replace(/\D/g, '')
  const national = nationalNumber(digits, text.startsWith('+'), plan)
  if (national === null || national.length !== plan.nationalLength) return null
  if (!plan.mobilePrefixes.some((prefix) => national.startsWith(prefix))) return null
  return `+${plan.countryCode}${national}` as Msisdn
}

function nationalNumber(digits: string, international: boolean, plan: NumberingPlan): string | null {
  const withCountry = digits.startsWith('00') ? digits.slice(2) : digits
  if (international || digits.startsWith('00') || digits.length > plan.nationalLength + plan.trunkPrefix.length) {
    return withCountry.startsWith(plan.countryCode) ? withCountry.slice(plan.countryCode.length) : null
  }
  if (digits.length === plan.nationalLength) return digits
  return digits.startsWith(plan.trunkPrefix) ? digits.slice(plan.trunkPrefix.length) : null
}

/** `0712345678`: as people of the country write it; numbers of other countries stay international. */
export function formatMsisdn(number: Msisdn, plan: NumberingPlan): string {
  const prefix = `+${plan.countryCode}`
  return number.startsWith(prefix) ? plan.trunkPrefix + number.slice(prefix.length) : number
}

/** `0712***678`: enough to recognise a number one knows, too little to call one that one does not. */
export function maskMsisdn(number: Msisdn, plan: NumberingPlan): string {
  const text = formatMsisdn(number, plan)
  return `${text.slice(0, 4)}***${text.slice(-3)}`
}
