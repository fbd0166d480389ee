import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Delivery } from './africastalking-client.ts'
import { listDialogueFiles, readDialogue, rewriteDialogue } from './dialogue-file.ts'
import { playDialogue, showDifferences } from './dialogues.ts'
import { openWorld } from './world.ts'

const FOLDER = 'test/dialogues'
const PATIENCE_MS = 10_000

/**
 * Plays every dialogue of a language, each in a world of its own. With UPDATE_DIALOGUES=1 the files are written anew instead. The set returned
 * fills with what actions ended with, `quote-send insufficient`.
 */
export function describeDialogues(language: string, delivery: Delivery): ReadonlySet<string> {
  const outcomes = new Set<string>()
  const record = process.env.UPDATE_DIALOGUES === '1'
  const files = listDialogueFiles(FOLDER).filter((file) => file.endsWith(`.${language}.yaml`))
  describe.each(files.map((file) => [basename(file, '.yaml'), file]))(`%s`, (_, file) => {
    const source = readFileSync(file, 'utf8')
    const read = readDialogue(source)
    test(read.kind === 'dialogue' ? read.dialogue.description : file, async () => {
      if (read.kind === 'wrong') expect.fail(`${file}\n${read.problems.join('\n')}`)
      const world = await openWorld(read.dialogue.given)
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

function outcomesIn(logs: string): string[] {
  const lines = logs.split('\n').filter((line) => line.includes('"event":"action_ran"'))
  return lines.map((line) => {
    const { action, outcome }: { action: string; outcome: string } = JSON.parse(line)
    return `${action} ${outcome}`
  })
}
