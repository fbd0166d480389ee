import { availableParallelism } from 'node:os'
import { measure, printMeasured } from './load.ts'
import { openPoster } from './poster.ts'
import { BENCH_PATH, BENCH_PIN, formsOf, openBenchWorld } from './world.ts'

const PEOPLE = 200
const WITH_PIN = 60
const DIALOGUES = 600
const BROWSERS = 4

/** The 99th percentile of ordinary hops while PIN checks run at full capacity, beside the same hops without. */
export async function benchPin(): Promise<boolean> {
  process.stdout.write(`bench pin: ${DIALOGUES} dialogues of three hops, alone and beside as many PIN checks as fit\n`)
  const world = await openBenchWorld(PEOPLE, WITH_PIN)
  try {
    const { url } = await world.startGateway()
    const poster = openPoster(url)
    const number = (n: number) => world.people[WITH_PIN + (n % (PEOPLE - WITH_PIN))]?.number ?? ''
    const browse = (total: number) =>
      measure(null, total, BROWSERS, async (n, timed) => {
        for (const form of formsOf(number(n), ['1', '0'])) await timed(poster.post(BENCH_PATH, form))
      })
    await browse(200)
    const alone = await browse(DIALOGUES)

    const checks = { done: 0, busy: 0, running: true }
    const callers = openPoster(url)
    const flood = Promise.all(
      Array.from({ length: 8 * availableParallelism() }, async (_, caller) => {
        const phone = world.people[caller % WITH_PIN]?.number ?? ''
        while (checks.running) {
          let screen = ''
          for (const form of formsOf(phone, ['3', BENCH_PIN])) screen = await callers.post(BENCH_PATH, form)
          if (screen.startsWith('END Your balance')) checks.done += 1
          else checks.busy += 1
        }
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 1000))
    checks.done = 0
    const from = performance.now()
    const beside = await browse(DIALOGUES)
    const seconds = (performance.now() - from) / 1000
    const perSecond = checks.done / seconds
    checks.running = false
    await flood
    callers.close()
    poster.close()
    printMeasured('alone            ', alone)
    printMeasured('beside PIN checks', beside)
    process.stdout.write(
      `p99 of ordinary hops ${alone.p99Ms.toFixed(1)} ms alone, ${beside.p99Ms.toFixed(1)} ms beside ${perSecond.toFixed(0)} PIN checks a second ` +
        `(${checks.busy} more turned away as busy): ${(beside.p99Ms / alone.p99Ms).toFixed(1)} times\n`,
    )
    return true
  } finally {
    await world.close()
  }
}
