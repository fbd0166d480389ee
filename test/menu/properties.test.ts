import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { actions } from '../../src/actions/registry.ts'
import type { ActionContract, Fields, Json } from '../../src/menu/contract.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import type { Step } from '../../src/menu/step.ts'
import { messageContracts } from '../../src/sms/message-contracts.ts'
import { type Engine, engineIn } from './engine.ts'
import { type Law, laws } from './laws.ts'
import { accept, type Menus } from './menus.ts'
import { amina, kenya, menuFolder, contracts as smallContracts, messageContracts as smallMessages } from './support.ts'
import { expectToFit, facts, moves, open, settle, typed, walkFrom } from './walk.ts'

let engine: Engine
const all = new Map<string, Menus>()
beforeAll(async () => {
  engine = await engineIn(fileURLToPath(new URL('../../src', import.meta.url)))
  await add('small', menuFolder('small'), smallContracts, smallMessages)
  await add(
    'service',
    menuFolder('../../menus'),
    [...actions.values()].map(({ contract }) => contract),
    messageContracts,
  )
})

async function add(
  name: string,
  folder: string,
  contracts: readonly ActionContract[],
  messages: Record<string, Fields>,
): Promise<void> {
  const { menus, problems } = accept(engine, await loadMenuSources(folder), contracts, messages, kenya)
  if (menus === null) throw new Error(problems.map(describeProblem).join('\n'))
  all.set(name, menus)
}

function menusOf(name: string): Menus {
  const menus = all.get(name)
  if (menus === undefined) throw new Error(`the ${name} menus do not compile`)
  return menus
}

describe.each(['small', 'service'])('whatever people type and actions answer, with the %s menus', (name) => {
  test.each(Object.entries<Law>(laws))('%s', (_name, law) => {
    law(engine, fc.constant(menusOf(name)), { numRuns: 200 })
  })

  test('the generated dialogues come to every screen', () => {
    const { program } = menusOf(name)
    const seen = new Set<string>()
    const languages = fc.constantFrom(...program.languages.map(({ code }) => code))
    fc.assert(
      fc.property(facts, languages, moves, (who, language, stream) => {
        const start = engine.begin(program, { language, facts: who })
        for (const { reply } of walkFrom(engine, program, start, stream).shown()) seen.add(reply.screen)
      }),
      MANY,
    )
    const screens = Object.entries(program.screens)
    const visible = screens.filter(([, { kind }]) => !['call', 'route', 'use'].includes(kind)).map(([id]) => id)
    expect(visible.filter((id) => !seen.has(id))).toEqual([])
  })
})

/** Enough to come everywhere, and always the same. */
const MANY: fc.Parameters<unknown> = { numRuns: 600, seed: 1 }

test('the pages of a list together are the list, whatever is in its rows', () => {
  const { program } = menusOf('small')
  const names = fc.array(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 25 }).map((text) => `<${text.replaceAll('{', '(')}>`),
    { minLength: 1, maxLength: 40 },
  )
  fc.assert(
    fc.property(names, fc.constantFrom('en', 'sw'), (list, language) => {
      const shops: Json = list.map((name, index) => ({ id: `${index}`, name }))
      let last = dialShops(program, language, shops)
      const rows: string[] = []
      for (let page = 0; page < 41; page += 1) {
        expectToFit(program, last.session, last.reply)
        rows.push(...last.reply.text.split('\n').slice(1, -1))
        if (last.session.next === null) break
        last = typed(engine, program, last.session, program.keys.more)
      }
      expect(rows.map((row) => row.split(' ')[0])).toEqual(list.map((_, index) => String(index + 1)))
      for (const index of list.keys()) {
        const { session } = typed(engine, program, last.session, String(index + 1))
        expect(session.frames.at(-1)?.variables).toMatchObject({ shop: `${index}` })
      }
    }),
    { numRuns: 200 },
  )
})

function dialShops(program: Program, language: string, shops: Json): Step & { kind: 'reply' } {
  const start = engine.begin(program, { language, facts: amina })
  const home = settle(engine, program, engine.step(program, start, open([])))
  return typed(engine, program, home.session, '2', { shops })
}
