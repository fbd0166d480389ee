import { Agent, request } from 'node:http'

/** One form post over a kept-alive connection; resolves with the body of the answer. */
export type Poster = {
  readonly post: (path: string, form: Readonly<Record<string, string>>) => Promise<string>
  readonly close: () => void
}

export function openPoster(baseUrl: string, connections: number): Poster {
  const { hostname, port } = new URL(baseUrl)
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' })
  return {
    post: (path, form) =>
      new Promise((resolve, reject) => {
        const body = new URLSearchParams(form).toString()
        const headers = {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': Buffer.byteLength(body),
        }
        const call = request({ hostname, port, path, method: 'POST', agent, headers }, (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8')
            if (response.statusCode === 200) resolve(text)
            else reject(new Error(`${path} answered ${response.statusCode}: ${text}`))
          })
          response.on('error', reject)
        })
        call.on('error', reject)
        call.end(body)
      }),
    close: () => agent.destroy(),
  }
}

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
