import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { actions } from '../../src/actions/registry.ts'
import { countSeptets } from '../../src/domain/gsm7.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { compile, type MenuSources } from '../../src/menu/compile.ts'
import type { ActionContract, Fields, Json } from '../../src/menu/contract.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program, Type, Types } from '../../src/menu/program.ts'
import { type Reply, screenOf } from '../../src/menu/render.ts'
import { begin, type Facts, type MenuSession, topFrame } from '../../src/menu/session.ts'
import { sessionFromJson, sessionToJson } from '../../src/menu/session-json.ts'
import type { Dialled } from '../../src/menu/shortcut.ts'
import { mayBeSecret } from '../../src/menu/shortcut.ts'
import { type MenuEvent, type RunEffect, type Step, step } from '../../src/menu/step.ts'
import { lastFormOf, limitsOf } from '../../src/menu/text.ts'
import { messageContracts } from '../../src/sms/message-contracts.ts'
import {
  AT_MS,
  kenya,
  keysProfile,
  menuFolder,
  contracts as smallContracts,
  messageContracts as smallMessages,
} from './support.ts'

const programs = new Map<string, Program>()
/** The most units of a screen in a language, as proved by the compiler. */
const bounds = new Map<string, number>()
/** The languages with short forms, where a screen in full is bounded by its limit alone. */
const shortened = new Map<string, ReadonlySet<string>>()
beforeAll(async () => {
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
) {
  const result = compile(sources, contracts, messages, kenya)
  if (result.kind === 'refused') throw new Error(result.problems.map(describeProblem).join('\n'))
  programs.set(name, result.program)
  const short = Object.entries(result.program.texts).filter(([, texts]) => lastFormOf(Object.values(texts)) > 0)
  shortened.set(name, new Set(short.map(([language]) => language)))
  for (const { language, screen, units } of result.worst) bounds.set(`${name} ${language} ${screen}`, units)
}

/** What a stream is made of: an answer, sensible or not, and how the actions that it starts end. */
type Move = {
  readonly noise: string | null
  readonly pick: number
  readonly ending: number
  readonly values: fc.GeneratorValue
}

/** Enough to come everywhere, and always the same. */
const MANY: fc.Parameters<unknown> = { numRuns: 600, seed: 1 }

const CANARY = '73915'
const noise = fc.oneof(
  fc.constantFrom('0', '00', '98', '97', '#', '7', '', 'x', '٣', '12345678901'),
  fc.string({ unit: 'grapheme' }),
)
const move: fc.Arbitrary<Move> = fc.record({
  noise: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: noise }),
  pick: fc.nat(99),
  ending: fc.nat(99),
  values: fc.gen(),
})
const moves = fc.array(move, { maxLength: 25, size: 'max' })
const facts: fc.Arbitrary<Facts> = fc.record({
  status: fc.constantFrom('unknown', 'enrolled', 'active', 'active', 'active'),
  name: fc.string({ unit: 'grapheme', maxLength: 60 }),
  firstName: fc.string({ unit: 'grapheme', maxLength: 30 }),
  number: fc.constant('+254712345678' as Msisdn),
})

