/** Timers that all end together. */
export type Timers = {
  /** Does the work after so long, at once where that is 0; never after `close`. */
  later(delayMs: number, work: () => void): NodeJS.Timeout | undefined
  close(): void
}

export function makeTimers(): Timers {
  const timers = new Set<NodeJS.Timeout>()
  let closed = false
  return {
    later(delayMs, work) {
      if (closed) return undefined
      if (delayMs === 0) {
        setImmediate(() => {
          if (!closed) work()
        })
        return undefined
      }
      const timer = setTimeout(() => {
        timers.delete(timer)
        work()
      }, delayMs)
      timers.add(timer)
      return timer
    },
    close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
