import { suggest } from '../problem.ts'
import type { Asking, InputScreen, InputType, ListScreen, Route, Types } from '../program.ts'
import type { Part } from './part.ts'
import { readRoute, readSet, readTarget } from './route.ts'
import { addText, type FlowHead, type Symbols } from './symbols.ts'
import { required, type Tree, textIn, wholeIn } from './tree.ts'

/** Keys of every screen that takes an answer. */
export const ASKING: readonly string[] = ['wrong', 'attempts', 'after']

/** The screen's own words for an answer that it cannot take, or the service's; how often, and where to then. */
export function askingOf(part: Part): Asking {
  const { symbols, flow, id, entries, scope } = part
  const [wrong, attempts, after] = [entries.get('wrong'), entries.get('attempts'), entries.get('after')]
  return {
    wrong: wrong === undefined ? symbols.hints.wrong : addText(symbols, `${id}.wrong`, wrong.value, scope),
    attempts: attempts === undefined ? null : wholeIn(symbols.report, attempts.value, 'attempts', 0),
    after: after === undefined ? null : readAfter(symbols, flow, id, after.value),
  }
}

/** A screen, or a way on. */
function readAfter(symbols: Symbols, flow: FlowHead, id: string, tree: Tree): Route | null {
  const target = tree.kind === 'map' ? null : readTarget(symbols, flow, tree)
  const route =
    tree.kind === 'map'
      ? readRoute(symbols, flow, `${id}.say.after`, tree, {}, (set) => readSet(symbols, flow, set))
      : target === null
        ? null
        : { set: [], say: null, go: target }
  if (route?.go !== 'again') return route
  symbols.report('E-SHAPE', tree.at, 'after cannot be again, since the limit would then be none. Name another screen.')
  return null
}

/** Whether an input asks a second time, and what it says where the two differ. */
export function twiceOf({ symbols, id, at, entries, scope }: Part, type: InputType): InputScreen['twice'] {
  const { report } = symbols
  const [twice, again, differ] = [entries.get('confirm_twice'), entries.get('again'), entries.get('differ')]
  if (twice === undefined || (twice.value.kind === 'scalar' && twice.value.value === false)) {
    for (const each of [again, differ])
      if (each !== undefined)
        report('E-SHAPE', each.at, 'again and differ belong to an input that asks twice; add confirm_twice: true.')
    return null
  }
  if (twice.value.kind !== 'scalar' || twice.value.value !== true)
    report('E-SHAPE', twice.value.at, 'confirm_twice is true or false.')
  if (type.type === 'pick')
    report(
      'E-SHAPE',
      twice.at,
      'what is picked is not typed, so a second time would show nothing. Take confirm_twice out.',
    )
  const words = required(report, entries, 'again', at, 'an input that asks twice')
  if (words !== null) addText(symbols, `${id}.again`, words, scope)
  return { differ: differ === undefined ? symbols.hints.differ : addText(symbols, `${id}.differ`, differ.value, scope) }
}

/** What typed letters look for in a list. */
export function filterOf({ symbols, id, entries, scope }: Part, of: Types): ListScreen['filter'] {
  const { report } = symbols
  const [filter, none] = [entries.get('filter'), entries.get('none')]
  if (filter === undefined) {
    if (none !== undefined)
      report('E-SHAPE', none.at, 'none is said where a filter finds nothing, and there is no filter.')
    return null
  }
  const field = textIn(report, filter.value, 'filter')
  const type = field === null || !Object.hasOwn(of, field) ? undefined : of[field]
  if (field === null) return null
  if (type === undefined)
    report('E-REF', filter.value.at, `a row has no field ${field} to look in. ${suggest(field, Object.keys(of))}`)
  else if (type.type !== 'text')
    report(
      'E-TYPE',
      filter.value.at,
      `letters are looked for in text, but ${field} is ${type.type}. Take a field of text.`,
    )
  return { field, none: none === undefined ? symbols.hints.none : addText(symbols, `${id}.none`, none.value, scope) }
}
