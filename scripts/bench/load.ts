import { existsSync, readFileSync } from 'node:fs'

/** What a run of hops took: hops a second, the server's CPU time for one, and latencies in milliseconds. */
export type Measured = {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of all its threads, in microseconds; null where `/proc` does not tell. Hardly changes when others use the machine, as hops a second do. */
  readonly cpuUs: number | null
}

/**
 * Runs `total` dialogues, `concurrency` at a time, on the server with this process id (null where its CPU time says nothing);
 * `dialogue(n, timed)` passes each hop through `timed`.
 */
export async function measure(
  pid: number | null,
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
  const cpuFromMs = cpuMsOf(pid)
  const from = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let n = next++; n < total; n = next++) await dialogue(n, timed)
    }),
  )
  const seconds = (performance.now() - from) / 1000
  const cpuToMs = cpuMsOf(pid)
  const cpuUs = cpuFromMs === null || cpuToMs === null ? null : ((cpuToMs - cpuFromMs) * 1000) / latencies.length
  return { perSecond: latencies.length / seconds, ...percentiles(latencies), cpuUs }
}

/** User and system time of a process so far: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second. */
function cpuMsOf(pid: number | null): number | null {
  if (pid === null || !existsSync('/proc/self/stat')) return null
  // The second field, the name, may hold blanks; it ends with the last parenthesis.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
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

export function printMeasured(name: string, { perSecond, p50Ms, p99Ms, cpuUs }: Measured): void {
  const cpu = cpuUs === null ? '' : `  CPU ${cpuUs.toFixed(0).padStart(4)} us a hop`
  process.stdout.write(
    `  ${name}  ${perSecond.toFixed(0).padStart(6)} hops/s${cpu}  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms\n`,
  )
}
