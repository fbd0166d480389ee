import { addDays, dateAt, type IsoDate, parseDate } from '../domain/dates.ts'
import { toAsciiDigits } from '../domain/digits.ts'
import type { Market } from '../domain/market.ts'
import { parseMoney } from '../domain/money.ts'
import { parseMsisdn } from '../domain/msisdn.ts'
import { Secret } from '../domain/secret.ts'
import { beginsWord, plainWords } from '../domain/words.ts'
import type { Asks } from './contract.ts'
import type { DateBound, PlainInput } from './program.ts'

/** A key as it was meant: without blanks, in ASCII digits. */
export function readKey(raw: string): string {
  return toAsciiDigits(raw).trim()
}

/** The value that a person typed, as it is kept, or null where it is not one of this type. `atMs` is now. */
export function readInput(type: PlainInput, raw: string, market: Market, atMs: number): string | null {
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
    case 'date': {
      const today = dateAt(atMs, market.timeZone)
      return parseDate(raw, today, { min: dayOf(type.min, today), max: dayOf(type.max, today) })
    }
  }
}

function dayOf(bound: DateBound | null, today: IsoDate): IsoDate | null {
  if (bound === null) return null
  return 'days' in bound ? addDays(today, bound.days) : bound.date
}

/** Which of the options was meant, by its number, its words or the beginning of a word that only it has; null where none or several. */
export function readPick(options: readonly string[], raw: string): number | null {
  const key = readKey(raw)
  if (/^[1-9]\d?$/.test(key)) return Number(key) <= options.length ? Number(key) - 1 : null
  const typed = plainWords(raw)
  if (typed === '') return null
  const same = options.findIndex((option) => plainWords(option) === typed)
  if (same >= 0) return same
  const beginning = options.flatMap((option, index) => (beginsWord(option, typed) ? [index] : []))
  return beginning.length === 1 ? (beginning[0] ?? null) : null
}

/** The words that a list is to be looked through for: what has a letter is no key. Null where it has none. */
export function readSearch(raw: string): string | null {
  const words = plainWords(raw)
  return /\p{L}/u.test(words) ? words : null
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
