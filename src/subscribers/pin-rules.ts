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

/** Why a PIN is too easy to guess. That it is the current one is found by its hash, not here. */
export type PinWeakness = 'length' | 'sequence' | 'repeat' | 'number'

/** So many digits in a row of the phone number are a part of it; fewer are chance. */
const NUMBER_PART = 4

/**
 * The rules, in the order they are tried. `length`: exactly `digits` digits. `sequence`: every step is the same, one or two up or down, going
 * round from 9 to 0 (`12345`, `78901`, `97531`). `repeat`: at most two different digits (`11111`, `12121`, `11222`), a half said
 * twice (`123123`) or digits in pairs (`112233`). `number`: contains four digits in a row of the subscriber's number, written nationally or internationally.
 */
export function pinWeakness(pin: Secret, digits: number, number: Msisdn, plan: NumberingPlan): PinWeakness | null {
  const text = typedDigits(pin).reveal()
  if (!new RegExp(`^[0-9]{${digits}}$`).test(text)) return 'length'
  if (isSequence(text)) return 'sequence'
  if (isRepeat(text)) return 'repeat'
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

function sharesPart(text: string, number: string): boolean {
  for (let start = 0; start + NUMBER_PART <= text.length; start += 1) {
    if (number.includes(text.slice(start, start + NUMBER_PART))) return true
  }
  return false
}
