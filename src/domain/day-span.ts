/** A part of every day, in minutes after local midnight; `to` is not part of it. From 21:00 to 07:00 it goes over midnight. */
export type DaySpan = { readonly from: number; readonly to: number }

const DAY_MINUTES = 1_440
const MINUTE_MS = 60_000
/** A span's end may lie in the next one, and clocks may change on the way; more often than that, nothing is ever outside. */
const MOST_STEPS = 16

/** Reads `21:00-07:00`; null for anything else, and for a span without length. */
export function parseDaySpan(text: string): DaySpan | null {
  const [, fromHour, fromMinute, toHour, toMinute] = /^(\d\d):(\d\d)\s*[-–]\s*(\d\d):(\d\d)$/.exec(text.trim()) ?? []
  const [from, to] = [minuteOf(fromHour, fromMinute), minuteOf(toHour, toMinute)]
  return from === null || to === null || from === to ? null : { from, to }
}

/** `21:00-07:00` */
export function formatDaySpan({ from, to }: DaySpan): string {
  return `${clock(from)}-${clock(to)}`
}

/** What of the day a span leaves. */
export function restOfDay({ from, to }: DaySpan): DaySpan {
  return { from: to, to: from }
}

/** The first moment from `atMs` on, in Unix milliseconds, that is in none of the spans; null where they leave nothing of the day. */
export function nextOutside(atMs: number, spans: readonly DaySpan[], timeZone: string): number | null {
  let nextMs = atMs
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const minute = minuteAt(nextMs, timeZone)
    const within = spans.find((span) => isWithin(minute, span))
    if (within === undefined) return nextMs
    const left = (within.to - minute + DAY_MINUTES) % DAY_MINUTES
    nextMs = Math.floor(nextMs / MINUTE_MS + left) * MINUTE_MS
  }
  return null
}

function isWithin(minute: number, { from, to }: DaySpan): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

function minuteOf(hour: string | undefined, minute: string | undefined): number | null {
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59) return null
  return Number(hour) * 60 + Number(minute)
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** Minutes after midnight there at that moment. */
export function minuteAt(atMs: number, timeZone: string): number {
  let format = clocks.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    clocks.set(timeZone, format)
  }
  const [hour = '0', minute = '0'] = format.format(atMs).split(':')
  return Number(hour) * 60 + Number(minute)
}

/** Making a formatter takes far longer than using it. */
const clocks = new Map<string, Intl.DateTimeFormat>()
