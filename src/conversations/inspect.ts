import type { Market } from '../domain/market.ts'
import { maskMsisdn, parseE164 } from '../domain/msisdn.ts'
import type { Effect, Json } from '../menu/contract.ts'
import { topFrame } from '../menu/session.ts'
import type { Sessions } from './sessions.ts'
import type { Watch } from './watch.ts'

/** A live dialogue as a developer sees it: numbers masked, long values shortened; a session holds no secret. */
export type Inspection = {
  /** Hash of the menus it runs on. */
  readonly program: string
  readonly language: string
  readonly status: string
  readonly number: string
  readonly screen: string
  readonly state: string
  readonly hops: number
  /** Invalid answers to this screen so far. */
  readonly wrong: number
  /** The flows in use, outermost first. */
  readonly flows: readonly { readonly at: string; readonly variables: Readonly<Record<string, string>> }[]
  /** Screens to go back to, oldest first. */
  readonly history: readonly string[]
  /** What the last hop ran. `outcome`: null where it has none yet. */
  readonly actions: readonly RanAction[]
}

export type RanAction = {
  readonly screen: string
  readonly action: string
  readonly effect: Effect
  readonly outcome: string | null
}

export type Inspector = {
  readonly watch: Watch
  /** Null where no such session is known. */
  readonly look: (aggregator: string, sessionId: string) => Promise<Inspection | null>
}

/** Dialogues whose last actions are remembered. */
const MOST_DIALOGUES = 1000

/** Looks into the sessions of `sessions`; only for development, behind a setting that production refuses. */
export function makeInspector(sessions: Pick<Sessions, 'keyOf' | 'read'>, market: Market): Inspector {
  const ran = new Map<string, readonly RanAction[]>()

  function note(name: string, actions: readonly RanAction[]): void {
    ran.delete(name)
    ran.set(name, actions)
    const [oldest] = ran.keys()
    if (ran.size > MOST_DIALOGUES && oldest !== undefined) ran.delete(oldest)
  }

  return {
    watch: ({ name, event, step }) => {
      const before = event.kind === 'outcome' ? (ran.get(name) ?? []) : []
      const settled = before.map((each) =>
        each.outcome === null && event.kind === 'outcome' ? { ...each, outcome: event.outcome } : each,
      )
      if (step.kind === 'reply') return note(name, settled)
      const { screen, action, effect } = step.run
      note(name, [...settled, { screen, action, effect, outcome: null }])
    },
    look: async (aggregator, sessionId) => {
      const name = sessions.keyOf(aggregator, sessionId)
      const stored = await sessions.read(name)
      if (stored === null) return null
      const { program, hop, menu } = stored.session
      return {
        ...{ program, language: menu.language, status: menu.facts.status, screen: topFrame(menu).at },
        ...{ number: maskMsisdn(menu.facts.number, market.numbering), state: menu.state, hops: hop, wrong: menu.wrong },
        flows: menu.frames.map(({ at, variables }) => ({ at, variables: shownValues(variables, market) })),
        history: menu.history.map(({ at }) => at),
        actions: ran.get(name) ?? [],
      }
    },
  }
}

function shownValues(variables: Readonly<Record<string, Json>>, market: Market): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, shown(value, market)]))
}

/** Longer texts are ids, quotes and the like, which nobody reads and which might name somebody. */
const LONGEST_SHOWN = 24

function shown(value: Json, market: Market): string {
  if (Array.isArray(value)) return `[${value.length} values]`
  if (typeof value === 'object' && value !== null) return `{${Object.keys(value).length} fields}`
  const text = String(value)
  const number = parseE164(text)
  if (number !== null) return maskMsisdn(number, market.numbering)
  return text.length > LONGEST_SHOWN ? `${text.slice(0, 8)}…` : text
}
