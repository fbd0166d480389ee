import { addDays, dateAt, type IsoDate } from '../domain/dates.ts'
import { type DaySpan, nextOutside, restOfDay } from '../domain/day-span.ts'
import { momentAt } from '../domain/schedule.ts'

/** When ordered transfers are announced and made. */
export type StandingRules = {
  /** The first try of a day, and the last one: minutes after local midnight. */
  readonly hours: DaySpan
  /** How long before its first try a transfer is announced, and how long after that it is not made whatever happens. */
  readonly noticeMs: number
  readonly leastNoticeMs: number
  /** How long after a try without money enough there is the next one. */
  readonly retryMs: number
}

/** Where and by which hours: `quiet` are those in which nobody gets a message unasked. */
export type StandingHours = {
  readonly rules: StandingRules
  readonly quiet: DaySpan | null
  readonly timeZone: string
}

const HOUR_MS = 3_600_000
const HOUR_MINUTES = 60

/** A worker that was away may make a transfer that many days after its day; later nobody expects it any more. */
const MOST_DAYS_LATE = 3

/** From when on what is due on that day is announced. */
export function announceFrom(due: IsoDate, { rules, timeZone }: StandingHours): number {
  return momentAt(due, rules.hours.from, timeZone) - rules.noticeMs
}

/** From this moment on, the next at which people may be written to. */
function nextCivil(atMs: number, { quiet, timeZone }: StandingHours): number {
  return quiet === null ? atMs : (nextOutside(atMs, [quiet], timeZone) ?? atMs)
}

/** When what is announced now is made: on its day, later where it is announced late, and within the hours. */
function runFrom(due: IsoDate, announcedMs: number, hours: StandingHours): number {
  const { rules, timeZone } = hours
  return nextOpen(Math.max(momentAt(due, rules.hours.from, timeZone), announcedMs + rules.leastNoticeMs), hours)
}

/** From this moment on, the next within the hours; a try that is due at the last of them has an hour to happen. */
function nextOpen(atMs: number, { rules, timeZone }: StandingHours): number {
  const { from, to } = rules.hours
  return nextOutside(atMs, [restOfDay({ from, to: to + HOUR_MINUTES })], timeZone) ?? atMs + HOUR_MS
}

/** When a try without money enough is repeated on the same day; null where it was the last one. */
export function nextTry(triedMs: number, { rules, timeZone }: StandingHours): number | null {
  const lastMs = momentAt(dateAt(triedMs, timeZone), rules.hours.to, timeZone)
  return triedMs >= lastMs ? null : Math.min(triedMs + rules.retryMs, lastMs)
}

/** What is due, as far as it decides what is done about it. */
export type Due = {
  readonly state: 'waiting' | 'announced'
  readonly due: IsoDate
  /** When something was to be done about it. */
  readonly nextMs: number
  /** Null until it is announced. */
  readonly notBeforeMs: number | null
  readonly tries: number
}

/** `late`: its day is too long ago. `over`: money was lacking all day. `wait`: nothing until then. */
export type Step =
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'announce'; readonly runMs: number }
  | { readonly kind: 'run' | 'late' | 'over' }

/** What is to be done about what is due: told first, made once whoever was told has had the time to stop it, and never at night. */
export function nextStep(run: Due, nowMs: number, hours: StandingHours): Step {
  const { timeZone } = hours
  if (dateAt(nowMs, timeZone) > addDays(run.due, MOST_DAYS_LATE)) return { kind: 'late' }
  if (run.state === 'waiting' || run.notBeforeMs === null) {
    const tellMs = nextCivil(Math.max(nowMs, announceFrom(run.due, hours)), hours)
    return tellMs > nowMs
      ? { kind: 'wait', untilMs: tellMs }
      : { kind: 'announce', runMs: runFrom(run.due, nowMs, hours) }
  }
  if (run.tries > 0 && dateAt(run.nextMs, timeZone) !== dateAt(nowMs, timeZone)) return { kind: 'over' }
  const openMs = nextOpen(Math.max(nowMs, run.notBeforeMs), hours)
  if (openMs <= nowMs) return { kind: 'run' }
  return run.tries > 0 && dateAt(openMs, timeZone) !== dateAt(nowMs, timeZone)
    ? { kind: 'over' }
    : { kind: 'wait', untilMs: openMs }
}
