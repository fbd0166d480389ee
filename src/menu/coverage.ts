import { readKey } from './answer.ts'
import type { MenuEvent, Step } from './event.ts'
import type { Program, Screen, ScreenId } from './program.ts'
import { openChoices } from './render.ts'
import { type MenuSession, topFrame } from './session.ts'
import { conformFields } from './value.ts'

/** One thing that dialogues can go through, in one language. */
export type Item = {
  readonly language: string
  readonly screen: ScreenId
  readonly kind: 'screen' | 'choice' | 'outcome'
  /** The key of a choice or the name of an outcome; empty for a screen. */
  readonly name: string
}

/**
 * All that dialogues on this program can go through, in each language: every screen that is shown or runs an action, every key of a menu
 * or of a question of yes and no, every outcome of every action, also those that the service's policies route, and `empty` of a list
 * that has words for it. `route` and `use` screens are ways, not places: what they lead to counts. So are back, home and pages.
 */
export function universeOf(program: Program): readonly Item[] {
  return program.languages.flatMap(({ code: language }) =>
    Object.entries(program.screens).flatMap(([id, screen]) => itemsOf(language, id, screen)),
  )
}

/** What one step went through. Of a dialled string only the screen where it ended: what was answered on the way is not told. */
export function itemsIn(program: Program, before: MenuSession, event: MenuEvent, step: Step): readonly Item[] {
  return [...heardIn(program, before, event, step), ...shownIn(program, step)]
}

/** Which items of a program some dialogues went through. */
export type Coverage = {
  readonly add: (items: readonly Item[]) => void
  readonly has: (item: Item) => boolean
}

export function makeCoverage(): Coverage {
  const seen = new Set<string>()
  return {
    add: (items) => {
      for (const item of items) seen.add(keyOf(item))
    },
    has: (item) => seen.has(keyOf(item)),
  }
}

function keyOf({ language, screen, kind, name }: Item): string {
  return `${language} ${screen} ${kind} ${name}`
}

function itemsOf(language: string, id: ScreenId, screen: Screen): readonly Item[] {
  const item = (kind: Item['kind'], name: string): Item => ({ language, screen: id, kind, name })
  const place = item('screen', '')
  switch (screen.kind) {
    case 'menu':
      return [place, ...screen.choices.map(({ key }) => item('choice', key))]
    case 'list':
      return [place, ...outcomesOfList(screen).map((name) => item('outcome', name))]
    case 'confirm': {
      const keys = screen.asks !== 'yes' ? [] : screen.no === null ? ['1'] : ['1', '2']
      return [
        place,
        ...keys.map((key) => item('choice', key)),
        ...Object.keys(screen.outcomes).map((name) => item('outcome', name)),
      ]
    }
    case 'call':
      return [place, ...Object.keys(screen.outcomes).map((name) => item('outcome', name))]
    case 'input':
    case 'end':
      return [place]
    case 'route':
    case 'use':
      return []
  }
}

function outcomesOfList({ call, outcomes, empty }: Screen & { kind: 'list' }): readonly string[] {
  if (call === null) return []
  return [call.outcome, ...(empty === null ? [] : ['empty']), ...Object.keys(outcomes)]
}

function heardIn(program: Program, before: MenuSession, event: MenuEvent, { heard }: Step): readonly Item[] {
  const { at } = topFrame(before)
  const screen = program.screens[at]
  const item = (kind: Item['kind'], name: string): Item => ({ language: before.language, screen: at, kind, name })
  if (event.kind === 'outcome' && before.state === 'running' && screen !== undefined)
    return outcomesIn(program, screen, event).map((name) => item('outcome', name))
  if (event.kind !== 'input' || heard !== 'answered') return []
  const isChoice = screen?.kind === 'menu' || (screen?.kind === 'confirm' && screen.asks === 'yes')
  if (!isChoice) return []
  const key = readKey(event.input.reveal())
  const open = screen.kind === 'confirm' || openChoices(screen.choices, before).some((choice) => choice.key === key)
  return open ? [item('choice', key)] : []
}

/** The outcome as the engine takes it: one that the contract does not allow is `failed`. */
function outcomesIn(
  program: Program,
  screen: Screen,
  { outcome, values }: MenuEvent & { kind: 'outcome' },
): readonly string[] {
  if (screen.kind !== 'call' && screen.kind !== 'confirm' && screen.kind !== 'list') return []
  const call = screen.kind === 'list' ? screen.call : screen
  const types = program.actions[call?.action ?? '']?.outcomes ?? {}
  const declared = Object.hasOwn(types, outcome) ? types[outcome] : undefined
  const fields = declared === undefined ? undefined : conformFields(declared, values)
  if (fields === undefined) return ['failed']
  if (screen.kind !== 'list' || screen.call?.outcome !== outcome || screen.empty === null) return [outcome]
  const rows = fields[screen.call.field]
  return Array.isArray(rows) && rows.length === 0 ? [outcome, 'empty'] : [outcome]
}

function shownIn(program: Program, step: Step): readonly Item[] {
  const { language } = step.session
  const at = (screen: ScreenId): Item => ({ language, screen, kind: 'screen', name: '' })
  if (step.kind === 'run') return program.screens[step.run.screen]?.kind === 'call' ? [at(step.run.screen)] : []
  const { screen, end } = step.reply
  return end && program.screens[screen]?.kind !== 'end' ? [] : [at(screen)]
}
