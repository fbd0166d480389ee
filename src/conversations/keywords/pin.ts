import { toAsciiDigits } from '../../domain/digits.ts'
import type { NumberingPlan } from '../../domain/market.ts'
import { parseMsisdn } from '../../domain/msisdn.ts'

/** Groups that are a number of one of our phones, in the usual ways of grouping. */
const NUMBERS = /\+?\d[\d ().-]{7,22}\d/g
/** Figures that say themselves to be money or a date. */
const MONEY =
  /(?:kes|kshs?|shs?|ugx|ushs?|ghs|ghc|₵)\.?\s{0,3}\d[\d,. ]{0,15}|\d[\d,. ]{0,15}\s{0,3}(?:\/[=-]|bob|shillings?|cedis?)/gi
const DATES = /\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}/g

/** Ways to say that what follows is a secret. */
export const SECRET_WORD: RegExp = /(?<![\p{L}])(?:p\.?i\.?n|code|password|siri|nenosiri|nywila)(?![\p{L}])|ፒን/iu
/** The digits that follow such a word soon, whatever stands between them. */
const AFTER_WORD = /^\D{0,16}(\d(?:[\s.,-]{0,2}\d)*)/
/** Thousands set off by commas are an amount. */
const GROUPED = /^\D*\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?\D*$/

/** A PIN has four to six digits, and so has a code (six). */
const GROUP = /(?<![\d.,])\d{4,6}(?!\d|[.,]\d)/

/**
 * Whether the digits of a text may be a PIN or a code: a group of four to six by itself, so many behind a word that says what they are, or
 * nothing but so many with whatever signs between. The text is what no argument was read from.
 */
export function mayHoldPin(text: string, plan: NumberingPlan): boolean {
  const ascii = toAsciiDigits(text)
  const announced = ascii.search(SECRET_WORD)
  if (announced >= 0 && isPinLong(AFTER_WORD.exec(ascii.slice(announced))?.[1] ?? '')) return true
  if (!/\p{L}/u.test(ascii.replace(SECRET_WORD, '')) && isPinLong(ascii) && !GROUPED.test(ascii)) return !isMoney(ascii)
  const plain = ascii
    .replace(NUMBERS, (run) => (parseMsisdn(run, plan) === null ? run : ' '))
    .replace(MONEY, ' ')
    .replace(DATES, ' ')
  return GROUP.test(plain)
}

function isPinLong(text: string): boolean {
  const { length } = text.replace(/\D/g, '')
  return length >= 4 && length <= 6
}

function isMoney(text: string): boolean {
  return text.replace(MONEY, '').replace(DATES, '').search(/\d/) < 0
}
