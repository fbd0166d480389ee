import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { countSeptets } from '../../src/domain/gsm7.ts'
import { Secret } from '../../src/domain/secret.ts'
import { compile, type MenuSources } from '../../src/menu/compile.ts'
import type { Json } from '../../src/menu/contract.ts'
import type { MenuEvent, Step } from '../../src/menu/event.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program, Template } from '../../src/menu/program.ts'
import { type Reply, screenOf } from '../../src/menu/render.ts'
import { begin, type Facts, type MenuSession, topFrame, type Words } from '../../src/menu/session.ts'
import { sessionFromJson, sessionToJson } from '../../src/menu/session-json.ts'
import { step } from '../../src/menu/step.ts'
import { formOf, lastFormOf, limitsOf } from '../../src/menu/text.ts'
import { AT_MS, amina, contracts, kenya, menuFolder, messageContracts } from './support.ts'

/** Menus in which every screen but the plainest needs its short forms, and two channels with limits of their own. */
let tight: Program
beforeAll(async () => {
  const result = compile(await loadMenuSources(menuFolder('tight')), contracts, messageContracts, kenya)
  if (result.kind === 'refused') throw new Error(result.problems.map(describeProblem).join('\n'))
  expect(result.warnings.map(describeProblem)).toEqual([])
  tight = result.program
})

/** One screen, or two, in the place of the tiny menus' own. */
async function tiny(main: string, limits = '{ gsm7: 40, ucs2: 20, lines: 10 }'): Promise<Program> {
  const files = await loadMenuSources(menuFolder('tiny'))
  const few = { text: 'x', end: 'x', dialled_secret: 'x' }
  const sources: MenuSources = {
    'messages.yaml': files['messages.yaml'] ?? '',
    'service.yaml': JSON.stringify({
      start: 'main',
      language: 'en',
      name: 'English',
      limits: 0,
      navigation: { back: { key: '0', text: '0' }, home: { key: '00', text: '00' }, more: { key: '98', text: '98' } },
      invalid: { attempts: 2, text: few.text, end: few.end },
      dialled_secret: few.dialled_secret,
      outcomes: Object.fromEntries(
        ['wrong_pin', 'locked', 'busy', 'failed', 'late', 'write_failed', 'write_late'].map((name) => [
          name,
          { end: 'x' },
        ]),
      ),
    }).replace('"limits":0', `"limits": ${limits}`),
    'main.yaml': main,
  }
  const result = compile(sources, contracts, messageContracts, kenya)
  if (result.kind === 'refused') throw new Error(result.problems.map(describeProblem).join('\n'))
  return result.program
}

function shownTo(program: Program, name: string, channel = ''): Reply {
  const facts: Facts = { ...amina, name }
  return opened(program, begin(program, { language: 'en', facts, channel })).reply
}

function opened(program: Program, session: MenuSession): Step & { kind: 'reply' } {
  const shown = step(program, session, { kind: 'open', atMs: AT_MS, dialled: [] })
  if (shown.kind !== 'reply') throw new Error('an action at the start')
  return shown
}

const last = (text: string): string => `start: last\nscreens:\n  last: { end: ${text} }\n`
const menu = (text: string, choice: string): string =>
  `start: home\nscreens:\n  home: { menu: ${text}, choices: [{ key: "1", text: ${choice}, go: last }] }\n  last: { end: Bye }\n`

const full = '{ text: "Good morning to you, {me.name}", short: "Hi {me.name|cut:9}" }'

