import type { Asks } from '../contract.ts'
import { pickKey } from '../layout.ts'
import { type Spot, suggest } from '../problem.ts'
import type { Assignment, Choice, Guard, InputType, Route, Screen, Types } from '../program.ts'
import { ASKING, askingOf, filterOf, twiceOf } from './asking.ts'
import { readGuard } from './guard.ts'
import { pickWords } from './inputs.ts'
import type { Part } from './part.ts'
import { readArguments, readFieldSet, readOutcomes, readRoute, readSet, readSetEntry, readTarget } from './route.ts'
import { addText, type FlowHead, type Symbols, scopeOf } from './symbols.ts'
import { entriesOf, itemsOf, required, type Tree, textIn } from './tree.ts'
import { type Contract, fits, readInputType, valueTypeOf } from './types.ts'

type Kind = { readonly keys: readonly string[]; readonly read: (part: Part) => Screen | null }

/** The eight kinds; a screen's kind is the first of these keys that it has. */
const kinds: Readonly<Record<Screen['kind'], Kind>> = {
  list: {
    keys: [
      ...['list', 'from', 'call', 'with', 'rows', 'row', 'set', 'go', 'empty', 'pick', 'filter', 'none', 'outcomes'],
      ...ASKING,
    ],
    read: readList,
  },
  menu: { keys: ['menu', 'choices', ...ASKING], read: readMenu },
  input: { keys: ['input', 'type', 'as', 'go', 'confirm_twice', 'again', 'differ', ...ASKING], read: readInput },
  confirm: { keys: ['confirm', 'ask', 'yes', 'no', 'do', 'with', 'outcomes', ...ASKING], read: readConfirm },
  call: { keys: ['call', 'with', 'outcomes'], read: readCall },
  route: { keys: ['route', 'else'], read: readRouteScreen },
  use: { keys: ['use', 'with', 'set', 'go'], read: readUse },
  end: { keys: ['end', 'sms', 'with'], read: readEnd },
}

/** The keys of a screen of each kind. */
export const screenKeys: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(kinds).map(([kind, { keys }]) => [kind, [...keys, 'was']]),
)

/** The keys of a choice of a menu, of a case of a route, and of the `no` of a confirm. */
export const CHOICE_KEYS: readonly string[] = ['key', 'text', 'go', 'when', 'set', 'say']
export const CASE_KEYS: readonly string[] = ['when', 'go']
export const NO_KEYS: readonly string[] = ['text', 'go']

/** One screen of a flow; null after reporting why it cannot be read. */
export function readScreen(symbols: Symbols, flow: FlowHead, name: string, at: Spot, tree: Tree): Screen | null {
  const names = Object.keys(kinds) as Screen['kind'][]
  const present = entriesOf(symbols.report, tree, name)
  const kind = names.find((each) => present.has(each))
  if (kind === undefined) {
    symbols.report('E-SHAPE', at, `the screen ${name} is of no kind; it needs one of ${names.join(', ')}.`)
    return null
  }
  const id = `${flow.name}.${name}`
  symbols.spots.set(id, at)
  const entries = entriesOf(symbols.report, tree, `a screen of the kind ${kind}`, screenKeys[kind])
  return kinds[kind].read({ symbols, flow, id, at, entries, scope: scopeOf(symbols, flow, {}) })
}

function readMenu(part: Part): Screen {
  const { symbols, flow, id, entries, scope } = part
  mainText(part, 'menu')
  const list = entries.get('choices')
  const choices = (list === undefined ? [] : itemsOf(symbols.report, list.value, 'choices')).flatMap(
    (tree): Choice[] => {
      const choice = entriesOf(symbols.report, tree, 'a choice', CHOICE_KEYS)
      const keyTree = required(symbols.report, choice, 'key', tree.at, 'a choice')
      const text = required(symbols.report, choice, 'text', tree.at, 'a choice')
      const key = keyTree && textIn(symbols.report, keyTree, "a choice's key")
      const go = required(symbols.report, choice, 'go', tree.at, 'a choice')
      const target = go && readTarget(symbols, flow, go)
      if (key === null || text === null || target === null) return []
      addText(symbols, `${id}.choice.${key}`, text, scope)
      const set = readSetEntry(choice, (each) => readSet(symbols, flow, each))
      const say = choice.get('say')
      const words = say === undefined ? null : addText(symbols, `${id}.say.${key}`, say.value, scope)
      const when = choice.get('when')
      const guard = when === undefined ? null : guardOf(part, when.value)
      if (when !== undefined) symbols.spots.set(`${id}.when.${key}`, when.value.at)
      return [{ key, when: guard, route: { set, say: words, go: target } }]
    },
  )
  return { kind: 'menu', choices, ...askingOf(part) }
}

