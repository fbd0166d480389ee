import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Delivery } from './africastalking-client.ts'
import { listDialogueFiles, readDialogue, rewriteDialogue } from './dialogue-file.ts'
import { playDialogue, showDifferences } from './dialogues.ts'
import { openWorld, type World } from './world.ts'

const FOLDER = 'test/dialogues'
const PATIENCE_MS = 10_000

/**
 * Plays every dialogue of a language, each in a world of its own; while one is played, which is mostly waiting, the next one's opens. With UPDATE_DIALOGUES=1 the files are written anew instead. The set returned
 * fills with what actions ended with, `quote-send insufficient`.
 */
export function describeDialogues(language: string, delivery: Delivery): ReadonlySet<string> {
  const outcomes = new Set<string>()
  const record = process.env.UPDATE_DIALOGUES === '1'
  const files = listDialogueFiles(FOLDER).filter((file) => file.endsWith(`.${language}.yaml`))
  const dialogues = files.map((file) => {
    const source = readFileSync(file, 'utf8')
    return { name: basename(file, '.yaml'), file, source, read: readDialogue(source) }
  })
  const worlds = openAhead(
    dialogues.map(
      ({ read }) =>
        () =>
          openWorld(read.kind === 'dialogue' ? read.dialogue.given : []),
    ),
  )
  afterAll(worlds.close)
  describe.each(dialogues.map((dialogue, at) => [dialogue.name, dialogue, at] as const))('%s', (_, dialogue, at) => {
    const { file, source, read } = dialogue
    test(read.kind === 'dialogue' ? read.dialogue.description : file, async () => {
      if (read.kind === 'wrong') expect.fail(`${file}\n${read.problems.join('\n')}`)
      const world = await worlds.take(at)
      try {
        const played = await playDialogue(read.dialogue, world, { delivery, record, patienceMs: PATIENCE_MS })
        if (record) writeFileSync(file, rewriteDialogue(source, played.observed))
        else if (played.differences.length > 0) expect.fail(`${file}\n${showDifferences(played.differences)}`)
        await world.prove()
        for (const outcome of outcomesIn(world.test.logs())) outcomes.add(outcome)
      } finally {
        await world.close()
      }
    })
  })
  return outcomes
}

/** Opens the world after the one that is taken; what nobody takes is closed at the end. */
function openAhead(openers: readonly (() => Promise<World>)[]) {
  const waiting = new Map<number, Promise<World>>()
  const open = (at: number): void => {
    const opener = openers[at]
    if (opener === undefined || waiting.has(at)) return
    const world = opener()
    // Whoever takes it hears of a failure.
    world.catch(() => undefined)
    waiting.set(at, world)
  }
  return {
    async take(at: number): Promise<World> {
      open(at)
      const world = waiting.get(at)
      waiting.delete(at)
      open(at + 1)
      if (world === undefined) throw new Error(`there is no dialogue ${at}`)
      return world
    },
    async close(): Promise<void> {
      for (const world of await Promise.allSettled(waiting.values())) {
        if (world.status === 'fulfilled') await world.value.close()
      }
    },
  }
}

/** What actions ended with, by the log: `quote-send insufficient`. */
export function outcomesIn(logs: string): string[] {
  const lines = logs.split('\n').filter((line) => line.includes('"event":"action_ran"'))
  return lines.map((line) => {
    const { action, outcome }: { action: string; outcome: string } = JSON.parse(line)
    return `${action} ${outcome}`
  })
}
