import type { Currency } from './money.ts'

/** How a country writes mobile numbers (ITU-T E.164 and the national plan). */
export type NumberingPlan = {
  /** Country code without `+`. */
  readonly countryCode: string
  /** What people dial before a national number, usually `0`. */
  readonly trunkPrefix: string
  /** Digits of a national number without the trunk prefix. */
  readonly nationalLength: number
  /** First digits of national numbers that belong to mobile phones. */
  readonly mobilePrefixes: readonly string[]
}

/** One country as the service sees it; one deployment serves one (`MARKET`). */
export type Market = {
  readonly code: string
  readonly currency: Currency
  /** IANA name; times on screens and in messages are local. */
  readonly timeZone: string
  readonly numbering: NumberingPlan
}