function readInput(part: Part): Screen | null {
  const { symbols, flow, at, entries } = part
  const { report } = symbols
  mainText(part, 'input')
  const [typeTree, as] = [
    required(report, entries, 'type', at, 'an input'),
    required(report, entries, 'as', at, 'an input'),
  ]
  const type = typeTree && readInputType(report, typeTree, 'the input')
  const name = as && textIn(report, as, 'as')
  const target = targetOf(part, 'an input')
  if (as === null || name === null || type === null || target === null) return null
  const variable = Object.hasOwn(flow.variables, name) ? flow.variables[name] : undefined
  if (variable === undefined) {
    report(
      'E-REF',
      as.at,
      `the flow ${flow.name} has no variable ${name}. ${suggest(name, Object.keys(flow.variables))}`,
    )
    return null
  }
  if (!fits(valueTypeOf(type), variable))
    report('E-TYPE', as.at, `${name} cannot hold everything that this input accepts; ${cureFor(type)}`)
  if (typeTree !== null && type.type === 'pick') {
    for (const [option, words] of pickWords(typeTree))
      addText(part.symbols, pickKey(part.id, option), words, part.scope)
  }
  return { kind: 'input', type, as: name, go: target, twice: twiceOf(part, type), ...askingOf(part) }
}

function cureFor(type: InputType): string {
  switch (type.type) {
    case 'pick':
      return `make it { choice: [${type.of.join(', ')}] }.`
    case 'date':
    case 'msisdn':
      return `make it ${type.type}.`
    default:
      return `make it ${type.type} at least as wide.`
  }
}

function readList(part: Part): Screen | null {
  const { symbols, flow, id, at, entries } = part
  const { report } = symbols
  mainText(part, 'list')
  const source = entries.has('from') ? rowsOfVariable(part) : rowsOfCall(part)
  const row = required(report, entries, 'row', at, 'a list')
  if (source === null || row === null) return null
  addText(symbols, `${id}.row`, row, scopeOf(symbols, flow, source.of))
  const [pick, go, empty] = [entries.get('pick')?.value, entries.get('go'), entries.get('empty')]
  const picks = !(pick?.kind === 'scalar' && pick.value === false)
  if (picks && go === undefined) report('E-SHAPE', at, 'a list needs go, or pick: false where its rows are only read.')
  if (!picks && go !== undefined)
    report('E-SHAPE', go.at, 'a list whose rows are only read (pick: false) leads nowhere.')
  const target = picks && go !== undefined ? readTarget(symbols, flow, go.value) : null
  const set = readSetEntry(entries, (tree) => readFieldSet(symbols, flow, source.of, tree))
  return {
    kind: 'list',
    rows: source.rows,
    call: source.call && { ...source.call, keep: Object.keys(source.of) },
    outcomes: source.outcomes,
    empty:
      empty === undefined
        ? null
        : readRoute(symbols, flow, `${id}.say.empty`, empty.value, {}, (tree) => readSet(symbols, flow, tree)),
    choose: target === null ? null : { set, say: null, go: target },
    filter: filterOf(part, source.of),
    ...askingOf(part),
  }
}

type RowSource = {
  readonly rows: string
  readonly of: Types
  readonly call: { action: string; with: readonly Assignment[]; outcome: string; field: string } | null
  readonly outcomes: Readonly<Record<string, Route>>
}

function rowsOfVariable({ symbols, flow, entries, at }: Part): RowSource | null {
  const from = entries.get('from')
  const name = from === undefined ? null : textIn(symbols.report, from.value, 'from')?.replace(/^\$/, '')
  const type = name == null || !Object.hasOwn(flow.variables, name) ? undefined : flow.variables[name]
  if (name != null && type?.type === 'rows') return { rows: name, of: type.of, call: null, outcomes: {} }
  symbols.report(
    'E-REF',
    from?.at ?? at,
    `${name ?? 'this'} is no variable with rows. ${suggest(name ?? '', Object.keys(flow.variables))}`,
  )
  return null
}