describe.each(['small', 'keys', 'service'])('whatever people type and actions answer, with the %s menus', (name) => {
  const check = (property: (program: Program, walk: Walk) => void, options: fc.Parameters<unknown> = {}): void => {
    const program = programs.get(name)
    if (program === undefined) throw new Error(`the ${name} menus do not compile`)
    const languages = fc.constantFrom(...program.languages.map(({ code }) => code))
    fc.assert(
      fc.property(facts, languages, moves, (who, language, stream) =>
        property(program, walkFrom(program, begin(program, { language, facts: who }), stream)),
      ),
      { numRuns: 200, ...options },
    )
  }

  test('there is always a screen, no longer than the compiler has proved', () => {
    check((program, walk) => {
      for (const { reply, session } of walk.shown()) {
        expectToFit(program, session, reply)
        const bound =
          program.screens[reply.screen]?.kind === 'list' || shortened.get(name)?.has(session.language)
            ? limitsOf(program, session.channel)[reply.encoding]
            : bounds.get(`${name} ${session.language} ${reply.screen}`)
        expect(reply.units, reply.text).toBeLessThanOrEqual(bound ?? 0)
      }
    })
  })

  test('the generated dialogues come to every screen', () => {
    const seen = new Set<string>()
    check((_program, walk) => {
      for (const { reply } of walk.shown()) seen.add(reply.screen)
    }, MANY)
    const screens = Object.entries(programs.get(name)?.screens ?? {})
    const visible = screens.filter(([, { kind }]) => !['call', 'route', 'use'].includes(kind)).map(([id]) => id)
    expect(visible.filter((id) => !seen.has(id))).toEqual([])
  })

  test('the generated dialogues come to every form of a screen', () => {
    const seen = new Set<string>()
    check((_program, walk) => {
      for (const { before, after } of walk.steps()) {
        if (after.kind !== 'reply') continue
        const { screen } = after.reply
        const { typed, frames } = after.session
        const stayed = before.state === 'shown' && after.session.state === 'shown' && topFrame(before).at === screen
        if (typed !== '') seen.add(`${screen} typed`)
        if (stayed && before.wrong < after.session.wrong && before.typed !== typed) seen.add(`${screen} differ`)
        if (typed !== '' && topFrame(before).at !== frames.at(-1)?.at) seen.add(`${screen} typed again`)
      }
    }, MANY)
    const wanted = Object.entries(programs.get(name)?.screens ?? {}).flatMap(([id, screen]) => {
      if (screen.kind === 'list' && screen.filter !== null) return [`${id} typed`, `${id} typed again`]
      return screen.kind === 'input' && screen.twice !== null ? [`${id} typed`, `${id} differ`] : []
    })
    expect(wanted.filter((form) => !seen.has(form))).toEqual([])
  })

  test('a step changes nothing but what it returns, and the same event twice gives the same', () => {
    check((program, walk) => {
      for (const { before, event, after } of walk.steps()) {
        const frozen = deepFreeze(before)
        expect(step(program, frozen, event)).toEqual(after)
      }
    })
  })

  test('a session stored and read again is the same session', () => {
    check((_program, walk) => {
      for (const { session } of walk.shown())
        expect(sessionFromJson(JSON.parse(JSON.stringify(sessionToJson(session))))).toEqual(session)
    })
  })

  test('no secret is ever in a session, on a screen or among the values of an action', () => {
    check((_program, walk) => {
      for (const { after } of walk.steps()) expect(JSON.stringify(after)).not.toContain(CANARY)
    })
  })

  test('an action runs at most thrice between two screens', () => {
    check((_program, walk) => {
      let runs = 0
      for (const { after } of walk.steps()) {
        runs = after.kind === 'run' ? runs + 1 : 0
        expect(runs).toBeLessThanOrEqual(3)
      }
    })
  })

  test('neither back nor home leads across a write that ran', () => {
    let written = 0
    check((program, walk) => {
      for (const { before, event, after } of walk.steps()) {
        const screen = program.screens[before.frames.at(-1)?.at ?? '']
        if (event.kind !== 'outcome' || before.state !== 'running' || screen?.kind !== 'confirm') continue
        const route = screen.outcomes[event.outcome]
        if (program.actions[screen.action]?.effect !== 'write' || route === undefined || route.go === 'again') continue
        if (event.values === undefined || Object.keys(event.values).length === 0) continue
        written += 1
        expect(after.session.history).toEqual([])
      }
    })
    expect(written).toBeGreaterThan(0)
  })

  test('going back shows the screen that was left, with the values it had', () => {
    check((program, walk) => {
      const shown = [...walk.shown()]
      for (const [index, { session }] of shown.entries()) {
        const next = shown[index + 1]?.session
        if (next === undefined || next.state === 'ended' || next.language !== session.language) continue
        if (next.history.length !== session.history.length + 1) continue
        const back = step(program, next, { kind: 'input', atMs: AT_MS, input: new Secret(program.keys.back) })
        // An input that asks twice begins anew.
        const typed = inputAt(program, session) ? '' : session.typed
        const again = step(program, { ...session, typed }, { kind: 'open', atMs: AT_MS, dialled: [] })
        if (back.kind !== 'reply' || again.kind !== 'reply') throw new Error('no screen')
        expect(back.reply).toEqual(again.reply)
        expect(back.session.frames).toEqual(session.frames)
        expect(back.session.history).toEqual(session.history)
      }
    })
  })
})

test('the pages of a list together are the list, each row once and with its own key', () => {
  const program = programs.get('small')
  if (program === undefined) throw new Error('the small menus do not compile')
  const names = fc.array(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 25 }).map((text) => `<${text}>`),
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
        last = typed(program, last.session, '98')
      }
      expect(rows.map((row) => row.split(' ')[0])).toEqual(list.map((_, index) => String(index + 1)))
      for (const index of list.keys()) {
        expect(typed(program, last.session, String(index + 1)).session.frames.at(-1)?.variables).toMatchObject({
          shop: `${index}`,
        })
      }
    }),
    { numRuns: 200 },
  )
})

