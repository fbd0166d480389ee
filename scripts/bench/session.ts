import { Redis } from 'ioredis'
import { openPoster } from './poster.ts'
import { BENCH_PATH, formsOf, openBenchWorld } from './world.ts'

const AIM_BYTES = 1024
/** Sessions left at each screen, so that what Redis needs beside them is shared as in production. */
const SESSIONS_A_SCREEN = 150

/** Dialogues of the shipped menus that stop before any PIN; people are left at the screen that the last answer brings. */
const dialogues: readonly (readonly string[])[] = [
  [],
  ['1'],
  ['1', '<payee>'],
  ['1', '<payee>', '500'],
  ['2'],
  ['2', '1'],
  ['3'],
  ['4'],
  ['5'],
  ['5', '1'],
  ['5', '2'],
  ['5', '3'],
  ['5', '4'],
]

/** Nobody dials twice: who was dropped and dials again is asked whether to go on. */
const PEOPLE = SESSIONS_A_SCREEN * (dialogues.length + 1)

/** Bytes of Redis for a live session, as the growth of its used memory: keys, expiries and indexes included. */
export async function benchSession(): Promise<boolean> {
  process.stdout.write(`bench session: ${SESSIONS_A_SCREEN} sessions at each of ${dialogues.length} screens\n`)
  const world = await openBenchWorld(PEOPLE, 0)
  const redis = new Redis(world.redisUrl)
  try {
    const { url } = await world.startGateway()
    const poster = openPoster(url)
    const number = (n: number) => world.people[n % PEOPLE]?.number ?? ''
    let dialled = 0
    const leave = async (answers: readonly string[]): Promise<void> => {
      for (const last = dialled + SESSIONS_A_SCREEN; dialled < last; dialled++) {
        const filled = answers.map((answer) => (answer === '<payee>' ? number(dialled + 1) : answer))
        for (const form of formsOf(number(dialled), filled)) await poster.post(BENCH_PATH, form)
      }
    }
    // Connections, scripts and the tables of Redis itself are there before anything is measured.
    await leave([])
    const sizes: { screen: string; bytes: number }[] = []
    for (const answers of dialogues) {
      const before = await usedBytes(redis)
      await leave(answers)
      sizes.push({
        screen: ['*384#', ...answers].join(' '),
        bytes: ((await usedBytes(redis)) - before) / SESSIONS_A_SCREEN,
      })
    }
    poster.close()
    for (const { screen, bytes } of sizes)
      process.stdout.write(`  ${bytes.toFixed(0).padStart(6)} bytes after ${screen}\n`)
    const average = sizes.reduce((sum, { bytes }) => sum + bytes, 0) / sizes.length
    const met = average <= AIM_BYTES
    process.stdout.write(
      `a live session takes ${average.toFixed(0)} bytes on average (aim: at most ${AIM_BYTES}), ${(average / AIM_BYTES).toFixed(2)} of it: ${met ? 'met' : 'NOT met'}\n`,
    )
    return met
  } finally {
    redis.disconnect()
    await world.close()
  }
}

/** What Redis has handed out, without what its allocator keeps. */
async function usedBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}
