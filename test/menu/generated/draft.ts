import { stringify } from 'yaml'
import type { MenuSources } from '../../../src/menu/compile.ts'
import { translated } from './words.ts'

/** The next of a spec's numbers, below `count`; zero when they are used up, so that shrinking leads to the first of everything. */
export type Pick = (count: number) => number

export function picker(numbers: readonly number[]): Pick {
  let next = 0
  return (count) => {
    const number = numbers[next] ?? 0
    next += 1
    return number % Math.max(1, count)
  }
}

/** A value as it stands in a menu file. */
export type Yaml = string | number | boolean | Yaml[] | { [key: string]: Yaml }
export type Doc = { [key: string]: Yaml }

export type FlowDoc = {
  parameters?: Doc
  results?: string[]
  variables: Doc
  start: string
  screens: Record<string, Doc>
}

/** Menus about to be written down. `risks`: codes that the compiler may have to refuse them with. */
export type Draft = {
  readonly service: Doc
  readonly flows: Record<string, FlowDoc>
  readonly messages: Doc
  readonly alphabet: 'gsm7' | 'ucs2'
  /** Changes to the translation before it is written: a text, or null for none. */
  readonly translation: Record<string, string | null>
  readonly risks: Set<string>
}

/** The files, with a translation of every text into the language `xx`. */
export function sourcesOf(draft: Draft): MenuSources {
  const texts = Object.fromEntries(textsOf(draft).map(([key, text]) => [key, translated(text, draft.alphabet)]))
  const translation = Object.entries({ name: 'Xx', ...texts, ...draft.translation }).filter(([, text]) => text !== null)
  const flows = Object.entries(draft.flows).map(([name, flow]) => [`${name}.yaml`, stringify(flow)])
  return {
    ...Object.fromEntries(flows),
    'service.yaml': stringify(draft.service),
    'messages.yaml': stringify(draft.messages),
    'languages/xx.yaml': stringify(Object.fromEntries(translation)),
  }
}

/** Every text and its key, as the documentation of translations has them. */
function textsOf({ service, flows, messages }: Draft): readonly (readonly [key: string, text: string])[] {
  const navigation = Object.entries(service.navigation as Record<string, Doc>)
  const outcomes = Object.entries(service.outcomes as Record<string, Doc>)
  const invalid = service.invalid as Doc
  return [
    ...navigation.map(([way, { text }]) => [`service.navigation.${way}`, text] as const),
    ...outcomes.map(([name, route]) => [`service.outcomes.${name}`, route.say ?? route.end] as const),
    ['service.exit.end', navigation.find(([way]) => way === 'exit')?.[1].end] as const,
    ['service.invalid.text', invalid.text] as const,
    ['service.invalid.end', invalid.end] as const,
    ['service.dialled_secret', service.dialled_secret] as const,
    ...Object.entries(messages).map(([name, text]) => [`messages.${name}`, text] as const),
    ...Object.entries(flows).flatMap(([flow, { screens }]) =>
      Object.entries(screens).flatMap(([screen, doc]) => screenTexts(`${flow}.${screen}`, doc)),
    ),
  ].flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : []))
}

function screenTexts(id: string, doc: Doc): readonly (readonly [key: string, text: Yaml | undefined])[] {
  const routes = { ...(doc.outcomes as Record<string, Doc> | undefined), empty: (doc.empty ?? {}) as Doc }
  const choices = (doc.choices ?? []) as Doc[]
  const menu = typeof doc.menu === 'string' ? doc.menu : (doc.menu as Doc | undefined)?.text
  const options = Object.entries(((doc.type as Doc | undefined)?.pick ?? {}) as Doc)
  const after = (typeof doc.after === 'object' ? doc.after : {}) as Doc
  return [
    [`${id}.text`, menu ?? doc.input ?? doc.list ?? doc.confirm ?? doc.end],
    [`${id}.row`, doc.row],
    [`${id}.yes`, doc.yes],
    [`${id}.no`, (doc.no as Doc | undefined)?.text],
    [`${id}.wrong`, doc.wrong],
    [`${id}.again`, doc.again],
    [`${id}.differ`, doc.differ],
    [`${id}.none`, doc.none],
    [`${id}.say.after`, after.say],
    ...options.map(([option, text]) => [`${id}.pick.${option}`, text] as const),
    ...choices.map(({ key, text }) => [`${id}.choice.${String(key)}`, text] as const),
    ...choices.map(({ key, say }) => [`${id}.say.${String(key)}`, say] as const),
    ...Object.entries(routes).map(([name, { say, end }]) => [`${id}.say.${name}`, say ?? end] as const),
  ]
}
