import { formatDaySpan, parseDaySpan } from './domain/day-span.ts'
import type { StandingRules } from './ledger/standing-times.ts'
import type { SettingsReader } from './settings-reader.ts'

const HOUR_MS = 3_600_000
const HOUR_MINUTES = 60
const USUAL_HOURS = { from: 8 * HOUR_MINUTES, to: 20 * HOUR_MINUTES }
/** A try that is due at the last minute has an hour to happen, on the same day. */
const LATEST_MINUTE = 23 * HOUR_MINUTES

/** `SCHEDULED_HOURS`, `SCHEDULED_NOTICE_HOURS`, `SCHEDULED_LEAST_NOTICE_HOURS`, `SCHEDULED_RETRY_HOURS`. */
export function readStanding(reader: SettingsReader): StandingRules {
  const hours = (name: string, to: number, usual: number): number =>
    reader.whole(name, { from: 1, to, usual }) * HOUR_MS
  const rules = {
    hours: readHours(reader),
    noticeMs: hours('SCHEDULED_NOTICE_HOURS', 72, 24),
    leastNoticeMs: hours('SCHEDULED_LEAST_NOTICE_HOURS', 24, 3),
    retryMs: hours('SCHEDULED_RETRY_HOURS', 12, 4),
  }
  if (rules.leastNoticeMs > rules.noticeMs) {
    reader.problems.push(
      'SCHEDULED_LEAST_NOTICE_HOURS is more than SCHEDULED_NOTICE_HOURS, so every scheduled transfer would be late; give at most as many.',
    )
  }
  return rules
}

function readHours(reader: SettingsReader): StandingRules['hours'] {
  const text = reader.text('SCHEDULED_HOURS')
  if (text === null) return USUAL_HOURS
  const hours = parseDaySpan(text)
  if (hours !== null && hours.from < hours.to && hours.to <= LATEST_MINUTE) return hours
  reader.problems.push(
    `SCHEDULED_HOURS is ${JSON.stringify(text)}; give the local times of the first and the last try of a day, such as ${formatDaySpan(USUAL_HOURS)}, the last until 23:00.`,
  )
  return USUAL_HOURS
}
