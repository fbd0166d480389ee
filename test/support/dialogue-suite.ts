import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../scripts/dialogues/client.ts'
import { listDialogueFiles, readDialogue, rewriteDialogue } from '../../scripts/dialogues/file.ts'
import { playDialogue, showDifferences } from '../../scripts/dialogues/play.ts'
import { type Coverage, itemsIn, makeCoverage } from '../../src/menu/coverage.ts'
import { openWorld } from './world.ts'

const FOLDER = 'test/dialogues'
const PATIENCE_MS = 10_000

/** An SMS with other words than the file has is waited for in vain. */
const RECORDING_PATIENCE_MS = 2500

/**
 * Plays every dialogue of a language, each in a world of its own. None is opened while another is played: to compile menus holds the process up
 * for longer than a hop waits for Redis. With UPDATE_DIALOGUES=1 the files are written anew instead. What is returned fills with what the dialogues
 * went through.
 */
export function describeDialogues(language: string, delivery: Delivery): Coverage {
  const coverage = makeCoverage()
  const record = process.env.UPDATE_DIALOGUES === '1'
  const files = listDialogueFiles(FOLDER).filter((file) => file.endsWith(`.${language}.yaml`))
  const dialogues = files.map((file) => {
    const source = readFileSync(file, 'utf8')
    return { name: basename(file, '.yaml'), file, source, read: readDialogue(source) }
  })
  describe.each(dialogues.map((dialogue) => [dialogue.name, dialogue] as const))('%s', (_, dialogue) => {
    const { file, source, read } = dialogue
    test(read.kind === 'dialogue' ? read.dialogue.description : file, async () => {
      if (read.kind === 'wrong') expect.fail(`${file}\n${read.problems.join('\n')}`)
      const world = await openWorld(read.dialogue.given, {
        watch: ({ program, before, event, step }) => coverage.add(itemsIn(program, before, event, step)),
      })
      try {
        const played = await playDialogue(read.dialogue, world, {
          delivery,
          record,
          patienceMs: record ? RECORDING_PATIENCE_MS : PATIENCE_MS,
        })
        if (record) writeFileSync(file, rewriteDialogue(source, played.observed))
        else if (played.differences.length > 0) expect.fail(`${file}\n${showDifferences(played.differences)}`)
        await world.prove()
      } finally {
        await world.close()
      }
    })
  })
  return coverage
}
