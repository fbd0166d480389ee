import { amountInWords } from '../domain/amount-words.ts'
import { formatDate, isIsoDate } from '../domain/dates.ts'
import type { Market } from '../domain/market.ts'
import { formatAmount, formatMoney } from '../domain/money.ts'
import { formatMsisdn, type Msisdn, maskMsisdn, parseE164 } from '../domain/msisdn.ts'
import { plainText } from '../domain/plain-text.ts'
import type { Json } from './contract.ts'
import type { Slot, Type, Types } from './program.ts'

/** The value as the type allows it, or undefined. Nothing is converted; only rows beyond the type's `max` and undeclared fields are left out. */
export function conform(type: Type, value: Json | undefined): Json | undefined {
  switch (type.type) {
    case 'text':
      return typeof value === 'string' ? value : undefined
    case 'digits':
      return typeof value === 'string' && /^\d*$/.test(value) && value.length <= type.max ? value : undefined
    case 'number':
      return isWhole(value) && value >= 0 && value <= type.max ? value : undefined
    case 'money':
      return typeof value === 'string' && /^\d{1,18}$/.test(value) && BigInt(value) <= BigInt(type.max)
        ? value
        : undefined
    case 'msisdn':
      return typeof value === 'string' && parseE164(value) !== null ? value : undefined
    case 'moment':
    case 'time':
      return isWhole(value) && value >= 0 && value <= LAST_MOMENT_MS ? value : undefined
    case 'date':
      return typeof value === 'string' && isIsoDate(value) ? value : undefined
    case 'choice':
      return typeof value === 'string' && type.of.includes(value) ? value : undefined
    case 'opaque':
      return value
    case 'rows':
      return Array.isArray(value) ? conformRows(type.of, value.slice(0, type.max)) : undefined
  }
}

/** All the declared fields, or undefined where one is missing or of another type. */
export function conformFields(types: Types, values: Readonly<Record<string, Json>>): Record<string, Json> | undefined {
  const result: Record<string, Json> = {}
  for (const [name, type] of Object.entries(types)) {
    const value = conform(type, values[name])
    if (value === undefined) return undefined
    result[name] = value
  }
  return result
}

function conformRows(of: Types, rows: readonly Json[]): Json | undefined {
  const result: Json[] = []
  for (const row of rows) {
    const values = isRecord(row) ? conformFields(of, row) : undefined
    if (values === undefined) return undefined
    result.push(values)
  }
  return result
}

/** The value as people read it; cutting and folding to an alphabet is the renderer's. `atMs` is now. */
export function showValue({ as, words }: Slot, value: Json, market: Market, atMs: number): string {
  switch (as) {
    case 'money':
      return formatMoney({ amount: BigInt(String(value)), currency: market.currency })
    case 'figures':
      return formatAmount({ amount: BigInt(String(value)), currency: market.currency })
    case 'words': {
      const money = { amount: BigInt(String(value)), currency: market.currency }
      return amountInWords(money, words?.language ?? '') ?? formatMoney(money)
    }
    case 'msisdn':
      return formatMsisdn(String(value) as Msisdn, market.numbering)
    case 'mask':
      return maskMsisdn(String(value) as Msisdn, market.numbering)
    case 'moment':
      return localTime(Number(value), market.timeZone).join(' ')
    case 'time': {
      const [date, time] = localTime(Number(value), market.timeZone)
      return date === localTime(atMs, market.timeZone)[0] ? time : `${date} ${time}`
    }
    case 'date':
      return formatDate(String(value))
    case 'text':
    case 'last':
      // Names and references come from people and partners, and are shown to others.
      return plainText(String(value))
    case 'digits':
    case 'number':
      return String(value)
  }
}

export function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhole(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

/** The end of the year 9999, well inside what a date can hold. */
const LAST_MOMENT_MS = 253_402_300_799_999

/** Making a formatter takes far longer than a step may. */
const clocks = new Map<string, Intl.DateTimeFormat>()

/** `23/11/26` and `14:05`. */
function localTime(atMs: number, timeZone: string): [date: string, time: string] {
  let clock = clocks.get(timeZone)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      day: '2-digit',
      month: '2-digit',
      year: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    clocks.set(timeZone, clock)
  }
  const [date = '', time = ''] = clock.format(atMs).split(', ')
  return [date, time]
}
