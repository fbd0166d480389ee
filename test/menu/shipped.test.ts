import { describe, expect, test } from 'vitest'
import { compileFor } from '../../scripts/menus/sources.ts'
import { markets } from '../../src/domain/markets.ts'
import { exitsOf } from '../../src/menu/checks/exits.ts'
import { type Graph, graphOf, isVisible } from '../../src/menu/checks/graph.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program, Screen, ScreenId, Template, TextKey } from '../../src/menu/program.ts'
import { menuFolder } from './support.ts'

const sources = await loadMenuSources(menuFolder('../../menus'))

/** What people have learnt by heart: never to be moved. */
const FIRST_KEYS = {
  ...{ 1: 'main.send', 2: 'main.bill', 3: 'main.balance', 4: 'main.statement', 5: 'main.account' },
  ...{ 6: 'main.airtime', 7: 'main.requests' },
}

/** Where a PIN is typed over money, and the variable that says who gets it. */
const PAYEES = {
  'airtime.confirm': 'to',
  'other-accounts.in_confirm': 'name',
  'other-accounts.out_confirm': 'name',
  'pay-bill.confirm': 'biller_name',
  'pay-bill.confirm_from': 'biller_name',
  'requests.confirm': 'name',
  // Nobody else: the words say that it is savings.
  'savings.confirm_in': 'amount',
  'savings.confirm_out': 'amount',
  'send-money.confirm': 'name',
  'send-money.confirm_from': 'name',
}

/** Screens with nothing before them to go back to: the first ones, and those after an answer that cannot be taken back. */
const WITHOUT_BACK = [
  'activate.code',
  'activate.terms',
  'main.services',
  'my-account.forgot_answer',
  'new-pin.choose',
  'new-pin.repeat',
]

/** Of these, the first ones, which are home. */
const WITHOUT_HOME = ['activate.code', 'main.services']

const languages = ['am', 'en', 'fr', 'sw']

