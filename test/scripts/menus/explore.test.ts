import { beforeAll, describe, expect, test } from 'vitest'
import { type Finding, walk } from '../../../scripts/menus/explore/walk.ts'
import { universeOf } from '../../../src/menu/coverage.ts'
import type { Program, Route, Screen } from '../../../src/menu/program.ts'
import { compiled } from '../../menu/support.ts'

let sound: Program
beforeAll(async () => {
  sound = await compiled()
})

type Kind<K extends Screen['kind']> = Screen & { readonly kind: K }

/** The small menus with one screen made otherwise, as no compiler would. */
function changed<K extends Screen['kind']>(id: string, kind: K, change: (screen: Kind<K>) => Screen): Program {
  const screen = sound.screens[id]
  if (screen?.kind !== kind) throw new Error(`${id} is no ${kind}`)
  return { ...sound, screens: { ...sound.screens, [id]: change(screen as Kind<K>) } }
}

function withText(key: string, text: string): Program {
  return { ...sound, texts: { ...sound.texts, sw: { ...sound.texts.sw, [key]: { gsm7: true, parts: [text] } } } }
}

const again: Route = { set: [], say: null, go: 'again' }
const home: Route = { set: [], say: null, go: 'home' }

/** Every end leads home instead, and wrong answers too go nowhere else. */
function withoutEnds(): Program {
  const screens = Object.entries(sound.screens).map(([id, screen]): [string, Screen] => {
    // Without an end a walk through bookings goes on for long.
    if (screen.kind === 'end' || id === 'main.booking')
      return [id, { kind: 'route', cases: [], otherwise: 'main.settings' }]
    if (!('outcomes' in screen)) return [id, screen]
    const outcomes = Object.entries(screen.outcomes).map(([name, route]) => [name, route.go === 'end' ? home : route])
    return [id, { ...screen, outcomes: Object.fromEntries(outcomes), ...('empty' in screen ? { empty: null } : {}) }]
  })
  return { ...sound, screens: Object.fromEntries(screens) }
}

describe('a walk through all menus', () => {
  test('comes to everything that there is, in some language, and finds nothing wrong with sound menus', () => {
    const { findings, coverage, longest, states } = walk(sound)
    expect(findings).toEqual([])
    expect(states).toBeGreaterThan(Object.keys(sound.screens).length)
    const missing = universeOf(sound).filter((item) => !coverage.has(item))
    // What only English offers.
    expect(missing.every(({ language }) => language === 'sw')).toBe(true)
    expect(longest.filter(({ language }) => language === 'sw').length).toBeGreaterThan(5)
  })

  const wrong: [Finding['kind'], string, () => Program, Partial<Finding>][] = [
    [
      'throws',
      'a text that is gone',
      () => {
        const { 'main.language.text': _, ...texts } = sound.texts.sw ?? {}
        return { ...sound, texts: { ...sound.texts, sw: texts } }
      },
      { language: 'sw', screen: 'main.home', what: 'no text main.language.text in sw' },
    ],
    [
      'throws',
      'an outcome without a way',
      () => changed('shops.ask', 'confirm', (ask) => ({ ...ask, outcomes: {} })),
      { screen: 'shops.ask' },
    ],
    [
      'wide',
      'words beyond the screen',
      () => withText('main.language.text', 'm'.repeat(155)),
      { language: 'sw', screen: 'main.language' },
    ],
    [
      'wide',
      'more lines than a screen has',
      () => withText('main.language.text', 'm\n'.repeat(11)),
      { language: 'sw', screen: 'main.language' },
    ],
    [
      'spins',
      'an action that is run again at once',
      () => changed('main.remember', 'call', (call) => ({ ...call, outcomes: { ...call.outcomes, ok: again } })),
      { screen: 'main.remember' },
    ],
    ['endless', 'no end anywhere', withoutEnds, { what: 'no way from here leads to an end' }],
    [
      'endless',
      'wrong answers that go on',
      () => ({ ...sound, attempts: 1000 }),
      { what: 'wrong answers never end it' },
    ],
    [
      'unreached',
      'a screen that nothing leads to',
      () => ({ ...sound, screens: { ...sound.screens, 'main.lost': { kind: 'end', sms: [] } } }),
      { screen: 'main.lost', what: 'is never come to', language: '' },
    ],
    [
      'unreached',
      'a choice that is never offered',
      () =>
        changed('main.home', 'menu', (menu) => ({
          ...menu,
          choices: menu.choices.map((choice) =>
            choice.key === '4'
              ? { ...choice, when: { op: 'in', left: { from: 'fact', name: 'name' }, among: [] } }
              : choice,
          ),
        })),
      { screen: 'main.home', what: 'choice 4 is never taken' },
    ],
  ]
  test.each(wrong)('finds what %s: %s', (kind, _, program, finding) => {
    expect(walk(program()).findings).toContainEqual(expect.objectContaining({ kind, ...finding }))
  })

  test('says where it stopped before it was through', () => {
    expect(walk(sound, 10).findings).toContainEqual(expect.objectContaining({ kind: 'unwalked' }))
  })

  test('tells the way to what it finds', () => {
    const { findings } = walk(withText('main.language.text', 'm'.repeat(155)))
    expect(findings[0]?.path).toEqual(['dials (sw, active)', 'types 4'])
  })

  test('tries values around those that conditions turn on', () => {
    const program = changed('main.who', 'route', (route) => route)
    const due = { from: 'variable', name: 'amount' } as const
    const when = {
      op: 'compare',
      by: '==',
      numeric: true,
      left: due,
      right: { from: 'literal', value: '12345' },
    } as const
    const amount = Object.entries(program.screens).find(
      ([, screen]) => screen.kind === 'input' && screen.as === 'amount',
    )
    const [id, screen] = amount ?? ['', null]
    if (screen?.kind !== 'input') throw new Error('there is no amount')
    const screens: Program['screens'] = {
      ...program.screens,
      [id]: { ...screen, go: 'send.exact' },
      'send.exact': { kind: 'route', cases: [{ when, go: 'send.found' }], otherwise: screen.go },
      'send.found': { kind: 'end', sms: [] },
    }
    const found = { 'send.found.text': { gsm7: true, parts: ['Exactly.'] } }
    const texts = { en: { ...sound.texts.en, ...found }, sw: { ...sound.texts.sw, ...found } }
    expect(walk({ ...program, screens, texts }).findings).toEqual([])
  })
})
