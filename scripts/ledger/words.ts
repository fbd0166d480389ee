import type { IsoDate } from '../../src/domain/dates.ts'
import { isIsoDate } from '../../src/domain/dates.ts'
import { type Currency, exponents, formatMoney } from '../../src/domain/money.ts'

/** `KES 1,250` */
export function money(amount: bigint | string, currency: string): string {
  return formatMoney({ amount: BigInt(amount), currency: currency as Currency })
}

/** `1250.00`, for programs: all the digits of the currency, and nothing between them. */
export function decimal(amount: bigint, currency: Currency): string {
  const digits = exponents[currency]
  const sign = amount < 0n ? '-' : ''
  const text = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** `2026-11-23 21:04:05Z` */
export function time(at: Date): string {
  return at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

/** `45 s`, `12 min`, `50 h` */
export function age(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
}

/** JSON in which an amount is a string of minor units: a number would lose some of the largest. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? String(each) : each))
}

export function count(n: number | bigint, one: string, many = `${one}s`): string {
  return `${n} ${BigInt(n) === 1n ? one : many}`
}

/** Throws, with a sentence, on anything but a day. */
export function readDay(text: string, option: string): IsoDate {
  if (!isIsoDate(text)) throw new Error(`${option} is ${JSON.stringify(text)}; write a day as 2026-11-23.`)
  return text
}
