import type { Market } from '../domain/market.ts'
import type { Asks, Effect, Json, ValueType } from './contract.ts'

/** Part of a program's hash: counted up whenever the same menus would behave differently. */
export const ENGINE_VERSION = 2

/**
 * Compiled menus: plain JSON in which every template is parsed, every target resolved and every route of every outcome present, so
 * that a step only looks things up. Immutable and named by its hash; a session keeps the program it began with.
 */
export type Program = {
  readonly hash: string
  readonly market: Market
  /** The screen where a dial begins and where `home` leads. */
  readonly start: ScreenId
  /** The base language first. */
  readonly languages: readonly { readonly code: string; readonly name: string }[]
  /** Of every channel that has none of its own. */
  readonly limits: Limits
  /** By the name of the aggregator that a session comes over. */
  readonly channels: Readonly<Record<string, Limits>>
  readonly keys: NavigationKeys
  /** How often a screen is repeated with a hint before the dialogue ends, where the screen does not say it. */
  readonly attempts: number
  readonly shortcuts: readonly Shortcut[]
  /** What can be written to the service by SMS, by the keyword's name. */
  readonly keywords: Readonly<Record<string, KeywordWords>>
  /** How long after a dropped session a dial offers to go on with it; null where it never does. */
  readonly resume: { readonly withinMs: number } | null
  /** Whether the first screen tells how the last session's transfer ended. */
  readonly tellsLastTransfer: boolean
  /** Whether it tells that something waits for the caller's answer. */
  readonly tellsAsked: boolean
  readonly actions: Readonly<Record<string, ProgramAction>>
  readonly screens: Readonly<Record<ScreenId, Screen>>
  /** By language, then by key: `<flow>.<screen>.<text | row | yes | no | wrong | again | differ | none | choice.KEY | pick.KEY | say.OUTCOME>`, `service.…`, `messages.…`. */
  readonly texts: Readonly<Record<string, Readonly<Record<TextKey, Template>>>>
  /** Every variable there is, as `<flow>.$<name>`. */
  readonly variables: readonly string[]
  /** Screens and variables that earlier programs had under another id: that id, and the one of now. */
  readonly moved: Readonly<Record<string, string>>
  /** Screens, variables and whole flows of earlier programs that were given up on purpose. */
  readonly removed: readonly string[]
}

/** A keyword of SMS as the menus have it. */
export type KeywordWords = {
  /** By language: what people write for it; the first is what they are told. */
  readonly words: Readonly<Record<string, readonly string[]>>
  /** Screens that answer it, the best first: the first whose shortcut has all its values is dialled. */
  readonly opens: readonly ScreenId[]
  /** By language: what people call that language. */
  readonly names: Readonly<Record<string, readonly string[]>>
}

/** `<flow>.<screen>` */
export type ScreenId = string
export type TextKey = string

/** A dialled code that leads straight to a screen, such as `1*{to}*{amount}`. */
export type Shortcut = {
  /** As published. */
  readonly template: string
  readonly tokens: readonly ShortcutToken[]
  /** Where it leads, if everything on the way goes well. */
  readonly screen: ScreenId
  /** What answers each screen on the way: a choice's key, or the token at that index. */
  readonly answers: readonly ShortcutAnswer[]
}
/** What is dialled: just this key, or the value of a variable. */
export type ShortcutToken =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'variable'; readonly name: string }
export type ShortcutAnswer = { readonly at: ScreenId } & (
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'token'; readonly index: number }
)

/** Units of one screen in each encoding, and its lines. */
export type Limits = { readonly gsm7: number; readonly ucs2: number; readonly lines: number }

export type NavigationKeys = {
  readonly back: string
  readonly home: string
  readonly more: string
  readonly previous: string | null
  /** Ends the dialogue with the words of `service.exit.end`. */
  readonly exit: string | null
}

/** A value type in JSON: amounts are decimal strings of minor units and always bounded. */
export type Type =
  | Exclude<ValueType, { type: 'money' } | { type: 'rows' }>
  | { readonly type: 'money'; readonly max: string }
  | { readonly type: 'rows'; readonly of: Types; readonly max: number }

export type Types = Readonly<Record<string, Type>>

export type ProgramAction = {
  readonly effect: Effect
  readonly asks: Asks | null
  readonly outcomes: Readonly<Record<string, Types>>
  readonly deadlineMs: number
}

export type FactName = 'status' | 'name' | 'first_name' | 'number' | 'language'

/** Where a value comes from: a variable of the flow, a fact about the caller, a field of the outcome or row at hand, or the menu file. */
export type Ref =
  | { readonly from: 'variable'; readonly name: string }
  | { readonly from: 'fact'; readonly name: FactName }
  | { readonly from: 'field'; readonly name: string }
export type Source = Ref | { readonly from: 'literal'; readonly value: Json }

export type Assignment = { readonly to: string; readonly value: Source }

/**
 * `gsm7`: all the literal characters are of that alphabet, so values are folded to it. `short`: the next shorter form, for a screen that
 * would not fit otherwise.
 */
export type Template = { readonly gsm7: boolean; readonly parts: readonly (string | Slot)[]; readonly short?: Template }

