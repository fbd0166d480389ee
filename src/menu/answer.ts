import { toAsciiDigits } from '../domain/digits.ts'
import type { Market } from '../domain/market.ts'
import { parseMoney } from '../domain/money.ts'
import { parseMsisdn } from '../domain/msisdn.ts'
import { Secret } from '../domain/secret.ts'
import type { Asks, Json } from './contract.ts'
import type { InputType } from './program.ts'

/** A key as it was meant: without blanks, in ASCII digits. */
export function readKey(raw: string): string {
  return toAsciiDigits(raw).trim()
}

/** The value that a person typed, or null where it is not one of this type. */
export function readInput(type: InputType, raw: string, market: Market): Json | null {
  switch (type.type) {
    case 'msisdn':
      return parseMsisdn(raw, market.numbering)
    case 'money': {
      const amount = parseMoney(raw, market.currency)
      return amount !== null && amount >= BigInt(type.min) && amount <= BigInt(type.max) ? String(amount) : null
    }
    case 'text': {
      const text = raw.replace(/[\s\p{Cc}]+/gu, ' ').trim()
      return text.length >= type.min && text.length <= type.max ? text : null
    }
    case 'digits': {
      const digits = toAsciiDigits(raw).replace(/[\s-]/g, '')
      return /^\d+$/.test(digits) && digits.length >= type.min && digits.length <= type.max ? digits : null
    }
  }
}

/** The secret as its action expects it, or null where it cannot be one at all and so must not count as an attempt. */
export function readSecret(asks: Exclude<Asks, 'yes'>, raw: string): Secret | null {
  if (asks === 'answer') return /\S/.test(raw) && raw.length <= MAX_ANSWER ? new Secret(raw.trim()) : null
  const digits = readKey(raw)
  return (asks === 'code' ? CODE : PIN).test(digits) ? new Secret(digits) : null
}

const CODE = /^\d{6}$/
/** The lengths an operator may choose; which one holds is the action's to know. */
const PIN = /^\d{4,6}$/
const MAX_ANSWER = 60