function rowsOfCall(part: Part): RowSource | null {
  const { symbols, flow, id, entries, at } = part
  const called = actionOf(part, 'call')
  const rows = required(symbols.report, entries, 'rows', at, 'a list')
  const field = rows && textIn(symbols.report, rows, 'rows')
  if (called === null || rows === null || field === null) return null
  const { name, contract } = called
  refuseUnlessReadable(part, name, contract)
  for (const [outcome, fields] of Object.entries(contract.outcomes)) {
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined
    if (type?.type !== 'rows') continue
    const outcomes = readOutcomes(symbols, flow, id, entries.get('outcomes')?.value ?? null, at, contract, outcome)
    return {
      rows: `#${id}`,
      of: type.of,
      call: { action: name, with: argumentsFor(part, name, contract), outcome, field },
      outcomes,
    }
  }
  symbols.report('E-REF', rows.at, `no outcome of ${name} has rows named ${field}.`)
  return null
}

/** What a confirm can ask for. */
export const ASKS: readonly Asks[] = ['yes', 'pin', 'new_pin', 'code', 'answer']

function readConfirm(part: Part): Screen | null {
  const { symbols, flow, id, at, entries, scope } = part
  const { report } = symbols
  mainText(part, 'confirm')
  const called = actionOf(part, 'do')
  const ask = required(report, entries, 'ask', at, 'a confirm')
  const asks = ASKS.find((each) => ask?.kind === 'scalar' && ask.value === each)
  if (ask !== null && asks === undefined) report('E-SHAPE', ask.at, `a confirm asks for one of ${ASKS.join(', ')}.`)
  if (called === null || asks === undefined || ask === null) return null
  const { name, contract } = called
  if (contract.asks !== null && contract.asks !== asks) {
    report('E-SECRET', ask.at, `${name} must be confirmed by ${contract.asks}, so ask: ${contract.asks}.`)
  } else if (contract.asks === null && asks !== 'yes') {
    report(
      'E-SECRET',
      ask.at,
      `${name} does not check a secret, so what is typed would be accepted whatever it is. Ask yes, or use an action that asks ${asks}.`,
    )
  }
  const [yes, no] = [entries.get('yes'), entries.get('no')]
  const noParts = no?.value.kind === 'map' ? entriesOf(report, no.value, 'no', NO_KEYS) : null
  const noText = noParts?.get('text')?.value
  const noTarget = noParts === null ? no?.value : noParts.get('go')?.value
  if (asks === 'yes' && yes === undefined)
    report('E-SHAPE', at, 'a confirm that asks yes needs the words of its key: yes: "1 Yes".')
  if (asks !== 'yes' && (yes ?? no) !== undefined)
    report('E-SHAPE', at, `yes and no belong to a confirm that asks yes, not ${asks}.`)
  const buttons =
    asks !== 'yes'
      ? []
      : [
          ...(yes === undefined ? [] : [addText(symbols, `${id}.yes`, yes.value, scope)]),
          ...(noText === undefined ? [] : [addText(symbols, `${id}.no`, noText, scope)]),
        ]
  return {
    kind: 'confirm',
    asks,
    buttons,
    no: noTarget === undefined ? null : readTarget(symbols, flow, noTarget),
    action: name,
    with: argumentsFor(part, name, contract),
    outcomes: readOutcomes(symbols, flow, id, entries.get('outcomes')?.value ?? null, at, contract),
    ...askingOf(part),
  }
}

function readCall(part: Part): Screen | null {
  const { symbols, flow, id, at, entries } = part
  const called = actionOf(part, 'call')
  if (called === null) return null
  refuseUnlessReadable(part, called.name, called.contract)
  const outcomes = readOutcomes(symbols, flow, id, entries.get('outcomes')?.value ?? null, at, called.contract)
  return { kind: 'call', action: called.name, with: argumentsFor(part, called.name, called.contract), outcomes }
}

