import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { median } from './load.ts'
import type { SmsResult } from './sms-client.ts'
import { openBenchWorld } from './world.ts'

const ROUNDS = 3
const CLIENT = 'dist/scripts/bench/sms-client.js'
const CASES = [
  { title: 'all rung at once', count: 1_500, perSecond: 0 },
  { title: '100 a second', count: 300, perSecond: 100 },
] as const

/**
 * From the outbox row to the answer of its submit: rows a second, beside BullMQ's jobs that do nothing in the same process, and what a message
 * waited for. PostgreSQL and Redis are real; the peer is a process of its own.
 */
export async function benchSms(): Promise<boolean> {
  process.stdout.write(`bench sms: ${ROUNDS} rounds, from the outbox row to its submit and receipt\n`)
  const world = await openBenchWorld(0, 0)
  try {
    const peer = await world.startScript('dist/scripts/bench/smpp-peer.js', '0')
    for (const { title, count, perSecond } of CASES) {
      const results: SmsResult[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        const args = [new URL(peer.url).port, String(count), String(perSecond), world.databaseUrl, world.redisUrl]
        const child = spawn(process.execPath, [CLIENT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
        let said = ''
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString()
        })
        const [code] = (await once(child, 'close')) as [number]
        if (code !== 0) throw new Error(`the worker ended with ${code}`)
        results.push(JSON.parse(said) as SmsResult)
      }
      print(title, results)
    }
  } finally {
    await world.close()
  }
  return true
}

function print(title: string, results: readonly SmsResult[]): void {
  const of = (read: (result: SmsResult) => number): number => median(results.map(read))
  const ratio = of(({ rowsPerSecond, jobsPerSecond }) => rowsPerSecond / jobsPerSecond)
  process.stdout.write(
    `${title}: ${of((result) => result.rowsPerSecond).toFixed(0)} rows a second, ${ratio.toFixed(2)} of BullMQ alone` +
      `  CPU ${of((result) => result.cpuUs).toFixed(0)} us  p50 ${of((result) => result.p50Ms).toFixed(1)} ms` +
      `  p99 ${of((result) => result.p99Ms).toFixed(1)} ms\n`,
  )
  const names = [...new Set(results.flatMap(({ waits }) => Object.keys(waits)))]
  const waits = names.map((name) => ({ name, ms: of((result) => result.waits[name] ?? 0) }))
  for (const { name, ms } of waits.sort((a, b) => b.ms - a.ms))
    process.stdout.write(`  ${ms.toFixed(2).padStart(8)} ms a message waiting for ${name}\n`)
}
