import { type Measured, measure, median } from './load.ts'
import { openPoster } from './poster.ts'
import { BENCH_PATH, formsOf, openBenchWorld } from './world.ts'

const AIM = 1.5
const ROUNDS = 5
const DIALOGUES = 2_500
const CONCURRENCY = 32
const PEOPLE = 2_000

/**
 * Hops a second and latency of the dialogue dial, 1, number, amount (no PIN), beside an Express 5 handler that parses the form and does
 * one Redis GET and one SET, in turns on the same stores.
 */
export async function benchHop(): Promise<boolean> {
  process.stdout.write(`bench hop: ${ROUNDS} rounds of ${DIALOGUES} dialogues of four hops, ${CONCURRENCY} at a time\n`)
  const world = await openBenchWorld(PEOPLE, 0)
  try {
    const gateway = openPoster(await world.startGateway())
    const express = openPoster(await world.startScript('dist/scripts/bench/express-baseline.js', world.redisUrl))
    const number = (n: number) => world.people[n % PEOPLE]?.number ?? ''
    const forms = (n: number) => formsOf(number(n), ['1', number(n + 1), '500'])
    const round = (total: number, offset: number, post: (form: Record<string, string>) => Promise<string>) =>
      measure(total, CONCURRENCY, async (n, timed) => {
        for (const form of forms(n + offset)) await timed(post(form))
      })
    const ours = async (form: Record<string, string>): Promise<string> => {
      const screen = await gateway.post(BENCH_PATH, form)
      if (!screen.startsWith('CON ')) throw new Error(`the dialogue ended: ${screen}`)
      return screen
    }
    const theirs = (form: Record<string, string>) => express.post('/ussd', form)
    await round(500, 0, ours)
    await round(500, 0, theirs)
    const results: { ours: Measured; theirs: Measured }[] = []
    for (let turn = 0; turn < ROUNDS; turn++) {
      const baseline = await round(DIALOGUES, turn * DIALOGUES, theirs)
      const measured = await round(DIALOGUES, turn * DIALOGUES, ours)
      results.push({ ours: measured, theirs: baseline })
      print('  express', baseline)
      print('  nyota  ', measured)
    }
    gateway.close()
    express.close()
    const ratio = median(results.map((each) => each.ours.perSecond / each.theirs.perSecond))
    const met = ratio >= AIM
    process.stdout.write(`median ratio ${ratio.toFixed(2)} (aim ${AIM}): ${met ? 'met' : 'NOT met'}\n`)
    return met
  } finally {
    await world.close()
  }
}

function print(name: string, { perSecond, p50Ms, p99Ms }: Measured): void {
  process.stdout.write(
    `${name}  ${perSecond.toFixed(0).padStart(6)} hops/s  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms\n`,
  )
}
