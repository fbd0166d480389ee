/** Whether one more is allowed now; it is then counted. */
export type Rate = { take(nowMs: number): boolean }

/** At most `perSecond` within any one second. */
export function makeRate(perSecond: number): Rate {
  // When each of the last ones was taken, the oldest at `next`.
  const taken = new Float64Array(perSecond).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  return {
    take(nowMs) {
      if (nowMs - (taken[next] ?? Number.POSITIVE_INFINITY) < 1000) return false
      taken[next] = nowMs
      next = (next + 1) % perSecond
      return true
    },
  }
}

/** Runs some pieces of work at a time, the others wait in the order they came; `full` at once where too many wait. */
export type Gate = { run<T>(work: () => Promise<T>): Promise<T> | 'full' }

export function makeGate(atWork: number, maxWaiting: number): Gate {
  const waiting: (() => void)[] = []
  let running = 0
  async function start<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atWork) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
  return { run: (work) => (running >= atWork && waiting.length >= maxWaiting ? 'full' : start(work)) }
}
