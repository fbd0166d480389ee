import { beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Json } from '../../src/menu/contract.ts'
import { type Item, itemsIn, makeCoverage, universeOf } from '../../src/menu/coverage.ts'
import type { MenuEvent, Step } from '../../src/menu/event.ts'
import type { Heard } from '../../src/menu/meaning.ts'
import type { Program } from '../../src/menu/program.ts'
import { begin } from '../../src/menu/session.ts'
import { step } from '../../src/menu/step.ts'
import { AT_MS, amina, compiled } from './support.ts'

let program: Program
beforeAll(async () => {
  program = await compiled()
})

type Played = { readonly items: readonly string[]; readonly heard: readonly (Heard | null)[]; readonly last: Step }

/** Dials and answers; an entry with a colon, `list-shops: ok`, is the outcome of the action that runs. */
function play(entries: readonly string[], values: Record<string, Json> = {}, dialled: readonly string[] = []): Played {
  const open: MenuEvent = { kind: 'open', atMs: AT_MS, dialled: dialled.map((each) => new Secret(each)) }
  const events = entries.map((entry): MenuEvent => {
    const [, outcome] = entry.split(': ')
    if (outcome === undefined) return { kind: 'input', atMs: AT_MS, input: new Secret(entry) }
    return { kind: 'outcome', atMs: AT_MS, outcome, values, rest: [] }
  })
  const items: string[] = []
  const heard: (Heard | null)[] = []
  let session = begin(program, { language: 'en', facts: amina })
  let last: Step | null = null
  for (const event of [open, ...events]) {
    last = step(program, session, event)
    items.push(...itemsIn(program, session, event, last).map(lineOf))
    heard.push(last.heard)
    session = last.session
  }
  if (last === null) throw new Error('nothing was played')
  return { items, heard, last }
}

function lineOf({ language, screen, kind, name }: Item): string {
  return `${language} ${screen} ${kind}${name === '' ? '' : ` ${name}`}`
}

const shops = { shops: [{ id: 'a', name: 'Alpha' }] }

test('all that dialogues can go through is there once for each language, and ways are no places', () => {
  const lines = universeOf(program).map(lineOf)
  expect(new Set(lines).size).toBe(lines.length)
  for (const language of ['en', 'sw']) {
    expect(lines).toContain(`${language} main.home choice 5`)
    expect(lines).toContain(`${language} shops.ask choice 2`)
    expect(lines).toContain(`${language} shops.pick outcome empty`)
    expect(lines).toContain(`${language} shops.pick outcome ok`)
    expect(lines).toContain(`${language} main.balance outcome wrong_pin`)
    expect(lines).toContain(`${language} main.agent screen`)
  }
  expect(lines.filter((line) => /main\.(who|send|shops) /.test(line))).toEqual([])
})

test.each<[string, string[], Record<string, Json>, string[]]>([
  ['a choice and a screen', ['4'], {}, ['en main.home screen', 'en main.home choice 4', 'en main.language screen']],
  ['no choice for a wrong answer', ['9'], {}, ['en main.home screen', 'en main.home screen']],
  [
    'neither back nor home',
    ['4', '0'],
    {},
    ['en main.home screen', 'en main.home choice 4', 'en main.language screen', 'en main.home screen'],
  ],
  [
    'an outcome, in the language in which it came',
    ['4', '2', 'remember-language: ok'],
    { language: 'sw' },
    [
      ...['en main.home screen', 'en main.home choice 4', 'en main.language screen', 'en main.language choice 2'],
      ...['en main.remember screen', 'en main.remember outcome ok', 'sw main.home screen'],
    ],
  ],
  [
    'an outcome that breaks its contract as failed',
    ['2', 'list-shops: ok'],
    {},
    ['en main.home screen', 'en main.home choice 2', 'en shops.pick outcome failed'],
  ],
  [
    'an empty list',
    ['2', 'list-shops: ok'],
    { shops: [] },
    ['en main.home screen', 'en main.home choice 2', 'en shops.pick outcome ok', 'en shops.pick outcome empty'],
  ],
  [
    'last words of an outcome as no screen',
    ['3', '73915', 'check-balance: ok'],
    { balance: '100' },
    ['en main.home screen', 'en main.home choice 3', 'en main.balance screen', 'en main.balance outcome ok'],
  ],
])('a step goes through %s', (_, entries, values, items) => {
  expect(play(entries, values).items).toEqual(items)
})

test('a step says what the answer was', () => {
  const { heard } = play(['9', '4', '0', '00', '2', 'list-shops: ok', '1', '1'], shops)
  expect(heard).toEqual([null, 'invalid', 'answered', 'back', 'home', 'answered', null, 'answered', 'answered'])
  const many = { shops: Array.from({ length: 40 }, (_, at) => ({ id: `${at}`, name: 'A rather long name' })) }
  expect(play(['2', 'list-shops: ok', '98', '0'], many).heard.slice(-2)).toEqual(['page', 'page'])
})

test('of a dialled string it is not said what its answers were', () => {
  expect(play([], {}, ['9']).heard).toEqual([null])
  expect(play([], {}, ['4', '0']).heard).toEqual([null])
})

test('what was gone through is remembered, by language', () => {
  const coverage = makeCoverage()
  const item = { language: 'en', screen: 'main.home', kind: 'choice', name: '1' } as const
  coverage.add([item])
  expect(coverage.has(item)).toBe(true)
  expect(coverage.has({ ...item, language: 'sw' })).toBe(false)
})
