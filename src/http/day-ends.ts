import type { Queryable } from '../database/database.ts'
import { readDaysState } from '../ledger/day-close.ts'
import { type CloseTime, dueDay } from '../ledger/day-closer.ts'

/** How long a close may take before it is late; its proof reads everything. */
const PATIENCE_MS = 1_800_000

/** `closed up to 2026-11-22`, and which day is not closed that should be. `time` null: days are closed by people only. */
export async function describeDays(database: Queryable, time: CloseTime | null): Promise<string> {
  const state = await readDaysState(database)
  const closed = state.lastClosed === null ? 'none closed' : `closed up to ${state.lastClosed}`
  const late = time === null ? null : dueDay(state, time, Date.now() - PATIENCE_MS)
  if (late !== null) return `${closed}, ${late} is LATE; npm run ledger -- prove says why`
  return time === null ? `${closed}, by people only` : closed
}

/** 1 while a day is not closed that should be. */
export async function daysLate(database: Queryable, time: CloseTime | null): Promise<number> {
  return time !== null && dueDay(await readDaysState(database), time, Date.now() - PATIENCE_MS) !== null ? 1 : 0
}
