/** What a run of hops took: hops a second, and latencies in milliseconds. */
export type Measured = {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly hops: number
}

/** Runs `total` dialogues, `concurrency` at a time; `dialogue(n, timed)` passes each hop through `timed`. */
export async function measure(
  total: number,
  concurrency: number,
  dialogue: (n: number, timed: <T>(hop: Promise<T>) => Promise<T>) => Promise<void>,
): Promise<Measured> {
  const latencies: number[] = []
  const timed = async <T>(hop: Promise<T>): Promise<T> => {
    const from = performance.now()
    const result = await hop
    latencies.push(performance.now() - from)
    return result
  }
  let next = 0
  const from = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let n = next++; n < total; n = next++) await dialogue(n, timed)
    }),
  )
  const seconds = (performance.now() - from) / 1000
  return { perSecond: latencies.length / seconds, ...percentiles(latencies), hops: latencies.length }
}

function percentiles(latencies: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
