import { toAsciiDigits } from '../../domain/digits.ts'
import type { NumberingPlan } from '../../domain/market.ts'
import { parseMsisdn } from '../../domain/msisdn.ts'

/** Groups that are a number of one of our phones, in the usual ways of grouping. */
const NUMBERS = /\+?\d[\d ().-]{7,22}\d/g
/** Figures that say themselves to be money or a date. */
const MONEY = /(?:kes|kshs?|shs?|ugx|ushs?|ghs|ghc|₵)\.?\s*\d[\d,. ]*|\d[\d,. ]*\s*(?:\/[=-]|bob|shillings?|cedis?)/gi
const DATES = /\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}/g

/** A PIN has four to six digits, and so has a code (six). */
const GROUP = /(?<![\d.,])\d{4,6}(?!\d|[.,]\d)/

/**
 * Whether the digits of a text may be a PIN or a code: a group of four to six by itself, or nothing but so many digits with whatever
 * signs between. The text is what no argument was read from.
 */
export function mayHoldPin(text: string, plan: NumberingPlan): boolean {
  const ascii = toAsciiDigits(text)
  const digits = ascii.replace(/\D/g, '')
  if (!/\p{L}/u.test(ascii) && digits.length >= 4 && digits.length <= 6) return true
  const plain = ascii
    .replace(NUMBERS, (run) => (parseMsisdn(run, plan) === null ? run : ' '))
    .replace(MONEY, ' ')
    .replace(DATES, ' ')
  return GROUP.test(plain)
}
