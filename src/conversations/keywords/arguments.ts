import type { Biller } from '../../billers/biller.ts'
import { toAsciiDigits } from '../../domain/digits.ts'
import type { NumberingPlan } from '../../domain/market.ts'
import { type Currency, formatAmount, parseMoney } from '../../domain/money.ts'
import { type Msisdn, parseMsisdn } from '../../domain/msisdn.ts'
import { foldWords } from '../../domain/words.ts'
import { SECRET_WORD } from './pin.ts'

/** What was read from some tokens, those that are left, and where among them it stood. */
export type Read<Value> = { readonly value: Value; readonly left: readonly string[]; readonly at: number }

/** More than anybody needs for a number and an amount; what is beyond is left out of sight but not of the search for a PIN. */
const MOST_TOKENS = 24
/** A number or an amount written in groups: `+254 712 345 678`. */
const MOST_GROUPS = 5
/** More cannot be sent at once in any market, in minor units. */
const MOST_MONEY = 99_999_999n

/** Blanks and signs between arguments; a comma only where it does not group digits, as in 1,250. */
const BETWEEN = /\s+|[;:*#|]+|,(?!\d{3}(?!\d))|(?<=\d{4}),|,$/

/** How people write the currency beside a figure, besides its code. */
const MARKS: Readonly<Record<Currency, string>> = {
  KES: 'kes|kshs?|shs?|bob|/[=-]',
  UGX: 'ugx|ushs?|shs?|/[=-]',
  GHS: 'ghs|ghc|gh₵|gh¢|₵|¢|cedis?',
}

/** What is written after a keyword, in pieces with ASCII digits; `secret`: from a word on that announces a PIN. */
export function split(text: string): { readonly tokens: readonly string[]; readonly secret: string } {
  const ascii = toAsciiDigits(text)
  const cut = ascii.search(SECRET_WORD)
  const open = cut < 0 ? ascii : ascii.slice(0, cut)
  const pieces = open.split(BETWEEN).filter((piece) => piece !== '')
  const beyond = pieces.slice(MOST_TOKENS).join(' ')
  return { tokens: pieces.slice(0, MOST_TOKENS), secret: `${beyond} ${cut < 0 ? '' : ascii.slice(cut)}`.trim() }
}

/** The first mobile number, however it is grouped. */
export function readNumber(tokens: readonly string[], plan: NumberingPlan): Read<Msisdn> | null {
  return firstOf(tokens, 0, 'shortest', (text) => parseMsisdn(text.replace(/[.,]+$/, ''), plan))
}

/** The first amount from `at` on, in minor units, else the first before it. */
export function readAmount(tokens: readonly string[], currency: Currency, at: number): Read<bigint> | null {
  const parse = (text: string): bigint | null => parseAmount(text, currency)
  return firstOf(tokens, at, 'longest', parse) ?? firstOf(tokens, 0, 'longest', parse)
}

/** `500`, `1,250.50`, `KES 500`, `Ksh.500`, `500/=`, `500 bob`; null for nothing, for too much and for what could be misread. */
export function parseAmount(text: string, currency: Currency): bigint | null {
  const mark = `(?:${MARKS[currency]})`
  const bare = toAsciiDigits(text)
    .trim()
    .replace(new RegExp(`^${mark}[.:]?\\s*(?=\\d)`, 'i'), '')
    .replace(new RegExp(`(?<=\\d)\\s*${mark}\\.?$`, 'i'), '')
    .replace(/(?<=\d)[.,]$/, '')
  const amount = parseMoney(bare, currency)
  return amount === null || amount <= 0n || amount > MOST_MONEY ? null : amount
}

/** As it is typed on a screen, `1250` or `1250.50`. */
export function digitsOf(amount: bigint, currency: Currency): string {
  return formatAmount({ amount, currency }).replaceAll(',', '')
}

/** The biller that the words before the first digit name, by its name or id, wholly or by a beginning that no other has. */
export function readBiller(tokens: readonly string[], billers: readonly Biller[]): Read<Biller> | null {
  const first = tokens.findIndex((token) => /\d/.test(token))
  const end = first < 0 ? tokens.length : first
  const typed = squash(tokens.slice(0, end).join(' '))
  if (typed.length < 3) return null
  const named = (biller: Biller): readonly string[] => [squash(biller.name), squash(biller.id)]
  const same = billers.filter((biller) => named(biller).includes(typed))
  const close = same.length > 0 ? same : billers.filter((each) => named(each).some((name) => name.startsWith(typed)))
  const [value] = close
  return value === undefined || close.length > 1 ? null : { value, left: tokens.slice(end), at: 0 }
}

/** The account number: of as many digits as the biller's have, or any digits where the biller is not known. */
export function readAccount(tokens: readonly string[], digits: number | null): Read<string> | null {
  return firstOf(tokens, 0, 'shortest', (text) => {
    const account = text.replace(/[\s-]/g, '')
    return /^\d+$/.test(account) && (digits === null || account.length === digits) ? account : null
  })
}

function squash(text: string): string {
  return foldWords(text).replaceAll(' ', '')
}

/** Tries every run of neighbouring tokens, by their first from `from` on. */
function firstOf<Value>(
  tokens: readonly string[],
  from: number,
  prefer: 'shortest' | 'longest',
  parse: (text: string) => Value | null,
): Read<Value> | null {
  for (let at = from; at < tokens.length; at += 1) {
    const most = Math.min(MOST_GROUPS, tokens.length - at)
    for (let n = 1; n <= most; n += 1) {
      const length = prefer === 'shortest' ? n : most + 1 - n
      const value = parse(tokens.slice(at, at + length).join(' '))
      if (value !== null) return { value, left: [...tokens.slice(0, at), ...tokens.slice(at + length)], at }
    }
  }
  return null
}
