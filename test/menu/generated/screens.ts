import type { Fields, ValueType } from '../../../src/menu/contract.ts'
import type { Head } from './build.ts'
import { contracts } from './contracts.ts'
import type { Doc, Draft, FlowDoc, Pick, Yaml } from './draft.ts'
import type { Kind } from './spec.ts'
import { argumentOf, callers, guardOf, holds, literalOf, markOf, written } from './values.ts'
import { words } from './words.ts'

/** A flow in the making: screens `s0`, `s1`, … of which each leads on to the next, and now and then elsewhere. */
export type Flow = {
  readonly name: string
  readonly doc: FlowDoc
  readonly draft: Draft
  /** How many screens follow each other. */
  readonly count: number
  /** Where the last of them leads. */
  readonly last: string
  /** Variables that have a value on the way through the screens in their order. */
  readonly bound: Map<string, ValueType>
  readonly heads: readonly Head[]
}

type Making = { readonly flow: Flow; readonly at: number; readonly pick: Pick; readonly next: string }

/** Adds the screen `s<at>`. `use`: the flow that it has to use. */
export function makeScreen(flow: Flow, at: number, kind: Kind, pick: Pick, use: Head | null): void {
  const next = at + 1 < flow.count ? `s${at + 1}` : flow.last
  const making: Making = { flow, at, pick, next }
  flow.doc.screens[`s${at}`] = makers[kind](making, use)
}

const makers: Record<Kind, (making: Making, use: Head | null) => Doc> = {
  menu: makeMenu,
  input: makeInput,
  list: makeList,
  confirm: makeConfirm,
  call: makeCall,
  route: makeRoute,
  use: makeUse,
}

function makeMenu(making: Making): Doc {
  const { pick, next } = making
  const first: Doc = { key: '1', text: words(pick, 2), go: next }
  const text = textOf(making)
  const others = Array.from({ length: pick(4) }, (_, index): Doc => {
    const when = rarely(pick, 4) ? { when: conditionOf(making) } : {}
    const key = rarely(pick, 6) ? String(21 + index) : String(index + 2)
    return { key, text: words(pick, 2), ...when, ...literalsOf(making), ...sayOf(making), go: elsewhere(making, true) }
  })
  if (rarely(pick, 3)) {
    const type = LITERALS[pick(LITERALS.length)] ?? LITERALS[0]
    if (type !== undefined) first.set = { [bind(making, type)]: literalOf(pick, type) ?? 0 }
  }
  const menu: Yaml = rarely(pick, 4) ? { text, short: words(pick, 1) } : text
  return { menu, choices: [first, ...others], ...hintOf(making) }
}

const LITERALS: readonly ValueType[] = [
  { type: 'number', max: 9 },
  { type: 'text', max: 5 },
  { type: 'choice', of: ['small', 'large'] },
  { type: 'money', max: 1000n },
]

/** What a choice sets besides: variables that have a value anyhow, so that none depends on the choice, and the language. */
function literalsOf({ flow, pick }: Making): Doc {
  if (rarely(pick, 5)) return { set: { language: ['en', 'xx'][pick(2)] ?? 'en' } }
  const settable = [...flow.bound].flatMap(([name, type]) => {
    const literal = literalOf(pick, type)
    return literal === null ? [] : [{ [name]: literal }]
  })
  const set = rarely(pick, 4) ? settable[pick(settable.length)] : undefined
  return set === undefined ? {} : { set }
}

function makeInput(making: Making): Doc {
  const { pick, next } = making
  const text = textOf(making)
  const length = 4 + pick(12)
  const [type, bounds] = (
    [
      [{ type: 'msisdn' }, 'msisdn'],
      [{ type: 'money', max: 5_000_000n }, { money: { min: 100 + pick(900), max: 5_000_000 - pick(1000) } }],
      [{ type: 'text', max: length }, { text: { min: 1 + pick(3), max: length } }],
      [{ type: 'digits', max: length }, { digits: { min: 3, max: length } }],
      [{ type: 'date' }, pick(2) === 0 ? 'date' : { date: { min: 'today', max: 'today+60' } }],
      [{ type: 'choice', of: ['small', 'large'] }, { pick: { small: `Small ${words(pick, 1)}`, large: 'Large' } }],
    ] satisfies [ValueType, Yaml][]
  )[pick(6)] ?? [{ type: 'msisdn' }, 'msisdn']
  const differ = pick(2) === 0 ? {} : { differ: words(pick, 2) }
  const twice = type.type !== 'choice' && rarely(pick, 5) ? { confirm_twice: true, again: words(pick), ...differ } : {}
  const hint = hintOf(making)
  return { input: text, type: bounds, ...twice, as: bind(making, type), go: next, ...hint, ...triesOf(making) }
}

