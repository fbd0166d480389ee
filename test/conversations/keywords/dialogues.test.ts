import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { keywords } from '../../../src/conversations/keywords/registry.ts'
import type { SmsConversation } from '../../../src/conversations/sms.ts'
import { type KeywordWorld, makeKeywordWorld } from '../sms-world.ts'

/** Each of the texts, from somebody who was not answered before, is answered so. */
type Dialogue = {
  readonly case: string
  /** Amina unless stated; the number of a stranger. */
  readonly from?: string
  readonly texts: readonly string[]
  readonly answers: readonly string[]
  /** The keyword that it is about; none where the text is no keyword. */
  readonly keyword?: string
}

const FOLDER = new URL('.', import.meta.url)
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'))
const dialoguesOf = (file: string): readonly Dialogue[] => parse(readFileSync(new URL(file, FOLDER), 'utf8'))

let world: KeywordWorld
let conversation: SmsConversation
beforeAll(async () => {
  world = await makeKeywordWorld()
  conversation = world.conversation()
})
afterAll(() => world.db.drop())

test('every keyword has its cases in every language, and every language its file', () => {
  expect(files.map((file) => file.replace('.yaml', '')).sort()).toEqual(
    world.program.languages.map(({ code }) => code).sort(),
  )
  for (const file of files) {
    const shown = new Set(dialoguesOf(file).flatMap(({ keyword }) => (keyword === undefined ? [] : [keyword])))
    expect([...shown].sort(), file).toEqual([...keywords.keys()].sort())
  }
})

describe.each(files)('%s', (file) => {
  test.each(dialoguesOf(file))('$case', async ({ from = 'amina', texts, answers }) => {
    for (const text of texts) {
      await world.forget()
      // A language is remembered, so it is set anew.
      if (!from.startsWith('+')) await world.speak(from, file.replace('.yaml', ''))
      await world.send(conversation, from, text)
      expect(
        (await world.outbox()).map((sms) => sms.text),
        JSON.stringify(text),
      ).toEqual(answers)
    }
  })
})
