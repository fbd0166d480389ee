import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { actions } from '../../src/actions/registry.ts'
import type { MenuSources } from '../../src/menu/compile.ts'
import type { ActionContract, Fields, Json } from '../../src/menu/contract.ts'
import type { Step } from '../../src/menu/event.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import { topFrame } from '../../src/menu/session.ts'
import { messageContracts } from '../../src/sms/message-contracts.ts'
import { type Engine, engineIn } from './engine.ts'
import { type Law, laws } from './laws.ts'
import { accept, type Menus } from './menus.ts'
import {
  amina,
  kenya,
  keysProfile,
  menuFolder,
  contracts as smallContracts,
  messageContracts as smallMessages,
} from './support.ts'
import { codesOf, expectToFit, facts, moves, open, settle, typed, type Walk, walkFrom } from './walk.ts'

let engine: Engine
const all = new Map<string, Menus>()
beforeAll(async () => {
  engine = await engineIn(fileURLToPath(new URL('../../src', import.meta.url)))
  const small = await loadMenuSources(menuFolder('small'))
  add('small', small, smallContracts, smallMessages)
  add('keys', { ...small, ...(await keysProfile()) }, smallContracts, smallMessages)
  add(
    'service',
    await loadMenuSources(menuFolder('../../menus')),
    [...actions.values()].map(({ contract }) => contract),
    messageContracts,
  )
})

function add(
  name: string,
  sources: MenuSources,
  contracts: readonly ActionContract[],
  messages: Record<string, Fields>,
): void {
  const { menus, problems } = accept(engine, sources, contracts, messages, kenya)
  if (menus === null) throw new Error(problems.map(describeProblem).join('\n'))
  all.set(name, menus)
}

function menusOf(name: string): Menus {
  const menus = all.get(name)
  if (menus === undefined) throw new Error(`the ${name} menus do not compile`)
  return menus
}

describe.each(['small', 'keys', 'service'])('whatever people type and actions answer, with the %s menus', (name) => {
  test.each(Object.entries<Law>(laws))('%s', (_name, law) => {
    law(engine, fc.constant(menusOf(name)), { numRuns: 200 })
  })

  test('the generated dialogues come to every screen', () => {
    const { program } = menusOf(name)
    const seen = new Set<string>()
    forManyWalks(program, (walk) => {
      for (const { reply } of walk.shown()) seen.add(reply.screen)
    })
    const screens = Object.entries(program.screens)
    const visible = screens.filter(([, { kind }]) => !['call', 'route', 'use'].includes(kind)).map(([id]) => id)
    expect(visible.filter((id) => !seen.has(id))).toEqual([])
  })

  test('the generated dialogues come to every form of a screen', () => {
    const { program } = menusOf(name)
    const seen = new Set<string>()
    forManyWalks(program, (walk) => {
      for (const { before, after } of walk.steps()) {
        if (after.kind !== 'reply') continue
        const { screen } = after.reply
        const { typed: waiting, frames } = after.session
        const stayed = before.state === 'shown' && after.session.state === 'shown' && topFrame(before).at === screen
        if (waiting !== '') seen.add(`${screen} typed`)
        if (stayed && before.wrong < after.session.wrong && before.typed !== waiting) seen.add(`${screen} differ`)
        if (waiting !== '' && topFrame(before).at !== frames.at(-1)?.at) seen.add(`${screen} typed again`)
      }
    })
    const wanted = Object.entries(program.screens).flatMap(([id, screen]) => {
      if (screen.kind === 'list' && screen.filter !== null) return [`${id} typed`, `${id} typed again`]
      return screen.kind === 'input' && screen.twice !== null ? [`${id} typed`, `${id} differ`] : []
    })
    expect(wanted.filter((form) => !seen.has(form))).toEqual([])
  })
})

function forManyWalks(program: Program, look: (walk: Walk) => void): void {
  const languages = fc.constantFrom(...program.languages.map(({ code }) => code))
  fc.assert(
    fc.property(facts, languages, moves, (who, language, stream) =>
      look(walkFrom(engine, program, engine.begin(program, { language, facts: who }), stream, codesOf(program))),
    ),
    MANY,
  )
}

/** Enough to come everywhere, and always the same. */
const MANY: fc.Parameters<unknown> = { numRuns: 900, seed: 4 }

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

test('the pages of a list looked through by letters are the rows that have them, each once and with its own key', () => {
  const { program } = menusOf('small')
  const word = fc.constantFrom('Ana', 'änna', 'BEN', 'Njeri', "N'Jeri", 'Ọla', '12')
  const names = fc.array(
    fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  fc.assert(
    fc.property(names, fc.constantFrom('an', 'njer', 'ola', 'ben', 'Án'), (list, letters) => {
      const rows: Json = list.map((name, index) => ({ id: `${index}`, name }))
      const begins = new RegExp(`(^| )${letters.replace('Á', 'a')}`, 'i')
      const plain = list.map((name) => name.normalize('NFD').replace(/[^A-Za-z0-9 ]/g, ''))
      const wanted = plain.flatMap((name, index) => (begins.test(name) ? [String(index + 1)] : []))
      let last = typed(engine, program, dialShops(program, 'en', rows).session, letters)
      const found: string[] = []
      for (let page = 0; page < 41 && wanted.length > 0; page += 1) {
        expectToFit(program, last.session, last.reply)
        found.push(...last.reply.text.split('\n').slice(1, -1))
        if (last.session.next === null) break
        last = typed(engine, program, last.session, program.keys.more)
      }
      expect(found.map((row) => row.split(' ')[0])).toEqual(wanted)
    }),
    { numRuns: 200 },
  )
})

function dialShops(program: Program, language: string, shops: Json): Step & { kind: 'reply' } {
  const start = engine.begin(program, { language, facts: amina })
  const home = settle(engine, program, engine.step(program, start, open([])))
  return typed(engine, program, home.session, '2', { shops })
}
