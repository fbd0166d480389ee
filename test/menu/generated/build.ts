import type { ValueType } from '../../../src/menu/contract.ts'
import { type Doc, type Draft, type FlowDoc, type Pick, picker } from './draft.ts'
import { type Flow, makeScreen } from './screens.ts'
import type { Kind, Spec } from './spec.ts'
import { markOf, written } from './values.ts'
import { words } from './words.ts'

/** The menus of a spec, its mistake included. */
export function draftOf(spec: Spec): Draft {
  const pick = picker(spec.service)
  const draft: Draft = {
    service: serviceOf(pick),
    flows: {},
    messages: { thanks: 'Thank you, {name}.' },
    alphabet: pick(2) === 0 ? 'gsm7' : 'ucs2',
    translation: {},
    risks: new Set(['E-TIME']),
  }
  const heads: Head[] = []
  // Those that are used before those that use them, since their results have to be known.
  for (let index = spec.flows.length - 1; index >= 0; index -= 1) {
    const children = heads.filter(({ parent }) => parent === index)
    heads.push(makeFlow(draft, spec, index, children, heads))
  }
  spec.slip?.make(draft)
  return draft
}

/** What its users need to know of a flow. */
export type Head = {
  readonly name: string
  readonly parent: number
  readonly parameters: ReadonlyMap<string, ValueType>
  readonly results: ReadonlyMap<string, ValueType>
}

const PARAMETERS: readonly ValueType[] = [
  { type: 'text', max: 20 },
  { type: 'number', max: 99 },
  { type: 'money', max: 5_000_000n },
]

function makeFlow(draft: Draft, spec: Spec, index: number, children: readonly Head[], heads: readonly Head[]): Head {
  const { shape, screens } = spec.flows[index] ?? { shape: [], screens: [] }
  const pick = picker(shape)
  const name = index === 0 ? 'main' : `flow${index}`
  const parent = pick(index)
  const parameters = new Map(
    index === 0 ? [] : PARAMETERS.slice(0, pick(4)).map((type, at) => [`p${at}`, type] as const),
  )
  const steps: { kind: Kind; picks: readonly number[]; use: Head | null }[] = screens.map((screen) => ({
    ...screen,
    use: null,
  }))
  if (index === 0) steps.unshift({ kind: 'menu', picks: shape, use: null })
  for (const use of children)
    steps.splice(Math.min(1, steps.length) + pick(steps.length), 0, { kind: 'use', picks: shape, use })
  if (steps.length === 0) steps.push({ kind: 'menu', picks: [], use: null })

  const doc: FlowDoc = { variables: {}, start: 's0', screens: {} }
  const last = index === 0 ? (pick(3) === 2 ? 'home' : 'done') : 'return'
  // Then nothing else may be an end.
  if (last === 'home') draft.risks.add('E-DEAD')
  if (last === 'done') doc.screens.done = { end: words(pick) }
  const flow: Flow = { name, doc, draft, count: steps.length, last, bound: new Map(parameters), heads }
  for (const [at, { kind, picks, use }] of steps.entries()) makeScreen(flow, at, kind, picker(picks), use)
  if (index === 0 && pick(2) === 1) {
    doc.start = 'gate'
    doc.screens.gate = { route: [{ when: "me.status == 'unknown'", go: 'stranger' }], else: 's0' }
    doc.screens.stranger = { end: `${words(pick)}${markOf(pick, new Map([['me.number', { type: 'msisdn' }]]))}` }
  }

  if (index === 0) draft.service.shortcuts = shortcutsOf(doc)
  const results = new Map(
    [...flow.bound].filter(([, { type }]) => type === 'text' || type === 'number').slice(0, pick(3)),
  )
  if (parameters.size > 0)
    doc.parameters = Object.fromEntries([...parameters].map(([each, type]) => [each, written(type)]))
  for (const each of parameters.keys()) delete doc.variables[each]
  if (results.size > 0 && index > 0) doc.results = [...results.keys()]
  draft.flows[name] = doc
  return { name, parent, parameters, results }
}

/** To the screen after the start, and past the inputs that follow one another there. */
function shortcutsOf({ screens }: FlowDoc): Doc {
  const codes: Doc = {}
  const values: string[] = []
  for (let at = 1; screens[`s${at}`] !== undefined; at += 1) {
    codes[['7', ...values.map((name) => `{${name}}`)].join('*')] = `main.s${at}`
    const { as } = screens[`s${at}`] ?? {}
    if (typeof as !== 'string' || values.includes(as)) break
    values.push(as)
  }
  return codes
}

function serviceOf(pick: Pick): Doc {
  const [back, home, more, previous, exit] = KEYS[pick(KEYS.length)] ?? ['0', '00', '98', null, null]
  const way = (key: string | null | undefined, text: string): Doc => ({ key: key ?? '', text: `${key} ${text}` })
  return {
    start: 'main',
    language: 'en',
    name: 'English',
    limits: limitsFrom(pick),
    navigation: {
      back: way(back, 'Back'),
      home: way(home, 'Home'),
      more: way(more, 'More'),
      ...(previous === null ? {} : { previous: way(previous, 'Before') }),
      ...(exit === null ? {} : { exit: { ...way(exit, 'No'), end: 'Thank you' } }),
    },
    invalid: { attempts: pick(4), text: 'Choose: again', end: 'Choose: no more' },
    dialled_secret: 'No number',
    outcomes: {
      wrong_pin: pick(4) === 0 ? { end: 'No' } : { say: 'No {left}', go: 'again' },
      locked: { end: 'No account {until}' },
      busy: { say: 'No', go: pick(2) === 0 ? 'again' : 'home' },
      failed: pick(2) === 0 ? { end: 'No~' } : { say: 'No~', go: 'home' },
      late: { end: 'No more' },
      write_failed: { end: 'No number' },
      write_late: pick(2) === 0 ? { end: 'Thank you' } : { say: 'Thank you', go: 'home' },
    },
  }
}

/** Now and then with a channel that is tighter than the others. */
function limitsFrom(pick: Pick): Doc {
  const [gsm7, ucs2, lines] = [182 - 2 * pick(35), 91 - pick(25), 10 - pick(4)]
  const tight = pick(3) < 2 ? {} : { channels: { tight: { gsm7: gsm7 - 2 * pick(6), lines: lines - pick(2) } } }
  return { gsm7, ucs2, lines, ...tight }
}

const KEYS: readonly (readonly [
  back: string,
  home: string,
  more: string,
  previous: string | null,
  exit: string | null,
])[] = [
  ['0', '00', '98', null, null],
  ['0', '00', '98', '97', '#'],
  ['*', '#', '99', '98', null],
  ['#', '0', '00', null, '*'],
]