describe.each([...markets.values()].map((market) => [market.code, market] as const))('in %s', (_, market) => {
  const result = compileFor(market, sources)
  if (result.kind === 'refused') throw new Error(result.problems.map(describeProblem).join('\n'))
  const { program, warnings } = result
  const graph = graphOf(program)
  const screens = Object.entries(program.screens)

  test('the compiler finds nothing wrong with the menus, nor anything to warn of', () => {
    expect(warnings.map(describeProblem)).toEqual([])
    expect(program.languages.map(({ code }) => code).sort()).toEqual(languages)
  })

  test('no menus but the first, one’s account and other accounts offer more than five options, and they are numbered from 1', () => {
    const offered = screens.flatMap(([id, screen]) => (screen.kind === 'menu' ? [{ id, keys: keysOf(screen) }] : []))
    expect(
      offered
        .filter(({ keys }) => keys.length > 5)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['main.services', 'my-account.account', 'other-accounts.accounts'])
    for (const { id, keys } of offered) expect({ id, keys }).toEqual({ id, keys: keys.map((_, at) => String(at + 1)) })
  })

  test('the keys of the first screen lead where they always led', () => {
    const first = program.screens['main.services']
    const choices = first?.kind === 'menu' ? first.choices : []
    expect(Object.fromEntries(choices.map(({ key, route }) => [key, route.go]))).toEqual(FIRST_KEYS)
  })

  test('back and home are offered wherever there is a way back', () => {
    const exits = exitsOf(graph)
    const seen = screens.flatMap(([id, screen]) => (isVisible(screen) ? [id] : [])).sort()
    expect(seen.filter((id) => exits.get(id)?.back !== true)).toEqual(WITHOUT_BACK)
    expect(seen.filter((id) => exits.get(id)?.home !== true)).toEqual(WITHOUT_HOME)
  })

  test.each(languages)('the footer in %s says which key does what, in each form', (language) => {
    const { back, home, more } = program.keys
    for (const [name, key] of Object.entries({ back, home, more })) {
      for (const form of formsOf(program, language, `service.navigation.${name}`))
        expect(written(form)).toMatch(new RegExp(`^${key} \\S`))
    }
  })

  test.each(languages)(
    'whoever types a PIN over money in %s has read payee, amount, fee and total, in each form',
    (language) => {
      const confirmations = screens.flatMap(([id, screen]) => (movesMoney(program, screen) ? [id] : []))
      expect(confirmations.sort()).toEqual(Object.keys(PAYEES))
      for (const [id, payee] of Object.entries(PAYEES)) {
        for (const form of formsOf(program, language, `${id}.text`))
          expect(shown(form).map(({ name }) => name)).toEqual(expect.arrayContaining([payee, 'amount', 'fee', 'total']))
      }
    },
  )

  test.each(languages)('the amount stands in words on what is confirmed in %s, where there is room', (language) => {
    for (const id of Object.keys(PAYEES)) {
      const [full] = formsOf(program, language, `${id}.text`)
      expect(full === undefined ? [] : shown(full)).toContainEqual({ name: 'amount', as: 'words' })
    }
  })

  test.each(languages)(
    'whoever types a PIN over an order in %s has read payee, amount, days and bound, in each form',
    (language) => {
      const orders = screens.flatMap(([id, screen]) =>
        screen.kind === 'confirm' && screen.action === 'schedule-transfer' ? [id] : [],
      )
      expect(orders.sort()).toEqual(
        ['confirm_monthly', 'confirm_once', 'confirm_weekly'].map((id) => `scheduled.${id}`),
      )
      for (const id of orders) {
        const wanted = ['name', 'amount', 'first', 'most', ...(id === 'scheduled.confirm_once' ? [] : ['times'])]
        const forms = formsOf(program, language, `${id}.text`)
        for (const form of forms) expect(shown(form).map(({ name }) => name)).toEqual(expect.arrayContaining(wanted))
        expect(shown(forms[0] ?? { parts: [], gsm7: true }).map(({ name }) => name)).toContain('fee')
      }
    },
  )

  test('money is sent on the fifth screen at the latest, a balance is told after two answers', () => {
    expect(fewestAnswers(graph, 'send-money.confirm')).toBeLessThan(5)
    expect(fewestAnswers(graph, 'main.balance')).toBeLessThan(2)
  })
})

function keysOf(screen: Extract<Screen, { kind: 'menu' }>): readonly string[] {
  return screen.choices.map(({ key }) => key)
}

function movesMoney(program: Program, screen: Screen): boolean {
  return (
    screen.kind === 'confirm' &&
    program.actions[screen.action]?.effect === 'write' &&
    screen.with.some(({ to }) => to === 'quote')
  )
}

/** A text in full, and then its short forms. */
function formsOf(program: Program, language: string, key: TextKey): readonly Template[] {
  const forms: Template[] = []
  for (let form = program.texts[language]?.[key]; form !== undefined; form = form.short) forms.push(form)
  expect(forms).not.toEqual([])
  return forms
}

function shown({ parts }: Template): readonly { name: string; as: string }[] {
  return parts.flatMap((part) => (typeof part === 'string' ? [] : [{ name: part.value.name, as: part.as }]))
}

function written({ parts }: Template): string {
  return parts.map((part) => (typeof part === 'string' ? part : '')).join('')
}

/** How many answers come before the screen is shown, on the shortest way there. */
function fewestAnswers(graph: Graph, screen: ScreenId): number {
  let open = new Set([graph.start])
  const seen = new Set<string>()
  for (let answers = 0; open.size > 0; answers += 1) {
    const later = new Set<string>()
    for (const key of open) {
      const node = graph.nodes.get(key)
      if (node === undefined || seen.has(key)) continue
      seen.add(key)
      if (node.id === screen) return answers
      for (const { way, to } of node.edges) (way.asked ? later : open).add(to)
    }
    open = later
  }
  return Number.POSITIVE_INFINITY
}
