import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { median } from './load.ts'
import type { ClientKind, ClientResult } from './smpp-client.ts'
import { type BenchWorld, openBenchWorld } from './world.ts'

const AIM = 0.9
const ROUNDS = 3
const CLIENT = 'dist/scripts/bench/smpp-client.js'
/** Each kind is explained in smpp-client.ts. */
const KINDS: readonly ClientKind[] = ['bare', 'bare-nodelay', 'link', 'history']
const CASES = [
  { window: 1, delayMs: 0, count: 400 },
  { window: 10, delayMs: 0, count: 2_000 },
  { window: 100, delayMs: 0, count: 3_000 },
  { window: 1, delayMs: 20, count: 40 },
  { window: 10, delayMs: 20, count: 400 },
  { window: 100, delayMs: 20, count: 2_000 },
] as const

/**
 * Submits a second with a receipt for each, by npm's `smpp` alone, by our link, and by our link with every attempt, answer and receipt
 * kept in PostgreSQL, in turns, against the same peer. Each client is a process of its own; so is the peer.
 */
export async function benchSmpp(): Promise<boolean> {
  process.stdout.write(
    `bench smpp: ${ROUNDS} rounds; submits a second with receipts, the text as a string of 81 characters\n`,
  )
  const world = await openBenchWorld(0, 0)
  let met = true
  try {
    for (const { window, delayMs, count } of CASES) {
      const peer = await world.startScript('dist/scripts/bench/smpp-peer.js', String(delayMs))
      const results = new Map<ClientKind, ClientResult[]>(KINDS.map((kind) => [kind, []]))
      for (let round = 0; round < ROUNDS; round += 1)
        for (const kind of KINDS) results.get(kind)?.push(await run(world, kind, new URL(peer.url).port, window, count))
      process.stdout.write(`window ${window}, peer answers ${delayMs === 0 ? 'at once' : `after ${delayMs} ms`}\n`)
      for (const kind of KINDS) print(kind, results.get(kind) ?? [], results.get('bare') ?? [])
      met = ratio(results.get('history') ?? [], results.get('bare') ?? []) >= AIM && met
    }
  } finally {
    await world.close()
  }
  process.stdout.write(`history beside bare, at least ${AIM} in every case: ${met ? 'met' : 'NOT met'}\n`)
  return met
}

async function run(
  world: BenchWorld,
  kind: ClientKind,
  port: string,
  window: number,
  count: number,
): Promise<ClientResult> {
  const args = ['--expose-gc', CLIENT, kind, port, String(window), String(count), world.databaseUrl]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`the client ${kind} ended with ${code}`)
  return JSON.parse(said) as ClientResult
}

/** Round by round, so that what else the machine does falls on both. */
function ratio(ours: readonly ClientResult[], theirs: readonly ClientResult[]): number {
  return median(ours.map(({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? Number.POSITIVE_INFINITY)))
}

function print(kind: ClientKind, results: readonly ClientResult[], bare: readonly ClientResult[]): void {
  const of = (field: keyof ClientResult): string => median(results.map((result) => result[field])).toFixed(0)
  process.stdout.write(
    `  ${kind.padEnd(12)} ${of('perSecond').padStart(6)} a second  ${ratio(results, bare).toFixed(2).padStart(6)} of bare` +
      `  CPU ${of('cpuUs').padStart(4)} us  ${of('bytes').padStart(5)} bytes kept a message\n`,
  )
}
