/** What one account did and met. Times in milliseconds, over the last thousand. */
export type AccountStats = {
  readonly submits: number
  readonly taken: number
  /** By the name of the status. */
  readonly refused: Readonly<Record<string, number>>
  readonly lost: number
  readonly outstanding: number
  readonly maxOutstanding: number
  /** The most submits that came within any one second. */
  readonly maxPerSecond: number
  /** From the submit to our answer: what the behaviour asked for. */
  readonly answerMs: Percentiles
  readonly delivers: number
  readonly acknowledged: number
  /** From our deliver_sm to the client's answer. */
  readonly acknowledgeMs: Percentiles
}

export type Percentiles = { readonly p50: number; readonly p99: number; readonly max: number }

/** Counts for one account. */
export type Tally = {
  submit(): void
  take(): void
  refuse(status: string): void
  /** A submit has its answer, or will never have one. */
  settle(tookMs: number, lost: boolean): void
  deliver(): void
  acknowledge(tookMs: number): void
  /** Submits within the current second of the clock, this one included. */
  inThisSecond(): number
  outstanding(): number
  /** Begins anew; what is unanswered stays so. */
  forget(): void
  read(): AccountStats
}

const KEPT_TIMES = 1_000
/** Submits of the last second that are looked at for `maxPerSecond`; a network with more a second is none of ours. */
const KEPT_ARRIVALS = 100_000

export function makeTally(nowMs: () => number = () => performance.now()): Tally {
  const counts = { submits: 0, taken: 0, lost: 0, outstanding: 0, maxOutstanding: 0, maxPerSecond: 0 }
  const deliveries = { delivers: 0, acknowledged: 0 }
  let refused: Record<string, number> = {}
  const [answers, acknowledgements] = [makeTimes(), makeTimes()]
  let arrivals: number[] = []
  let oldest = 0
  let second = { number: -1, count: 0 }
  return {
    submit() {
      const now = nowMs()
      counts.submits += 1
      counts.outstanding += 1
      counts.maxOutstanding = Math.max(counts.maxOutstanding, counts.outstanding)
      const number = Math.floor(now / 1000)
      second = second.number === number ? { number, count: second.count + 1 } : { number, count: 1 }
      arrivals.push(now)
      while ((arrivals[oldest] ?? now) <= now - 1000) oldest += 1
      if (oldest > KEPT_ARRIVALS) {
        arrivals = arrivals.slice(oldest)
        oldest = 0
      }
      counts.maxPerSecond = Math.max(counts.maxPerSecond, arrivals.length - oldest)
    },
    take() {
      counts.taken += 1
    },
    refuse(status) {
      refused[status] = (refused[status] ?? 0) + 1
    },
    settle(tookMs, lost) {
      counts.outstanding -= 1
      if (lost) counts.lost += 1
      else answers.add(tookMs)
    },
    deliver() {
      deliveries.delivers += 1
    },
    acknowledge(tookMs) {
      deliveries.acknowledged += 1
      acknowledgements.add(tookMs)
    },
    inThisSecond: () => second.count,
    outstanding: () => counts.outstanding,
    forget() {
      Object.assign(counts, { submits: 0, taken: 0, lost: 0, maxOutstanding: counts.outstanding, maxPerSecond: 0 })
      Object.assign(deliveries, { delivers: 0, acknowledged: 0 })
      refused = {}
      answers.clear()
      acknowledgements.clear()
      arrivals = []
      oldest = 0
    },
    read: () => ({
      ...counts,
      refused: { ...refused },
      answerMs: answers.read(),
      ...deliveries,
      acknowledgeMs: acknowledgements.read(),
    }),
  }
}

function makeTimes(): { add(ms: number): void; clear(): void; read(): Percentiles } {
  let times: number[] = []
  let next = 0
  return {
    clear() {
      times = []
      next = 0
    },
    add(ms) {
      times[next] = ms
      next = (next + 1) % KEPT_TIMES
    },
    read() {
      const sorted = [...times].sort((a, b) => a - b)
      const at = (share: number): number =>
        Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
      return { p50: at(0.5), p99: at(0.99), max: at(1) }
    },
  }
}