function readRouteScreen(part: Part): Screen | null {
  const { symbols, flow, id, at, entries } = part
  const list = required(symbols.report, entries, 'route', at, 'a route')
  const otherwise = required(symbols.report, entries, 'else', at, 'a route')
  const last = otherwise && readTarget(symbols, flow, otherwise)
  if (otherwise !== null) symbols.spots.set(`${id}.else`, otherwise.at)
  const cases = (list === null ? [] : itemsOf(symbols.report, list, 'route')).flatMap((tree, index) => {
    const one = entriesOf(symbols.report, tree, 'a case of a route', CASE_KEYS)
    const when = required(symbols.report, one, 'when', tree.at, 'a case of a route')
    const go = required(symbols.report, one, 'go', tree.at, 'a case of a route')
    const guard = when && guardOf(part, when)
    const target = go && readTarget(symbols, flow, go)
    if (when !== null) symbols.spots.set(`${id}.case.${index}`, when.at)
    return guard === null || target === null ? [] : [{ when: guard, go: target }]
  })
  return last === null ? null : { kind: 'route', cases, otherwise: last }
}

function readUse(part: Part): Screen | null {
  const { symbols, flow, at, entries, scope } = part
  const tree = required(symbols.report, entries, 'use', at, 'a use')
  const name = tree && textIn(symbols.report, tree, 'use')
  const used = name === null ? undefined : symbols.flows.get(name)
  if (tree === null || name === null) return null
  if (used === undefined) {
    symbols.report('E-REF', tree.at, `there is no flow ${name}. ${suggest(name, symbols.flows.keys())}`)
    return null
  }
  const results: Types = Object.fromEntries(
    Object.entries(used.variables).filter(([each]) => used.results.includes(each)),
  )
  const go = entries.get('go')
  return {
    kind: 'use',
    start: `${used.name}.${used.start}`,
    with: readArguments(symbols, scope, entries.get('with')?.value ?? null, used.parameters, name, at),
    set: readSetEntry(entries, (set) => readFieldSet(symbols, flow, results, set)),
    go: go === undefined ? null : readTarget(symbols, flow, go.value),
  }
}

function readEnd(part: Part): Screen {
  const { symbols, at, entries, scope } = part
  mainText(part, 'end')
  const sms = entries.get('sms')
  const name = sms === undefined ? null : textIn(symbols.report, sms.value, 'sms')
  if (sms === undefined || name === null) return { kind: 'end', sms: [] }
  const fields = symbols.messages.get(name)
  if (fields === undefined)
    symbols.report('E-REF', sms.value.at, `there is no message ${name}. ${suggest(name, symbols.messages.keys())}`)
  const values = readArguments(symbols, scope, entries.get('with')?.value ?? null, fields ?? {}, name, at)
  return { kind: 'end', sms: [{ message: name, with: values }] }
}

/** The action by its name, and the effects it may have there. */
function actionOf({ symbols, entries, at }: Part, key: 'call' | 'do'): { name: string; contract: Contract } | null {
  const tree = required(symbols.report, entries, key, at, 'this screen')
  const name = tree && textIn(symbols.report, tree, key)
  if (tree === null || name === null) return null
  const contract = symbols.contracts.get(name)
  if (contract !== undefined) return { name, contract }
  symbols.report('E-REF', tree.at, `there is no action ${name}. ${suggest(name, symbols.contracts.keys())}`)
  return null
}

/** Only a confirm may run a write or an action that wants a secret. */
function refuseUnlessReadable({ symbols, at }: Part, name: string, contract: Contract): void {
  if (contract.effect === 'write')
    symbols.report('E-WRITE', at, `${name} moves money or a credential, so only a confirm may run it.`)
  else if (contract.asks !== null)
    symbols.report('E-SECRET', at, `${name} wants ${contract.asks}, so only a confirm that asks for it may run it.`)
}

function argumentsFor({ symbols, entries, scope, at }: Part, name: string, contract: Contract): readonly Assignment[] {
  return readArguments(symbols, scope, entries.get('with')?.value ?? null, contract.input, name, at)
}

function mainText({ symbols, id, entries, scope }: Part, key: string): void {
  const entry = entries.get(key)
  if (entry !== undefined) addText(symbols, `${id}.text`, entry.value, scope)
}

function guardOf({ symbols, scope }: Part, tree: Tree): Guard | null {
  const source = textIn(symbols.report, tree, 'when')
  return source === null ? null : readGuard(symbols.report, tree.at, source, scope)
}

function targetOf({ symbols, flow, entries, at }: Part, what: string): string | null {
  const go = required(symbols.report, entries, 'go', at, what)
  return go && readTarget(symbols, flow, go)
}
