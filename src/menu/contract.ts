/**
 * The type of a value in a menu. Every type that can be shown has a bound, so that the longest possible screen is known when a menu is compiled.
 *
 * | type     | JSON value                                | shown as (longest)                                     |
 * |----------|-------------------------------------------|--------------------------------------------------------|
 * | text     | string                                    | cut to `max` characters                                |
 * | digits   | string of ASCII digits                    | as it is, at most `max`                                |
 * | number   | whole number from 0 to `max`              | as it is                                               |
 * | money    | string: minor units                       | `KES 1,250`, bounded by `max` minor units (default 10^9) |
 * | msisdn   | string: E.164                             | national form, `0712345678`                            |
 * | moment   | number: Unix milliseconds                 | local date and time, `23/11/26 14:05`                  |
 * | time     | number: Unix milliseconds                 | local `14:05`, with the date when it is another day    |
 * | date     | string: `2026-11-23`                      | `23/11/2026`                                           |
 * | choice   | one of the strings of `of`                | never shown; for guards                                |
 * | opaque   | any JSON                                  | never shown; handed from action to action              |
 * | rows     | array of records, at most `max`           | by a `list` screen                                     |
 */
export type ValueType =
  | { readonly type: 'text'; readonly max: number }
  | { readonly type: 'digits'; readonly min?: number; readonly max: number }
  | { readonly type: 'number'; readonly max: number }
  | { readonly type: 'money'; readonly max?: bigint }
  | { readonly type: 'msisdn' }
  | { readonly type: 'moment' }
  | { readonly type: 'time' }
  | { readonly type: 'date' }
  | { readonly type: 'choice'; readonly of: readonly string[] }
  | { readonly type: 'opaque' }
  | { readonly type: 'rows'; readonly of: Fields; readonly max: number }

export type Fields = Readonly<Record<string, ValueType>>

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** The JSON form of a value of type `T`. */
export type ValueOf<T extends ValueType> = T extends { type: 'number' | 'moment' | 'time' }
  ? number
  : T extends { type: 'choice'; of: readonly (infer C)[] }
    ? C
    : T extends { type: 'opaque' }
      ? Json
      : T extends { type: 'rows'; of: infer F extends Fields }
        ? readonly ValuesOf<F>[]
        : string

export type ValuesOf<F extends Fields> = { -readonly [K in keyof F]: ValueOf<F[K]> }

/**
 * What running an action may do. `read`: nothing that lasts. `record`: idempotent, no money, no credential (send a code, remember a
 * language). `write`: money or a credential; only a `confirm` screen may run it.
 */
export type Effect = 'read' | 'record' | 'write'

/** What a `confirm` screen asks before it runs its action. All but `yes` are secrets. */
export type Asks = 'yes' | 'pin' | 'new_pin' | 'code' | 'answer'

/** What an action declares to the menu compiler. Every outcome must be routed by the screen that runs it. */
export type ActionContract = {
  readonly name: string
  readonly effect: Effect
  /** Set when only a `confirm` screen that asks for this may run the action. */
  readonly asks?: Asks
  readonly input: Fields
  readonly outcomes: Readonly<Record<string, Fields>>
  /** How long the action may take; 3,000 unless stated. */
  readonly deadlineMs?: number
}

/** What a keyword of SMS declares to the menu compiler, which sees that every language has words for it. */
export type KeywordContract = {
  readonly name: string
  /** The variables that it has values for where it opens a screen; null where it opens none. */
  readonly opens: readonly string[] | null
  /** Whether a language may follow it, so that people's names for languages belong to it. */
  readonly names: boolean
}

export const DEFAULT_DEADLINE_MS = 3000

/** Outcomes that any action can have; `failed`: nothing is known to have happened, `late`: the deadline passed and it may yet happen. */
const commonOutcomes: ActionContract['outcomes'] = { failed: {}, late: {} }

/** Further outcomes of an action behind a PIN: tries left before the lock, and until when it is locked. */
const pinOutcomes: ActionContract['outcomes'] = {
  wrong_pin: { left: { type: 'number', max: 9 } },
  locked: { until: { type: 'time' } },
  busy: {},
}

/** Every outcome that a screen running this action must route or leave to the service's policy. */
export function outcomesOf(contract: ActionContract): ActionContract['outcomes'] {
  return { ...contract.outcomes, ...(contract.asks === 'pin' ? pinOutcomes : {}), ...commonOutcomes }
}

export type Outcome<C extends ActionContract = ActionContract> = {
  [K in keyof C['outcomes'] & string]: { readonly outcome: K } & (keyof C['outcomes'][K] extends never
    ? { readonly values?: undefined }
    : { readonly values: ValuesOf<C['outcomes'][K]> })
}[keyof C['outcomes'] & string]
