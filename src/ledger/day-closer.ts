import type { Database, Queryable } from '../database/database.ts'
import { addDays, dateAt, type IsoDate } from '../domain/dates.ts'
import { type Rounds, startRounds } from '../domain/rounds.ts'
import type { Events } from '../telemetry/events.ts'
import { type CloseServices, closeDay, type DaysState, nextDay, readDaysState } from './day-close.ts'

/** When days are closed by themselves: minutes after midnight, in the market's time. */
export type CloseTime = { readonly atMinutes: number; readonly timeZone: string }

export type DayCloserServices = Omit<CloseServices, 'database' | 'by'> & {
  /** For the looks. */
  readonly database: Queryable
  /** Opened for each close, with time enough for a proof, and closed after it. */
  readonly openForProof: () => Database
  readonly time: CloseTime
  readonly events: Pick<Events, 'dayClosed' | 'dayNotClosed' | 'dayCloseFailed'>
}

const EVERY_MS = 60_000
/** A proof reads everything, so one that failed is not repeated every minute. */
const RETRY_MS = 900_000
/** Days of one look; a service that was down for longer catches up in the next ones. */
const MOST_DAYS = 31
const FINISH_TIMEOUT_MS = 5_000
const MINUTE_MS = 60_000

/**
 * Closes what is due, now and every minute, in as many processes as there are: a lock lets one close a day and the others find it closed.
 * Stopping it waits some seconds for the close under way, which is whole or undone whatever happens.
 */
export function startDayCloser(
  services: DayCloserServices,
  now: () => number = Date.now,
  everyMs: number = EVERY_MS,
): Rounds {
  const { events } = services
  let notBeforeMs = 0
  async function look(isClosing: () => boolean): Promise<void> {
    if (now() < notBeforeMs) return
    const closed = await closeDue(services, now, isClosing)
    if (!closed) notBeforeMs = now() + RETRY_MS
  }
  return startRounds(look, {
    everyMs,
    atOnce: true,
    finishTimeoutMs: FINISH_TIMEOUT_MS,
    onFailure: (error) => {
      notBeforeMs = now() + RETRY_MS
      events.dayCloseFailed({ error })
    },
  })
}

/** Closes the days that are due, oldest first. False where one could not be. */
async function closeDue(
  { database, openForProof, time, events, ...services }: DayCloserServices,
  now: () => number,
  isClosing: () => boolean,
): Promise<boolean> {
  for (let day = 0; day < MOST_DAYS && !isClosing(); day += 1) {
    const due = dueDay(await readDaysState(database), time, now())
    if (due === null) return true
    const ample = openForProof()
    try {
      const by = { kind: 'system', id: 'the worker' } as const
      const outcome = await closeDay({ ...services, database: ample, by }, due)
      if (outcome.kind === 'closed') events.dayClosed({ day: due, digest: outcome.digest })
      if (outcome.kind === 'unproven') {
        const wrong = outcome.proof.found.filter(({ grade }) => grade === 'wrong')
        events.dayNotClosed({ day: due, wrong: wrong.map(({ name }) => name) })
        return false
      }
    } finally {
      await ample.close()
    }
  }
  return true
}

/** The day that should be closed by now and is not; null where there is none. */
export function dueDay(state: DaysState, { atMinutes, timeZone }: CloseTime, nowMs: number): IsoDate | null {
  const { lastOver } = state
  if (lastOver === null) return null
  const due = addDays(dateAt(nowMs - atMinutes * MINUTE_MS, timeZone), -1)
  return nextDay({ ...state, lastOver: due < lastOver ? due : lastOver })
}