describe('of a text with short forms, a screen shows', () => {
  test.each([
    ['the full one to its last septet', last(full), 'A'.repeat(19), `Good morning to you, ${'A'.repeat(19)}`],
    ['the short one from one more on', last(full), 'A'.repeat(20), `Hi ${'A'.repeat(9)}`],
    [
      'all texts in the same form',
      menu(full, '{ text: "Go on", short: Go }'),
      'A'.repeat(20),
      `Hi ${'A'.repeat(9)}\n1 Go`,
    ],
    [
      'a full text beside the short form of another, where it has no short one',
      menu(full, '"Go on"'),
      'A'.repeat(20),
      `Hi ${'A'.repeat(9)}\n1 Go on`,
    ],
    [
      'the first of several that fits',
      last('{ text: "Good morning to you, {me.name}", short: ["Hello there, {me.name}", "Hi {me.name|cut:9}"] }'),
      'A'.repeat(25),
      `Hello there, ${'A'.repeat(25)}`,
    ],
    [
      'the last of several where only that one fits',
      last('{ text: "Good morning to you, {me.name}", short: ["Hello there, {me.name}", "Hi {me.name|cut:9}"] }'),
      'A'.repeat(35),
      `Hi ${'A'.repeat(9)}`,
    ],
  ])('%s', async (_name, main, name, text) => {
    expect(shownTo(await tiny(main), name).text).toBe(text)
  })

  test('a full form outside GSM-7 only in the room of UCS-2, and its short one in that of GSM-7', async () => {
    const program = await tiny(last('{ text: "Wĩ mwega {me.name}", short: "Hi {me.name|cut:30}" }'))
    expect(shownTo(program, 'Mũgĩ Kama')).toMatchObject({ text: 'Wĩ mwega Mũgĩ Kama', encoding: 'ucs2', units: 18 })
    expect(shownTo(program, 'Mũgĩ wa Kamaũ')).toMatchObject({ text: 'Hi Mugi wa Kamau', encoding: 'gsm7', units: 16 })
  })

  test('a short one outside GSM-7 only where it fits in the room of UCS-2', async () => {
    const program = await tiny(last('{ text: "Good morning to you, {me.name}", short: ["Wĩ {me.name}", "Hi"] }'))
    expect(shownTo(program, 'A'.repeat(20))).toMatchObject({ text: 'Hi', encoding: 'gsm7' })
  })

  test('the form that its lines allow', async () => {
    const program = await tiny(
      last('{ text: "One\\nTwo\\nThree", short: "One\\nTwo" }'),
      '{ gsm7: 40, ucs2: 20, lines: 2 }',
    )
    expect(shownTo(program, 'A').text).toBe('One\nTwo')
  })
})

test('last words under other words are as short as both together need', () => {
  const said = (channel: string, name: string): string => {
    const start = begin(tight, { language: 'en', facts: { ...amina, name: 'Amina Otieno' }, channel })
    const variables = { amount: '125000', name, payee: 'p', fee: '0' }
    const running: MenuSession = { ...start, frames: [{ at: 'main.confirm', variables }], state: 'running' }
    const event = { kind: 'outcome', atMs: AT_MS, outcome: 'sent', values: { reference: 'QX7T2' }, rest: [] } as const
    const shown = step(tight, running, event)
    return shown.kind === 'reply' ? shown.reply.text : ''
  }
  const thanks = 'Thank you for your visit, Amina Otieno. Please come again.'
  expect(said('', 'Jo')).toBe(`You sent KES 1,250 to Jo, receipt QX7T2.\n${thanks}`)
  expect(said('', 'Joseph Kama')).toBe('Sent KES 1,250.\nThank you, Amina Otieno.')
  expect(said('narrow', 'Jo')).toBe('Sent KES 1,250.\nThank you, Amina Otieno.')
})

test('a session over a channel with its own limits is held to them, and any other to those of the service', async () => {
  const program = await tiny(
    last(full),
    '{ gsm7: 40, ucs2: 20, lines: 10, channels: { wide: { gsm7: 45 }, narrow: { gsm7: 39 } } }',
  )
  expect(shownTo(program, 'A'.repeat(19)).units).toBe(40)
  expect(shownTo(program, 'A'.repeat(19), 'narrow').units).toBe(12)
  expect(shownTo(program, 'A'.repeat(20), 'wide').units).toBe(41)
  expect(shownTo(program, 'A'.repeat(20), 'unheard-of').units).toBe(12)
  expect(shownTo(program, 'A'.repeat(20), 'constructor').units).toBe(12)
})

test('a session remembers its channel and the forms of words to come when it is stored', () => {
  const session = begin(tight, { language: 'en', facts: amina, channel: 'narrow' })
  const say: Words = {
    text: 'Long',
    gsm7: true,
    short: { text: 'Long', gsm7: false, short: { text: 'L', gsm7: true } },
  }
  for (const each of [session, { ...session, say }]) {
    expect(sessionFromJson(JSON.parse(JSON.stringify(sessionToJson(each))))).toEqual(each)
  }
  expect(session.channel).toBe('narrow')
})

