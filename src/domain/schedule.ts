import { addDays, dateAt, type IsoDate } from './dates.ts'
import { minuteAt } from './day-span.ts'

/** How often something is due; a month's last day takes the place of a day that it does not have. */
export const rhythms = ['once', 'weekly', 'monthly'] as const
export type Rhythm = (typeof rhythms)[number]

/** Due `times` times, the first of them on `first`. */
export type Schedule = { readonly every: Rhythm; readonly first: IsoDate; readonly times: number }

/** Nothing goes on for longer than a year without being asked for anew. */
export const MOST_TIMES: Readonly<Record<Rhythm, number>> = { once: 1, weekly: 52, monthly: 12 }

const MINUTE_MS = 60_000

/** The day of the `nth` time, counted from 1; null where there are not so many. */
export function dueDate({ every, first, times }: Schedule, nth: number): IsoDate | null {
  if (nth < 1 || nth > times || nth > MOST_TIMES[every]) return null
  return every === 'monthly' ? addMonths(first, nth - 1) : addDays(first, 7 * (nth - 1))
}

/** How many times it is due until and on `last`, within what is allowed; 0 where that is before the first. */
export function timesUntil(every: Rhythm, first: IsoDate, last: IsoDate): number {
  const most = MOST_TIMES[every]
  const dates = Array.from({ length: most }, (_, n) => dueDate({ every, first, times: most }, n + 1))
  return dates.filter((date) => date !== null && date <= last).length
}

/** The moment, in Unix milliseconds, at which it is so many minutes after midnight there; where a clock leaps over it, the one after the leap. */
export function momentAt(date: IsoDate, minutes: number, timeZone: string): number {
  const wanted = Date.parse(date) + minutes * MINUTE_MS
  const offsetAt = (atMs: number): number =>
    Date.parse(dateAt(atMs, timeZone)) + minuteAt(atMs, timeZone) * MINUTE_MS - atMs
  // Each guess is off by the difference of the offsets at most, so the second one has the right offset.
  const guess = wanted - offsetAt(wanted)
  return wanted - offsetAt(guess)
}

function addMonths(date: IsoDate, months: number): IsoDate {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  const lastDay = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, lastDay))).toISOString().slice(0, 10)
}
