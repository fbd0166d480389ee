import { toAsciiDigits } from './digits.ts'

/** A day as `2026-11-23` (ISO 8601), so that days compare as text. Real days of the years 1000 to 9999 only. */
export type IsoDate = string

export function isIsoDate(text: string): boolean {
  const [, year, month, day] = /^([1-9]\d{3})-(\d{2})-(\d{2})$/.exec(text) ?? []
  return year !== undefined && dateOf(Number(year), Number(month), Number(day)) === text
}

/** Days from and to which a typed date counts, both included; null for no bound. */
export type DateBounds = { readonly min: IsoDate | null; readonly max: IsoDate | null }

/**
 * Reads a day as people type it: `231126`, `23112026` or `23/11/26` with anything between the numbers, in digits of any script. Of a
 * year in two digits, the century is that which is within the bounds and nearest to today. Null where it is no such day.
 */
export function parseDate(typed: string, today: IsoDate, { min, max }: DateBounds): IsoDate | null {
  const text = toAsciiDigits(typed).trim()
  const found =
    /^(\d{2})(\d{2})(\d{2}|\d{4})$/.exec(text) ?? /^(\d{1,2})\D{1,9}(\d{1,2})\D{1,9}(\d{2}|\d{4})$/.exec(text)
  if (found === null) return null
  const [, day = '', month = '', year = ''] = found
  const now = Number(today.slice(0, 4))
  const century = now - (now % 100)
  const years = year.length === 4 ? [Number(year)] : [0, -100, 100].map((shift) => century + shift + Number(year))
  const dates = years.flatMap((each) => {
    const date = dateOf(each, Number(month), Number(day))
    return date === null || (min !== null && date < min) || (max !== null && date > max) ? [] : [date]
  })
  const distance = (date: IsoDate): number => Math.abs(Date.parse(date) - Date.parse(today))
  return dates.sort((a, b) => distance(a) - distance(b))[0] ?? null
}

/** The day that many days later, or earlier. */
export function addDays(date: IsoDate, days: number): IsoDate {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10)
}

/** `23/11/2026` */
export function formatDate(date: IsoDate): string {
  const [year, month, day] = date.split('-')
  return `${day}/${month}/${year}`
}

/** The day that it is there at that moment. */
export function dateAt(atMs: number, timeZone: string): IsoDate {
  let calendar = calendars.get(timeZone)
  if (calendar === undefined) {
    calendar = new Intl.DateTimeFormat('en-GB', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
    calendars.set(timeZone, calendar)
  }
  return calendar.format(atMs).split('/').reverse().join('-')
}

/** Making a formatter takes far longer than a step may. */
const calendars = new Map<string, Intl.DateTimeFormat>()

const DAY_MS = 86_400_000

/** Null where the calendar has no such day: a date rolls over into the next month by itself. */
function dateOf(year: number, month: number, day: number): IsoDate | null {
  const date = new Date(Date.UTC(year, month - 1, day))
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real && year >= 1000 && year <= 9999 ? date.toISOString().slice(0, 10) : null
}