test('answers dialled with the code lead where typing them leads', () => {
  const program = programs.get('small')
  if (program === undefined) throw new Error('the small menus do not compile')
  const inputs = fc.array(fc.constantFrom('0', '00', '1', '2', '3', '4', '5', '98', '0712345678', '700', '241126'), {
    maxLength: 9,
  })
  fc.assert(
    fc.property(inputs, (dialled) => {
      const start = begin(program, {
        language: 'en',
        facts: { status: 'active', name: 'A', firstName: 'A', number: '+254712345678' as Msisdn },
      })
      const secrets = dialled.map((text) => new Secret(text))
      const together = settle(program, step(program, start, { kind: 'open', atMs: AT_MS, dialled: secrets }))
      let single = settle(program, step(program, start, { kind: 'open', atMs: AT_MS, dialled: [] }))
      for (const input of dialled) {
        const plain = settle(program, step(program, single.session, { kind: 'open', atMs: AT_MS, dialled: [] }))
        const news = single.reply.text !== plain.reply.text
        if (confirms(program, single.session) || news || mayBeSecret(new Secret(input))) break
        single = typed(program, single.session, input)
      }
      expect(together.session).toEqual(single.session)
    }),
    { numRuns: 300 },
  )
})

test('the pages of a list looked through by letters are the rows that have them, each once and with its own key', () => {
  const program = programs.get('small')
  if (program === undefined) throw new Error('the small menus do not compile')
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
      let last = typed(program, dialShops(program, 'en', rows).session, letters)
      const found: string[] = []
      for (let page = 0; page < 41 && wanted.length > 0; page += 1) {
        expectToFit(program, last.session, last.reply)
        found.push(...last.reply.text.split('\n').slice(1, -1))
        if (last.session.next === null) break
        last = typed(program, last.session, '98')
      }
      expect(found.map((row) => row.split(' ')[0])).toEqual(wanted)
    }),
    { numRuns: 200 },
  )
})

type Taken = { readonly before: MenuSession; readonly event: MenuEvent; readonly after: Step }
type Walk = { steps(): Generator<Taken>; shown(): Generator<{ session: MenuSession; reply: Reply }> }

/** Plays the stream, dialling again after each end. */
function walkFrom(program: Program, start: MenuSession, stream: readonly Move[]): Walk {
  function* steps(): Generator<Taken> {
    let session = start
    for (const each of stream) {
      if (session.state === 'ended') session = start
      const input = new Secret(each.noise ?? sensible(program, session, each.pick))
      let event: MenuEvent =
        session === start ? { kind: 'open', atMs: AT_MS, dialled: [] } : { kind: 'input', atMs: AT_MS, input }
      for (;;) {
        const after = step(program, session, event)
        yield { before: session, event, after }
        session = after.session
        if (after.kind === 'reply') break
        event = outcomeOf(program, after.run, each, after.rest)
      }
    }
  }
  return {
    steps,
    *shown() {
      for (const { after } of steps()) if (after.kind === 'reply') yield { session: after.session, reply: after.reply }
    },
  }
}

/** An answer that the current screen takes. Secrets are the canary. */
function sensible(program: Program, session: MenuSession, pick: number): string {
  const screen = program.screens[session.frames.at(-1)?.at ?? '']
  switch (screen?.kind) {
    case 'menu':
      if (pick >= 90) return program.keys.back
      return screen.choices[pick % Math.max(1, screen.choices.length)]?.key ?? '0'
    case 'input':
      return {
        msisdn: '0712345678',
        money: pick % 2 ? '500' : '20000',
        text: 'Something',
        digits: pick < 60 ? '12345678901' : '1234567',
        date: pick < 80 ? '24/11/26' : '31/12/26',
        pick: pick < 80 ? '2' : 'lar',
      }[screen.type.type]
    case 'list':
      if (pick >= 80) return 'ab'[pick % 2] ?? ''
      return pick < 40 && session.next !== null ? '98' : '1'
    case 'confirm':
      if (screen.asks === 'yes') return pick < 80 ? '1' : '2'
      return screen.asks === 'code' ? `${CANARY}4` : CANARY
    default:
      return '0'
  }
}