test('a list shows the fullest form that costs no row', () => {
  const of = (count: number, name: string): Json =>
    Array.from({ length: count }, (_, index) => ({ id: `s${index}`, name: `${name}${index}` }))
  expect(shops(tight, of(2, 'Duka')).text).toBe(
    'Choose one of the shops near you:\n1 Duka0 s0\n2 Duka1 s1\n0 Back 00 Home',
  )
  expect(shops(tight, of(6, 'Duka')).text).toBe('Shop:\n1 Duka0\n2 Duka1\n3 Duka2\n4 Duka3\n5 Duka4\n6 Duka5\n0< 00')
})

function shops(program: Program, rows: Json): Reply {
  const home = opened(program, begin(program, { language: 'en', facts: amina }))
  const asked = step(program, home.session, { kind: 'input', atMs: AT_MS, input: new Secret('2') })
  const values = { shops: rows }
  const shown = step(program, asked.session, { kind: 'outcome', atMs: AT_MS, outcome: 'ok', values, rest: [] })
  if (shown.kind !== 'reply') throw new Error('an action')
  return shown.reply
}

/** The program in which every text has this form alone. */
function inForm(program: Program, form: number): Program {
  const only = (template: Template): Template => {
    const { short: _, ...rest } = formOf(template, form)
    return rest
  }
  const texts = Object.entries(program.texts).map(([language, each]) => [
    language,
    Object.fromEntries(Object.entries(each).map(([key, template]) => [key, only(template)])),
  ])
  return { ...program, texts: Object.fromEntries(texts) }
}

type Move = { readonly pick: number; readonly names: string; readonly amount: bigint; readonly rows: readonly string[] }

const grapheme = { unit: 'grapheme' } as const
const move: fc.Arbitrary<Move> = fc.record({
  pick: fc.nat(99),
  names: fc.oneof(
    fc.string({ ...grapheme, maxLength: 20 }),
    fc.constantFrom('M'.repeat(16), 'Ũ'.repeat(16), '[]^~'.repeat(4)),
  ),
  amount: fc.oneof(fc.bigInt({ min: 100n, max: 10_000_000n }), fc.constantFrom(7_777_777n, 10_000_000n, 37_373n)),
  rows: fc.array(fc.string({ ...grapheme, minLength: 1, maxLength: 22 }), { minLength: 1, maxLength: 40 }),
})

function answerTo(program: Program, session: MenuSession, { pick, amount }: Move): string {
  const screen = screenOf(program, topFrame(session).at)
  if (pick < 8) return 'x'
  if (screen.kind === 'menu') return pick < 70 ? '1' : pick < 95 ? '2' : '3'
  if (screen.kind === 'list') return pick < 70 ? '98' : '1'
  if (screen.kind === 'confirm') return '7391'
  return topFrame(session).at === 'main.to' ? '0712345678' : String(amount / 100n)
}

function outcomeFor(
  action: string,
  { pick, names, amount, rows }: Move,
): { outcome: string; values: Record<string, Json> } {
  switch (action) {
    case 'find-payee':
      return { outcome: 'found', values: { id: 'x', name: names } }
    case 'quote':
      return pick < 70
        ? { outcome: 'quoted', values: { fee: String(amount / 100n) } }
        : { outcome: 'insufficient', values: { available: String(amount) } }
    case 'send-money':
      return pick < 70
        ? { outcome: 'sent', values: { reference: names.slice(0, 10) } }
        : { outcome: 'wrong_pin', values: { left: 2 } }
    default:
      return { outcome: 'ok', values: { shops: rows.map((name, index) => ({ id: `s${index}`, name })) } }
  }
}

type Walk = {
  readonly name: string
  readonly language: string
  readonly channel: string
  readonly moves: readonly Move[]
}

const walks: fc.Arbitrary<Walk> = fc.record({
  name: fc.oneof(fc.string({ ...grapheme, maxLength: 50 }), fc.constantFrom('M'.repeat(40), 'A', '€'.repeat(40))),
  language: fc.constantFrom('en', 'am'),
  channel: fc.constantFrom('', 'narrow', 'low'),
  moves: fc.array(move, { minLength: 1, maxLength: 14 }),
})

type Taken = { readonly before: MenuSession; readonly event: MenuEvent; readonly shown: Step & { kind: 'reply' } }

