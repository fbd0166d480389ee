import type { SmsPriority } from '../sms-link.ts'

/** Why a slot was not given: surely nothing was sent. */
export type Refusal = 'link_down' | 'link_busy'

export type Slot = { readonly kind: 'slot' } | { readonly kind: 'refused'; readonly reason: Refusal }

/** Hands out permissions to submit one PDU, never faster than agreed and never more at once than the window. */
export type Pacer = {
  /** Waits for a slot, behind what is as urgent or more so. Give it back with `release`. */
  acquire(priority: SmsPriority): Promise<Slot>
  release(): void
  /** No slot for so long: the network asked for patience. */
  pause(durationMs: number): void
  /** Something that kept slots back may be over. */
  pump(): void
  /** Refuses everyone who waits. */
  clear(reason: Refusal): void
}

export type PacerOptions = {
  /** PDUs without an answer at any time. */
  readonly window: number
  /** PDUs a second; 0 for no limit. */
  readonly tps: number
  readonly maxWaitMs: number
  /** Whether a slot may be given now: bound, and the peer reads. */
  ready(): boolean
}

/** Timers are late by some milliseconds; slots missed while somebody waited are made up for, none older and none while idle. */
const CATCH_UP_MS = 20

type Waiter = { give(slot: Slot): void; timer: NodeJS.Timeout }

export function makePacer(options: PacerOptions, nowMs: () => number = () => performance.now()): Pacer {
  const lanes: Record<SmsPriority, Waiter[]> = { code: [], receipt: [], bulk: [] }
  const waiting = (): number => lanes.code.length + lanes.receipt.length + lanes.bulk.length
  const intervalMs = options.tps > 0 ? 1000 / options.tps : 0
  // When each of the last `tps` slots was given, so that what is made up for never makes a second too full.
  const given = new Float64Array(options.tps).fill(Number.NEGATIVE_INFINITY)
  let oldest = 0
  let outstanding = 0
  let nextAtMs = 0
  let pausedUntilMs = 0
  let timer: NodeJS.Timeout | null = null

  function pump(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    while (waiting() > 0 && outstanding < options.window && options.ready()) {
      const waitMs = Math.max(nextAtMs, pausedUntilMs, (given[oldest] ?? Number.NEGATIVE_INFINITY) + 1000) - nowMs()
      if (waitMs > 0) {
        timer = setTimeout(pump, Math.ceil(waitMs))
        return
      }
      const waiter = lanes.code.shift() ?? lanes.receipt.shift() ?? lanes.bulk.shift()
      if (waiter === undefined) return
      clearTimeout(waiter.timer)
      outstanding += 1
      nextAtMs = Math.max(nextAtMs, nowMs() - CATCH_UP_MS) + intervalMs
      if (given.length > 0) {
        given[oldest] = nowMs()
        oldest = (oldest + 1) % given.length
      }
      waiter.give({ kind: 'slot' })
    }
  }

  return {
    acquire(priority) {
      return new Promise((resolve) => {
        const lane = lanes[priority]
        if (waiting() === 0) nextAtMs = Math.max(nextAtMs, nowMs())
        const waiter: Waiter = {
          give: resolve,
          timer: setTimeout(() => {
            lane.splice(lane.indexOf(waiter), 1)
            resolve({ kind: 'refused', reason: 'link_busy' })
          }, options.maxWaitMs),
        }
        lane.push(waiter)
        pump()
      })
    },
    release() {
      outstanding -= 1
      pump()
    },
    pause(durationMs) {
      pausedUntilMs = Math.max(pausedUntilMs, nowMs() + durationMs)
    },
    pump,
    clear(reason) {
      if (timer !== null) clearTimeout(timer)
      timer = null
      for (const waiter of Object.values(lanes).flatMap((lane) => lane.splice(0))) {
        clearTimeout(waiter.timer)
        waiter.give({ kind: 'refused', reason })
      }
    },
  }
}
