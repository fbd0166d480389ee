import { Redis } from 'ioredis'
import { type Measured, measure, median, printMeasured } from './load.ts'
import { openPoster } from './poster.ts'
import { BENCH_PATH, formsOf, openBenchWorld, type Server } from './world.ts'

const AIM = 1.5
const ROUNDS = 7
const DIALOGUES = 3_000
/** Enough that both servers are busy all the time, so that hops a second are what one process can do. */
const CONCURRENCY = 128
/** So that nobody dials twice in a round: who was dropped and dials again is asked whether to go on. */
const PEOPLE = DIALOGUES

type Post = (form: Record<string, string>) => Promise<string>

/**
 * Hops a second and latency of the dialogue dial, 1, number, amount (no PIN), beside an Express 5 handler that parses the form and does
 * one Redis GET and one SET, in turns on the same stores.
 */
export async function benchHop(): Promise<boolean> {
  process.stdout.write(`bench hop: ${ROUNDS} rounds of ${DIALOGUES} dialogues of four hops, ${CONCURRENCY} at a time\n`)
  const world = await openBenchWorld(PEOPLE, 0)
  try {
    const gateway = await world.startGateway()
    const express = await world.startScript('dist/scripts/bench/express-baseline.js', world.redisUrl)
    const [toGateway, toExpress] = [openPoster(gateway.url), openPoster(express.url)]
    const number = (n: number) => world.people[n % PEOPLE]?.number ?? ''
    let played = 0
    const redis = new Redis(world.redisUrl)
    const round = async ({ pid }: Server, post: Post) => {
      const offset = played
      played += DIALOGUES
      await redis.flushdb()
      return measure(pid, DIALOGUES, CONCURRENCY, async (n, timed) => {
        for (const form of formsOf(number(offset + n), ['1', number(offset + n + 1), '500'])) await timed(post(form))
      })
    }
    const ours: Post = async (form) => {
      const screen = await toGateway.post(BENCH_PATH, form)
      if (!screen.startsWith('CON ')) throw new Error(`the dialogue ended: ${screen}`)
      return screen
    }
    const theirs: Post = (form) => toExpress.post('/ussd', form)
    await round(express, theirs)
    await round(gateway, ours)
    const results: { ours: Measured; theirs: Measured }[] = []
    for (let turn = 0; turn < ROUNDS; turn++) {
      const baseline = await round(express, theirs)
      const measured = await round(gateway, ours)
      results.push({ ours: measured, theirs: baseline })
      printMeasured('express', baseline)
      printMeasured('nyota  ', measured)
    }
    redis.disconnect()
    toGateway.close()
    toExpress.close()
    return judge(results)
  } finally {
    await world.close()
  }
}

function judge(results: readonly { ours: Measured; theirs: Measured }[]): boolean {
  const ratio = median(results.map(({ ours, theirs }) => ours.perSecond / theirs.perSecond))
  const cpu = median(results.map(({ ours, theirs }) => (theirs.cpuUs ?? 0) / (ours.cpuUs ?? 1)))
  const met = ratio >= AIM
  const besides = cpu === 0 ? '' : `; by CPU time ${cpu.toFixed(2)}`
  process.stdout.write(`median ratio ${ratio.toFixed(2)} (aim ${AIM}): ${met ? 'met' : 'NOT met'}${besides}\n`)
  return met
}