/** Every step of the walk that ends with a screen. */
function* taken(program: Program, { name, language, channel, moves }: Walk): Generator<Taken> {
  let session = begin(program, { language, facts: { ...amina, name }, channel })
  let event: MenuEvent = { kind: 'open', atMs: AT_MS, dialled: [] }
  for (const each of moves) {
    let after = step(program, session, event)
    let before = session
    while (after.kind === 'run') {
      before = after.session
      event = { kind: 'outcome', atMs: AT_MS, ...outcomeFor(after.run.action, each), rest: [] }
      after = step(program, before, event)
    }
    yield { before, event, shown: after }
    if (after.reply.end) return
    session = after.session
    event = { kind: 'input', atMs: AT_MS, input: new Secret(answerTo(program, session, each)) }
  }
}

test('whatever the values, the screen shown fits its channel, in the fullest form that does', () => {
  const shortest = lastFormOf(Object.values(tight.texts).flatMap((texts) => Object.values(texts)))
  const programs = Array.from({ length: shortest + 1 }, (_, form) => inForm(tight, form))
  const seen = new Set<string>()
  fc.assert(
    fc.property(walks, (walk) => {
      for (const { before, event, shown } of taken(tight, walk)) {
        const limits = limitsOf(tight, walk.channel)
        const { reply } = shown
        expect(fits(limits, reply), reply.text).toBe(true)
        const each = programs.map((program, form) => {
          const say = before.say && withoutShort(formOf(before.say, form))
          const alone = step(program, { ...before, say }, event)
          if (alone.kind !== 'reply') throw new Error('another way')
          return { reply: alone.reply, rows: rowsIn(alone), form }
        })
        const fitting = each.filter((alone) => fits(limits, alone.reply))
        const most = Math.max(...fitting.map(({ rows }) => rows))
        const fullest = fitting.find(({ rows }) => rows === most)
        expect(reply).toEqual(fullest?.reply)
        seen.add(`${walk.channel} ${walk.language} ${fullest?.form}`)
      }
    }),
    { numRuns: 400, seed: 7 },
  )
  for (const channel of ['', 'narrow', 'low'])
    for (const language of ['en', 'am'])
      for (const form of [0, 1]) expect(seen).toContain(`${channel} ${language} ${form}`)
})

function withoutShort({ text, gsm7 }: Words): Words {
  return { text, gsm7 }
}

function fits(limits: { gsm7: number; ucs2: number; lines: number }, { text, encoding }: Reply): boolean {
  const units = encoding === 'gsm7' ? (countSeptets(text) ?? Number.POSITIVE_INFINITY) : text.length
  return units <= limits[encoding] && text.split('\n').length <= limits.lines
}

/** Rows of the page that a list shows. */
function rowsIn({ session }: Step): number {
  const screen = screenOf(tight, topFrame(session).at)
  if (session.state !== 'shown' || screen.kind !== 'list') return 0
  const rows = topFrame(session).variables[screen.rows]
  return (session.next ?? (Array.isArray(rows) ? rows.length : 0)) - (session.pages.at(-1) ?? 0)
}

test('amounts are written out in the language of the screen where they fit', async () => {
  const program = await tiny(
    'start: home\nvariables: { a: { money: { max: 10000000 } } }\nscreens:\n  home: { input: How much, type: { money: { min: 100, max: 10000000 } }, as: a, go: last }\n  last: { end: { text: "{a} ({a|words})", short: "{a}" } }\n',
    '{ gsm7: 60, ucs2: 20, lines: 10 }',
  )
  const said = (input: string): string => {
    const home = opened(program, begin(program, { language: 'en', facts: amina }))
    const shown = step(program, home.session, { kind: 'input', atMs: AT_MS, input: new Secret(input) })
    return shown.kind === 'reply' ? shown.reply.text : ''
  }
  expect(said('1250')).toBe('KES 1,250 (one thousand two hundred fifty shillings)')
  expect(said('77777.77')).toBe('KES 77,777.77')
})

test('a language without words for amounts shows the figure', async () => {
  const files = await loadMenuSources(menuFolder('tight'))
  const { 'languages/am.yaml': amharic = '', ...others } = files
  const result = compile({ ...others, 'languages/zu.yaml': amharic }, contracts, messageContracts, kenya)
  if (result.kind === 'refused') throw new Error(result.problems.map(describeProblem).join('\n'))
  expect(JSON.stringify(result.program.texts.zu)).not.toContain('"words"')
  expect(JSON.stringify(result.program.texts.en)).toContain('"words"')
})
