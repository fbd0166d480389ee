import { type Fifo, makeFifo } from '../../domain/fifo.ts'
import type { SmsPriority } from '../sms-link.ts'

/** Why a slot was not given: surely nothing was sent. */
export type Refusal = 'link_down' | 'link_busy' | 'link_suspended'

export type Slot<Place> =
  | { readonly kind: 'slot'; readonly place: Place }
  | { readonly kind: 'refused'; readonly reason: Refusal }

/**
 * Hands out permissions to submit one PDU over a link, never faster than agreed, each with a place in a window. `Place` is what the
 * owner of the windows reserves for it.
 */
export type Pacer<Place> = {
  /** Waits for a slot, behind what is as urgent or more so; what has `begun` goes before what has not. */
  acquire(priority: SmsPriority, begun?: boolean): Promise<Slot<Place>>
  /** No slot for so long: the network asked for patience. Outlives the connection. */
  pause(durationMs: number): void
  isPaused(): boolean
  /** So many times the usual interval between slots, until told otherwise. */
  slow(factor: number): void
  /** Something that kept slots back may be over. */
  pump(): void
  /** Refuses everyone who waits, or only what has not begun. */
  clear(reason: Refusal, which?: 'all' | 'fresh'): void
  waiting(): Readonly<Record<SmsPriority, number>>
}

export type PacerOptions<Place> = {
  /** PDUs a second; 0 for no limit. */
  readonly tps: number
  /** How long each may wait for its turn. */
  readonly maxWaitMs: Readonly<Record<SmsPriority, number>>
  /** Reserves a place in a window; null while there is none, or nothing that is bound and read. */
  take(): Place | null
}

/** Timers are late by some milliseconds; slots missed while somebody waited are made up for, none older and none while idle. */
const CATCH_UP_MS = 20
const PRIORITIES: readonly SmsPriority[] = ['code', 'receipt', 'bulk']

type Waiter<Place> = { readonly give: (slot: Slot<Place>) => void; readonly lateAtMs: number }
type Lane<Place> = { readonly priority: SmsPriority; readonly begun: boolean; readonly waiters: Fifo<Waiter<Place>> }

/** Two timers at most, however many wait: one for the next slot and one for the next that has waited too long. */
export function makePacer<Place>(
  options: PacerOptions<Place>,
  nowMs: () => number = () => performance.now(),
): Pacer<Place> {
  const lanes: readonly Lane<Place>[] = PRIORITIES.flatMap((priority) => [
    { priority, begun: true, waiters: makeFifo<Waiter<Place>>() },
    { priority, begun: false, waiters: makeFifo<Waiter<Place>>() },
  ])
  const isIdle = (): boolean => lanes.every(({ waiters }) => waiters.size() === 0)
  let intervalMs = options.tps > 0 ? 1000 / options.tps : 0
  // When each of the last `tps` slots was given, so that what is made up for never makes a second too full.
  const given = new Float64Array(options.tps).fill(Number.NEGATIVE_INFINITY)
  let oldest = 0
  let nextAtMs = 0
  let pausedUntilMs = 0
  let nextSlot: NodeJS.Timeout | null = null
  let nextLate: NodeJS.Timeout | null = null

  function pump(): void {
    if (nextSlot !== null) clearTimeout(nextSlot)
    nextSlot = null
    for (;;) {
      const lane = lanes.find(({ waiters }) => waiters.size() > 0)
      if (lane === undefined) return
      const waitMs = Math.max(nextAtMs, pausedUntilMs, (given[oldest] ?? Number.NEGATIVE_INFINITY) + 1000) - nowMs()
      if (waitMs > 0) {
        nextSlot = setTimeout(pump, Math.ceil(waitMs))
        return
      }
      const place = options.take()
      if (place === null) return
      nextAtMs = Math.max(nextAtMs, nowMs() - CATCH_UP_MS) + intervalMs
      if (given.length > 0) {
        given[oldest] = nowMs()
        oldest = (oldest + 1) % given.length
      }
      lane.waiters.shift()?.give({ kind: 'slot', place })
    }
  }

  /** In each lane those who came first are late first. */
  function refuseLate(): void {
    nextLate = null
    for (const { waiters } of lanes) {
      while ((waiters.peek()?.lateAtMs ?? Number.POSITIVE_INFINITY) <= nowMs()) {
        waiters.shift()?.give({ kind: 'refused', reason: 'link_busy' })
      }
    }
    watchLate()
  }

  function watchLate(): void {
    if (nextLate !== null) return
    const earliestMs = Math.min(...lanes.map(({ waiters }) => waiters.peek()?.lateAtMs ?? Number.POSITIVE_INFINITY))
    if (earliestMs === Number.POSITIVE_INFINITY) return
    nextLate = setTimeout(refuseLate, Math.max(1, Math.ceil(earliestMs - nowMs())))
  }

  function stopWatching(): void {
    if (nextLate !== null) clearTimeout(nextLate)
    nextLate = null
  }

  return {
    acquire(priority, begun = false) {
      return new Promise((resolve) => {
        if (isIdle()) nextAtMs = Math.max(nextAtMs, nowMs())
        const lane = lanes.find((each) => each.priority === priority && each.begun === begun)
        const lateAtMs = nowMs() + options.maxWaitMs[priority]
        lane?.waiters.push({ give: resolve, lateAtMs })
        pump()
        if (isIdle()) return
        // A new lane's first may be late before the one that is watched for.
        if (lane?.waiters.size() === 1) stopWatching()
        watchLate()
      })
    },
    pause(durationMs) {
      pausedUntilMs = Math.max(pausedUntilMs, nowMs() + durationMs)
    },
    isPaused: () => nowMs() < pausedUntilMs,
    slow(factor) {
      intervalMs = options.tps > 0 ? (1000 / options.tps) * factor : 0
    },
    pump,
    clear(reason, which = 'all') {
      for (const { begun, waiters } of lanes) {
        if (begun && which === 'fresh') continue
        for (let waiter = waiters.shift(); waiter !== undefined; waiter = waiters.shift()) {
          waiter.give({ kind: 'refused', reason })
        }
      }
      stopWatching()
      watchLate()
      if (isIdle() && nextSlot !== null) clearTimeout(nextSlot)
    },
    waiting() {
      const counts: Record<SmsPriority, number> = { code: 0, receipt: 0, bulk: 0 }
      for (const { priority, waiters } of lanes) counts[priority] += waiters.size()
      return counts
    },
  }
}