/** `width` is the most characters the value can take as shown; `words` says how an amount is written out. */
export type Slot = { readonly value: Ref; readonly as: Shown; readonly width: number; readonly words?: InWords }
export type Shown =
  | 'text'
  | 'digits'
  | 'last'
  | 'number'
  | 'money'
  | 'figures'
  | 'words'
  | 'msisdn'
  | 'mask'
  | 'moment'
  | 'time'
  | 'date'

/** The language of the words, and the largest amount in minor units. */
export type InWords = { readonly language: string; readonly max: string }

export type Guard =
  | { readonly op: 'and' | 'or'; readonly left: Guard; readonly right: Guard }
  | { readonly op: 'not'; readonly of: Guard }
  | { readonly op: 'in'; readonly left: Source; readonly among: readonly Json[] }
  | {
      readonly op: 'compare'
      readonly by: Comparison
      readonly numeric: boolean
      readonly left: Source
      readonly right: Source
    }
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

/** A screen's id, or `again`, `home`, `return`, or `end` with the words of `say`. */
export type Target = ScreenId | 'again' | 'home' | 'return' | 'end'

export type Route = { readonly set: readonly Assignment[]; readonly say: TextKey | null; readonly go: Target }
export type Routes = Readonly<Record<string, Route>>

/** What every screen has that takes an answer. */
export type Asking = {
  /** Said above it after an answer that cannot be one. */
  readonly wrong: TextKey
  /** How often it is repeated; null: as often as the program says. */
  readonly attempts: number | null
  /** Where it leads then; null: to the end. */
  readonly after: Route | null
}

export type Screen =
  | ({ readonly kind: 'menu'; readonly choices: readonly Choice[] } & Asking)
  | InputScreen
  | ListScreen
  | ConfirmScreen
  | ({ readonly kind: 'call'; readonly outcomes: Routes } & Call)
  | {
      readonly kind: 'route'
      readonly cases: readonly { readonly when: Guard; readonly go: Target }[]
      readonly otherwise: Target
    }
  | {
      readonly kind: 'use'
      readonly start: ScreenId
      readonly with: readonly Assignment[]
      /** Variables of this flow from variables of the flow that returned. */
      readonly set: readonly Assignment[]
      readonly go: Target | null
    }
  | {
      readonly kind: 'end'
      readonly sms: readonly { readonly message: string; readonly with: readonly Assignment[] }[]
    }

export type Choice = { readonly key: string; readonly when: Guard | null; readonly route: Route }

export type Call = { readonly action: string; readonly with: readonly Assignment[] }

export type InputScreen = {
  readonly kind: 'input'
  readonly type: InputType
  readonly as: string
  readonly go: Target
  /** Asked a second time by the words of `<screen>.again`; `differ` is said where the two are not equal. */
  readonly twice: { readonly differ: TextKey } | null
} & Asking

export type ListScreen = {
  readonly kind: 'list'
  /** The variable that holds the rows: the menu's own, or `#<screen>` for those a call brought. */
  readonly rows: string
  readonly call: (Call & { readonly outcome: string; readonly field: string; readonly keep: readonly string[] }) | null
  readonly outcomes: Routes
  readonly empty: Route | null
  /** Null where rows are only read. */
  readonly choose: Route | null
  /** The text of a row that typed letters look for; `none` is said where no row has them. */
  readonly filter: { readonly field: string; readonly none: TextKey } | null
} & Asking

export type ConfirmScreen = {
  readonly kind: 'confirm'
  readonly asks: Asks
  /** The texts of its two keys, where it asks for yes or no. */
  readonly buttons: readonly TextKey[]
  readonly no: Target | null
  readonly outcomes: Routes
} & Call &
  Asking

/** What can be read without the words of its screen. */
export type PlainInput =
  | { readonly type: 'msisdn' }
  | { readonly type: 'money'; readonly min: string; readonly max: string }
  | { readonly type: 'text'; readonly min: number; readonly max: number }
  | { readonly type: 'digits'; readonly min: number; readonly max: number }
  | { readonly type: 'date'; readonly min: DateBound | null; readonly max: DateBound | null }

export type InputType =
  | PlainInput
  /** Its options are numbered from 1 in this order; their words are `<screen>.pick.<option>`. */
  | { readonly type: 'pick'; readonly of: readonly string[] }

/** A day, or so many days from the day on which it is typed. */
export type DateBound = { readonly date: string } | { readonly days: number }

/** Programs that were stored before a program knew its variables and what had moved. */
const BEFORE_LINEAGE = { variables: [], moved: {}, removed: [] } as const

/** The code of the language in which the menu files themselves are written. */
export function baseLanguageOf({ languages }: Pick<Program, 'languages'>): string {
  return languages[0]?.code ?? ''
}

/** Reads a stored program. It is not checked again: only the compiler makes them, and only the gateway stores them. */
export function programFromJson(json: string): Program {
  return { ...BEFORE_LINEAGE, ...(JSON.parse(json) as Program) }
}

/** The stored form; reading it back gives an equal program. */
export function programToJson(program: Program): string {
  return JSON.stringify(program)
}
