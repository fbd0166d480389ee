import { type Currency, exponents } from '../../domain/money.ts'

/** Digits after the point that the API's amounts may have (schema `amount`). */
export const WIRE_DECIMALS = 4

const WIRE_AMOUNT = /^(0|[1-9]\d{0,17})(?:\.(\d{1,4}))?$/

/** Minor units as the API writes an amount: `1250.50`, and `5000` where the currency has no smaller unit. */
export function wireAmount(amount: bigint, currency: Currency): string {
  const digits = exponents[currency]
  const text = amount.toString().padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** Minor units, or null for what is no amount or finer than the currency. `1250.5`, `1250.50` and `1250.5000` are the same. */
export function readAmount(text: string, currency: Currency): bigint | null {
  const match = WIRE_AMOUNT.exec(text)
  if (match === null) return null
  const digits = exponents[currency]
  const fraction = match[2] ?? ''
  if (/[1-9]/.test(fraction.slice(digits))) return null
  return BigInt((match[1] ?? '') + fraction.slice(0, digits).padEnd(digits, '0'))
}