function makeList(making: Making): Doc {
  const { flow, pick, next } = making
  const text = textOf(making)
  const hint = hintOf(making)
  const known = [...flow.bound].find(([, { type }]) => type === 'rows')
  const fields = rowFields()
  const row = `{id}${['', ' {name}', ' {name|cut:6}', ' {at}'][pick(4)]}`
  const source: Doc =
    known !== undefined && pick(2) === 0
      ? { from: `$${known[0]}` }
      : { call: 'fetch', rows: 'things', outcomes: { closed: wayOn(making, {}) } }
  if (rarely(pick, 6)) return { list: text, ...source, row, pick: false, empty: { go: next }, ...hint }
  const empty = rarely(pick, 3) ? { empty: wayOn(making, {}) } : {}
  const set = { [bind(making, fields.id)]: 'id', ...(pick(2) === 0 ? { [bind(making, fields.at)]: 'at' } : {}) }
  const filter = rarely(pick, 3) ? { filter: 'name', ...(pick(2) === 0 ? {} : { none: words(pick, 2) }) } : {}
  return { list: text, ...source, row, set, ...filter, ...empty, go: next, ...hint, ...triesOf(making) }
}

function rowFields(): { id: ValueType; at: ValueType } {
  return { id: { type: 'text', max: 3 }, at: { type: 'moment' } }
}

function makeConfirm(making: Making): Doc {
  const { pick } = making
  const text = textOf(making)
  const hint = hintOf(making)
  const confirmable = contracts.filter(({ asks, name }) => asks !== undefined || name === 'agree' || name === 'note')
  const able = confirmable.map((contract) => ({ contract, given: argumentsFor(making, contract.input) }))
  const chosen = able.filter(({ given }) => given !== null)
  const { contract, given } = chosen[pick(chosen.length)] ?? {}
  if (contract === undefined || given == null) return { end: 'Pay' }
  // A way of an outcome may lead to a write over the same values.
  if (contract.effect === 'write') making.flow.draft.risks.add('E-BACK')
  const asks = contract.asks ?? 'yes'
  return {
    confirm: text,
    ask: asks,
    ...(asks === 'yes' ? buttonsOf(making) : {}),
    do: contract.name,
    ...given,
    outcomes: outcomesFor(making, contract.outcomes, true),
    ...hint,
  }
}

function buttonsOf(making: Making): Doc {
  const yes = '1 Pay'
  return making.pick(3) === 0 ? { yes } : { yes, no: { text: '2 No~', go: elsewhere(making, true) } }
}

function makeCall(making: Making): Doc {
  const { pick } = making
  const readable = contracts.filter(
    ({ effect, asks, name }) => effect !== 'write' && asks === undefined && name !== 'slow',
  )
  const able = readable.map((contract) => ({ contract, given: argumentsFor(making, contract.input) }))
  const chosen = able.filter(({ given }) => given !== null)
  const { contract, given } = chosen[pick(chosen.length)] ?? {}
  if (contract === undefined || given == null) return { end: 'Pay' }
  return { call: contract.name, ...given, outcomes: outcomesFor(making, contract.outcomes, false) }
}

/** Chance may make one that never holds. */
function conditionOf({ flow, pick }: Making): string {
  flow.draft.risks.add('E-REACH')
  return guardOf(pick, flow.bound)
}

function makeRoute(making: Making): Doc {
  const { pick, next } = making
  const cases = Array.from({ length: 1 + pick(2) }, () => ({
    when: conditionOf(making),
    go: elsewhere(making, false),
  }))
  return { route: cases, else: next }
}

function makeUse(making: Making, use: Head | null): Doc {
  const { flow, pick, next } = making
  const used = use ?? flow.heads[pick(flow.heads.length)]
  if (used === undefined) return makeMenu(making)
  const given = argumentsFor(making, Object.fromEntries(used.parameters))
  const results = [...used.results].slice(0, pick(3))
  const set = Object.fromEntries(results.map(([name, type]) => [bind(making, type, name), name]))
  return { use: used.name, ...given, ...(results.length === 0 ? {} : { set }), go: next }
}

