import { toAsciiDigits } from '../domain/digits.ts'
import type { NumberingPlan } from '../domain/market.ts'
import { formatMsisdn, type Msisdn } from '../domain/msisdn.ts'
import { Secret } from '../domain/secret.ts'

/** Digits a PIN may have; which of them is a setting. */
export const PIN_DIGITS: { readonly shortest: number; readonly longest: number; readonly usual: number } = {
  shortest: 4,
  longest: 6,
  usual: 5,
}

/** Walks over the keys and other favourites in published lists of PINs, as far as no other rule has them. */
const COMMON: ReadonlySet<string> = new Set(
  `2580 0852 1379 1397 9713 7931 1739 3179 1470 3690 1590 7530 5683 1004 1235 4321 1236 1478 3698
  14789 98741 12369 96321 02580 25800 08520 15935 75395 15937 75391 35715 14725 25836 36985 12365 12354 54312 52013 12346
  147258 258369 369258 159753 753159 159357 357159 147852 963852 852963 789456 456789 456123 789123 123654 321654 654987 123789 987321
  147369 369147 741852 852741 142536 102030 112358 314159 520131 123698 147896 123457 100200`.split(/\s+/),
)

/** Why a PIN is too easy to guess. That it is the current one is found by its hash, not here. */
export type PinWeakness = 'length' | 'sequence' | 'repeat' | 'common' | 'date' | 'number'

/** So many digits in a row of the phone number are a part of it; fewer are chance. */
const NUMBER_PART = 4

/**
 * The rules, in the order they are tried. `length`: exactly `digits` digits. `sequence`: every step is the same, one or two up or down, going
 * round from 9 to 0 (`12345`, `78901`, `97531`). `repeat`: at most two different digits (`11111`, `12121`, `11222`), a half said
 * twice (`123123`) or digits in pairs (`112233`). `common`: one of those that people choose for how they lie on the keys or what they spell.
 * `date`: a year of a living person's birth anywhere in it, or as a whole a day and month (`2512`) or a day, month and year (`270386`, `860327`). `number`: contains four digits in a row of the subscriber's number, written nationally or internationally.
 */
export function pinWeakness(pin: Secret, digits: number, number: Msisdn, plan: NumberingPlan): PinWeakness | null {
  const text = typedDigits(pin).reveal()
  if (!new RegExp(`^[0-9]{${digits}}$`).test(text)) return 'length'
  if (isSequence(text)) return 'sequence'
  if (isRepeat(text)) return 'repeat'
  if (COMMON.has(text)) return 'common'
  if (isDate(text)) return 'date'
  if (sharesPart(text, number.slice(1)) || sharesPart(text, formatMsisdn(number, plan))) return 'number'
  return null
}

/** A PIN or code as it was meant: digits of any script as ASCII, without the spaces around. */
export function typedDigits(secret: Secret): Secret {
  return new Secret(toAsciiDigits(secret.reveal()).trim())
}

function isSequence(text: string): boolean {
  const values = [...text].map(Number)
  return [1, 2, 8, 9].some((step) => values.slice(1).every((value, at) => value === ((values[at] ?? 0) + step) % 10))
}

function isRepeat(text: string): boolean {
  return new Set(text).size <= 2 || /^(\d{2,})\1$/.test(text) || /^(?:(\d)\1+)+$/.test(text)
}

function isDate(text: string): boolean {
  if (/19[4-9]\d|20[0-2]\d/.test(text)) return true
  const isDay = (day: string, month: string) =>
    Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31
  const pairs = text.match(/\d\d/g) ?? []
  const [one = '', two = '', three = ''] = pairs
  if (text.length === 4) return isDay(one, two)
  return text.length === 6 && (isDay(one, two) || isDay(three, two))
}

function sharesPart(text: string, number: string): boolean {
  for (let start = 0; start + NUMBER_PART <= text.length; start += 1) {
    if (number.includes(text.slice(start, start + NUMBER_PART))) return true
  }
  return false
}