/** Mostly an outcome that goes on, the first one above all; now and then one that the contract does not have, or without its values. */
function outcomeOf(
  program: Program,
  run: RunEffect,
  { pick, ending, values }: Move,
  rest: readonly Dialled[],
): MenuEvent {
  const screen = program.screens[run.screen]
  const routes = screen !== undefined && 'outcomes' in screen ? screen.outcomes : {}
  const all = Object.entries(program.actions[run.action]?.outcomes ?? {})
  const going = all.filter(([name]) => routes[name]?.go !== 'end')
  const among = ending < 50 ? going.slice(0, 1) : ending < 80 ? going : all
  const [outcome, types] = among[pick % among.length] ?? all[pick % all.length] ?? ['failed', {}]
  if (ending === 99) return { kind: 'outcome', atMs: AT_MS, outcome: 'unheard_of', values: {}, rest }
  return { kind: 'outcome', atMs: AT_MS, outcome, values: ending === 98 ? {} : generated(values, types), rest }
}

/** Its digits may come by chance. */
function withoutCanary(value: number | bigint): string {
  return String(value).replace(CANARY, '0')
}

function generated(g: fc.GeneratorValue, types: Types): Record<string, Json> {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, generatedValue(g, type)]))
}

function generatedValue(g: fc.GeneratorValue, type: Type): Json {
  switch (type.type) {
    case 'text':
      return g(fc.constantFrom, '', 'a ', 'b ') + g(fc.string, { unit: 'grapheme', maxLength: type.max + 5 })
    case 'digits':
      return '8'.repeat(g(fc.integer, { min: 1, max: type.max }))
    case 'number':
      return g(fc.integer, { min: 0, max: type.max })
    case 'money':
      return withoutCanary(g(fc.bigInt, { min: 0n, max: BigInt(type.max) }))
    case 'msisdn':
      return '+254700000002'
    case 'moment':
    case 'time':
      return Number(withoutCanary(g(fc.integer, { min: 0, max: AT_MS * 2 })))
    case 'date':
      return g(fc.constantFrom, '2026-11-23', '1999-01-01')
    case 'choice':
      return type.of[g(fc.integer, { min: 0, max: type.of.length - 1 })] ?? ''
    case 'opaque':
      return { id: g(fc.string) }
    case 'rows':
      return Array.from({ length: g(fc.integer, { min: 0, max: type.max }) }, () => generated(g, type.of))
  }
}

function expectToFit(program: Program, session: MenuSession, reply: Reply): void {
  const limits = limitsOf(program, session.channel)
  expect(reply.units).toBe(reply.encoding === 'gsm7' ? countSeptets(reply.text) : reply.text.length)
  expect(reply.units).toBeLessThanOrEqual(limits[reply.encoding])
  expect(reply.text.split('\n').length).toBeLessThanOrEqual(limits.lines)
  expect(reply.text).not.toMatch(/\{|undefined|null/)
}

function dialShops(program: Program, language: string, shops: Json): Step & { kind: 'reply' } {
  const start = begin(program, {
    language,
    facts: { status: 'active', name: 'A', firstName: 'A', number: '+254712345678' as Msisdn },
  })
  const home = settle(program, step(program, start, { kind: 'open', atMs: AT_MS, dialled: [] }))
  return typed(program, home.session, '2', { shops })
}

function typed(
  program: Program,
  session: MenuSession,
  input: string,
  values: Record<string, Json> = {},
): Step & { kind: 'reply' } {
  return settle(program, step(program, session, { kind: 'input', atMs: AT_MS, input: new Secret(input) }), values)
}

/** Answers actions with their first outcome. */
function settle(program: Program, taken: Step, values: Record<string, Json> = {}): Step & { kind: 'reply' } {
  let last = taken
  while (last.kind === 'run') {
    const [[outcome, types] = ['failed', {}]] = Object.entries(program.actions[last.run.action]?.outcomes ?? {})
    const fixed = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, fixedValue(type)]))
    last = step(program, last.session, {
      kind: 'outcome',
      atMs: AT_MS,
      outcome,
      values: { ...fixed, ...values },
      rest: last.rest,
    })
  }
  return last
}

function fixedValue(type: Type): Json {
  switch (type.type) {
    case 'number':
    case 'moment':
    case 'time':
      return 7
    case 'choice':
      return type.of[0] ?? ''
    case 'rows':
      return Array.from({ length: type.max }, () =>
        Object.fromEntries(Object.entries(type.of).map(([name, each]) => [name, fixedValue(each)])),
      )
    default:
      return '700'
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

function inputAt(program: Program, session: MenuSession): boolean {
  return program.screens[topFrame(session).at]?.kind === 'input'
}

/** Whether the current screen asks for a yes or a secret. */
function confirms(program: Program, session: MenuSession): boolean {
  return session.state === 'shown' && screenOf(program, topFrame(session).at).kind === 'confirm'
}