/** A way for each outcome but those of the service: the first leads on with one of its values, the others elsewhere. */
function outcomesFor(making: Making, outcomes: Readonly<Record<string, Fields>>, shown: boolean): Doc {
  const { pick, next } = making
  const [first, ...others] = Object.entries(outcomes)
  if (first === undefined) return {}
  const ways = others.map(([name, fields]) => [name, wayOn(making, fields, shown)] as const)
  const [name, fields] = first
  const kept = Object.entries(fields)[pick(Object.keys(fields).length)]
  const set = kept === undefined ? {} : { set: { [bind(making, kept[1])]: kept[0] } }
  const say = rarely(pick, 4) ? { say: textOf(making, fields) } : {}
  const failed = shown && rarely(pick, 8) ? { failed: { say: words(pick, 2), go: 'again' } } : {}
  return { [name]: { ...set, ...say, go: next }, ...Object.fromEntries(ways), ...failed }
}

/** Words and another screen, or the end. */
function wayOn(making: Making, fields: Fields, shown = false): Doc {
  const { pick } = making
  if (rarely(pick, 4)) return { end: textOf(making, fields) }
  const say = rarely(pick, 2) ? { say: textOf(making, fields) } : {}
  return { ...say, go: elsewhere(making, shown) }
}

/** Where a way leads that is not the next: mostly back. `shown`: whether the subscriber saw this screen, so that a way back is no circle. */
function elsewhere({ flow, at, pick }: Making, shown: boolean): string {
  const { doc, draft, count, name } = flow
  switch (pick(8)) {
    case 0:
      return shown ? 'again' : 'home'
    case 1:
    case 2:
      return leaf(flow, pick)
    case 3:
      if (name === 'main' || pick(3) > 0) return 'home'
      draft.risks.add('E-BIND')
      return 'return'
    case 4:
      if (pick(3) > 0 || at + 1 >= count) return 'home'
      draft.risks.add('E-BIND')
      return `s${at + 1 + pick(count - at - 1)}`
    default: {
      const target = pick(at + 1)
      if (shown) return `s${target}`
      if (pick(3) > 0 || doc.screens[`s${target}`] === undefined) return 'home'
      draft.risks.add('E-SPIN').add('E-TIME')
      return `s${target}`
    }
  }
}

/** An end of its own, or the one there is. */
function leaf({ doc, bound }: Flow, pick: Pick): string {
  const name = `end${pick(2)}`
  const sms = rarely(pick, 2) ? { sms: 'thanks', with: { name: '$me.name' } } : {}
  doc.screens[name] ??= { end: words(pick) + (bound.size === 0 ? '' : markOf(pick, callers)), ...sms }
  return name
}

/** All of them, or null where one has no value. */
function argumentsFor({ flow, pick }: Making, input: Fields): { with?: Doc } | null {
  const given = Object.entries(input).map(([name, type]) => [name, argumentOf(pick, type, flow.bound)] as const)
  if (given.some(([, value]) => value === null)) return null
  return given.length === 0 ? {} : { with: Object.fromEntries(given) as Doc }
}

function textOf({ flow, pick }: Making, fields: Fields = {}): string {
  const values = new Map([...Object.entries(fields), ...flow.bound, ...callers])
  const mark = pick(2) === 0 ? '' : markOf(pick, values)
  return `${words(pick)}${mark}${rarely(pick, 6) ? `\n${words(pick, 2)}` : ''}`
}

function sayOf(making: Making): Doc {
  return rarely(making.pick, 6) ? { say: textOf(making) } : {}
}

function hintOf({ pick }: Making): Doc {
  return rarely(pick, 4) ? { wrong: words(pick, 2) } : {}
}

/** Of its own, and where they lead: never on along the flow, whose values would be missing. */
function triesOf({ flow, pick }: Making): Doc {
  if (!rarely(pick, 4)) return {}
  const attempts = 1 + pick(3)
  if (pick(3) === 0) return { attempts }
  const go = pick(2) === 0 ? leaf(flow, pick) : 'home'
  return { attempts, after: pick(2) === 0 ? go : { say: words(pick, 2), go } }
}

/** A variable for a value of this type, a new one or one that it overwrites. */
function bind({ flow, at, pick }: Making, type: ValueType, hint = 'v'): string {
  const known = [...flow.bound]
    .filter(([name, each]) => !name.startsWith('p') && holds(each, type))
    .map(([name]) => name)
  const name =
    rarely(pick, 3) && known.length > 0 ? (known[pick(known.length)] ?? 'v') : freshName(flow, `${hint}${at}`)
  if (!known.includes(name)) {
    flow.bound.set(name, type)
    flow.doc.variables[name] = written(type)
  }
  return name
}

function freshName({ doc }: Flow, wanted: string): string {
  let name = wanted
  for (let count = 1; doc.variables[name] !== undefined; count += 1) name = `${wanted}_${count}`
  return name
}

/** One time in `times`, and never once the spec's numbers are used up. */
function rarely(pick: Pick, times: number): boolean {
  return pick(times) === times - 1
}
