import { toAsciiDigits } from './digits.ts'

/** An amount in minor units (cents, or whole units where a currency has none) of an ISO 4217 currency. */
export type Money = { readonly amount: bigint; readonly currency: Currency }

/** ISO 4217 codes of the markets served. */
export type Currency = 'KES' | 'UGX' | 'GHS'

/** Digits after the decimal point (ISO 4217, "minor unit"). */
export const exponents: Record<Currency, number> = { KES: 2, UGX: 0, GHS: 2 }

/** Longest text that is read as an amount; nobody types more. */
const MAX_LENGTH = 20

/**
 * Reads an amount as a person types it: `1250`, `1,250`, `1 250.50`, `KES 500`, digits of any script. Returns minor units, or null
 * for anything that could be misread: signs, exponents, hexadecimal, commas out of place, more decimals than the currency has.
 */
export function parseMoney(raw: string, currency: Currency): bigint | null {
  if (raw.length > MAX_LENGTH) return null
  const text = toAsciiDigits(raw)
    .trim()
    .replace(new RegExp(`^${currency}\\s*`, 'i'), '')
  const match = /^(\d{1,12}|\d{1,3}(?:,\d{3}){1,3}|\d{1,3}(?: \d{3}){1,3})(?:\.(\d{1,2}))?$/.exec(text)
  if (!match) return null
  const digits = exponents[currency]
  const fraction = match[2] ?? ''
  if (fraction.length > digits) return null
  return BigInt((match[1] ?? '').replace(/[, ]/g, '') + fraction.padEnd(digits, '0'))
}

/** `KES 1,250`, with cents only when there are any: `KES 1,250.50`. */
export function formatMoney(money: Money): string {
  return `${money.currency} ${formatAmount(money)}`
}

/** `1,250` or `1,250.50`, without the currency. */
export function formatAmount({ amount, currency }: Money): string {
  const digits = exponents[currency]
  const sign = amount < 0n ? '-' : ''
  const text = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, '0')
  const whole = digits === 0 ? text : text.slice(0, -digits)
  const fraction = digits === 0 ? '' : text.slice(-digits)
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return /^0*$/.test(fraction) ? `${sign}${grouped}` : `${sign}${grouped}.${fraction}`
}
