import { describe, expect, test } from 'vitest'
import { breaksHabits, compareMenus, type Difference } from '../../../scripts/menus/diff/compare.ts'
import { printDifference } from '../../../scripts/menus/diff/print.ts'
import type { Draft } from '../../../src/menu/compile.ts'
import { drafted, edited, smallSources } from './support.ts'

const sources = await smallSources()
const { draft } = drafted(sources)

const nothing: Difference = {
  added: [],
  removed: [],
  moved: [],
  keys: [],
  shortcuts: [],
  languages: { added: [], removed: [] },
  texts: [],
  longer: [],
  actions: { added: [], removed: [] },
  times: [],
}

type Edit = readonly [file: string, from: string, to: string]

function changedBy(...edits: readonly Edit[]): Difference {
  const changed = edits.reduce((all, [file, from, to]) => edited(all, file, from, to), sources)
  return compareMenus(draft, drafted(changed).draft)
}

const cases: readonly {
  what: string
  edits: readonly Edit[]
  expected: Partial<Difference>
  breaks: boolean
}[] = [
  { what: 'the same menus', edits: [], expected: {}, breaks: false },
  {
    what: 'a key that leads elsewhere',
    edits: [['main.yaml', 'text: Shops, go: shops', 'text: Shops, go: balance']],
    expected: {
      keys: [{ screen: 'main.home', key: '2', before: 'main.shops', after: 'main.balance' }],
      times: [{ screen: 'main.home', before: 3000, after: 0 }],
    },
    breaks: true,
  },
  {
    what: 'a choice that has moved to another key',
    edits: [
      ['main.yaml', '{ key: "3", text: Balance', '{ key: "8", text: Balance'],
      ['languages/sw.yaml', 'main.home.choice.3', 'main.home.choice.8'],
    ],
    expected: { keys: [{ screen: 'main.home', key: '3', before: 'main.balance', after: null }] },
    breaks: true,
  },
  {
    what: 'a key of navigation that means another way, or none',
    edits: [['service.yaml', 'key: "00"', 'key: "99"']],
    expected: { keys: [{ screen: 'service', key: '00', before: 'home', after: null }] },
    breaks: true,
  },
  {
    what: 'a text, in its language only',
    edits: [['languages/sw.yaml', 'Tuma pesa', 'Tuma']],
    expected: {
      texts: [{ language: 'sw', key: 'main.home.choice.1', before: 'Tuma pesa', after: 'Tuma' }],
    },
    breaks: false,
  },
]

describe('told, and nothing but that:', () => {
  test.each(cases)('$what', ({ edits, expected, breaks }) => {
    const { texts, longer, ...rest } = changedBy(...edits)
    const { texts: expectedTexts, ...others } = { ...nothing, ...expected }
    expect({ ...rest, longer: [] }).toEqual({ ...others, longer: [] })
    if (expectedTexts.length > 0 || edits.length === 0)
      expect({ texts, longer }).toEqual({ texts: expectedTexts, longer: [] })
    expect(breaksHabits(changedBy(...edits))).toBe(breaks)
  })
})

test('a screen on the way to the same flow moves no key', () => {
  const found = changedBy(
    ['main.yaml', 'text: Send money, go: send }', 'text: Send money, go: send_first }'],
    [
      'main.yaml',
      '\n  send:\n',
      '\n  send_first:\n    use: send\n    set: { receipt: reference }\n    go: sent\n  send:\n',
    ],
  )
  expect(found).toMatchObject({ keys: [], added: ['main.send_first'] })
})

test('a screen that says what it was has moved, with its keys and texts; without that it is another one', () => {
  const edits: readonly Edit[] = [
    ['main.yaml', '\n  sent:\n', '\n  receipt:\n'],
    ['main.yaml', 'go: sent', 'go: receipt'],
  ]
  const renamed = edits.reduce((all, [file, from, to]) => edited(all, file, from, to), sources)
  const swahili = (renamed['languages/sw.yaml'] ?? '').replaceAll('main.sent.', 'main.receipt.')
  const next = drafted({ ...renamed, 'languages/sw.yaml': swahili }).draft
  expect(compareMenus(draft, next)).toMatchObject({ added: ['main.receipt'], removed: ['main.sent'], moved: [] })
  const declared: Draft = {
    ...next,
    program: { ...next.program, moved: { 'main.sent': 'main.receipt' } } as Draft['program'],
  }
  expect(compareMenus(draft, declared)).toEqual({ ...nothing, moved: [{ from: 'main.sent', to: 'main.receipt' }] })
})

test('a published shortcut that leads elsewhere breaks habits, and a new one does not', () => {
  const published = (shortcuts: readonly { template: string; screen: string }[]): Draft => ({
    ...draft,
    program: { ...draft.program, shortcuts } as Draft['program'],
  })
  const [old, other] = [
    { template: '1*{to}', screen: 'send.to' },
    { template: '3', screen: 'main.balance' },
  ]
  const added = compareMenus(published([old]), published([old, other]))
  expect(added.shortcuts).toEqual([{ template: '3', before: null, after: 'main.balance' }])
  expect(breaksHabits(added)).toBe(false)
  const moved = compareMenus(published([old]), published([{ ...old, screen: 'main.shops' }]))
  expect(moved.shortcuts).toEqual([{ template: '1*{to}', before: 'send.to', after: 'main.shops' }])
  expect(breaksHabits(moved)).toBe(true)
})

test('longer screens, actions and times are told, in words too', () => {
  const { worst, program } = draft
  const longer: Draft = {
    ...draft,
    worst: worst.map((each) => (each.screen === 'main.home' ? { ...each, units: each.limit + 3 } : each)),
    program: {
      ...program,
      screens: Object.fromEntries(Object.entries(program.screens).filter(([id]) => id !== 'main.balance')),
      actions: Object.fromEntries(
        Object.entries(program.actions).map(([name, action]) => [
          name,
          { ...action, deadlineMs: action.deadlineMs + 500 },
        ]),
      ),
    },
  }
  const found = compareMenus(draft, longer)
  expect(found.removed).toEqual(['main.balance'])
  expect(found.actions).toEqual({ added: [], removed: ['check-balance'] })
  expect(found.longer.map(({ screen, language }) => `${screen} ${language}`)).toEqual(['main.home en', 'main.home sw'])
  expect(found.times).toContainEqual({ screen: 'send.to', before: 3000, after: 3500 })
  expect(printDifference(found)).toContain('main.home in en: ')
  expect(printDifference(found)).toContain('too long by 3')
  expect(printDifference(found)).toContain('  - check-balance\n')
  expect(printDifference(nothing)).toBe('')
})
