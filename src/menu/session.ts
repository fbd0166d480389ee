import type { Msisdn } from '../domain/msisdn.ts'
import type { Json } from './contract.ts'
import { baseLanguageOf, type Program, type ScreenId } from './program.ts'

/** What is known of the caller when the dialogue begins. */
export type Facts = {
  readonly status: 'unknown' | 'enrolled' | 'active'
  readonly name: string
  readonly firstName: string
  readonly number: Msisdn
}

/** One live dialogue: plain JSON, and all that the engine remembers between two steps. Never holds a secret. */
export type MenuSession = {
  readonly language: string
  /** The name of the aggregator that it comes over, where the program has limits for that one; otherwise empty. */
  readonly channel: string
  readonly facts: Facts
  /** The flows in use, outermost first; the last one's screen is the current one. */
  readonly frames: readonly Frame[]
  /** Screens to go back to, oldest first. */
  readonly history: readonly Place[]
  /** Whether the dialogue has a past that one cannot go back to, so that `home` is offered where `back` is not. */
  readonly away: boolean
  /** `offered`: a dropped session that asks whether to go on. */
  readonly state: 'new' | 'shown' | 'offered' | 'running' | 'ended'
  /** Invalid answers to the current screen so far. */
  readonly wrong: number
  /** Of a list: the first row of each page gone through, and of the page after the current one. */
  readonly pages: readonly number[]
  readonly next: number | null
  /** What waits on the current screen: of an input asked twice, the value typed first; of a list, the words its rows are looked for by. */
  readonly typed: string
  /** Words for the top of the next screen; after the end, the last words. */
  readonly say: Words | null
}

export type Frame = { readonly at: ScreenId; readonly variables: Readonly<Record<string, Json>> }

/** A screen that was left. `undo` has what its flow's variables were before they were set again: `[value]`, or `[]` where unset. */
export type Place = {
  readonly at: ScreenId
  readonly depth: number
  readonly pages: readonly number[]
  readonly typed: string
  readonly undo: Readonly<Record<string, readonly [] | readonly [Json]>>
}

/** `short`: the next shorter form, for a screen that would not fit otherwise. */
export type Words = { readonly text: string; readonly gsm7: boolean; readonly short?: Words }

/** How many screens one can go back; more than anybody does, and few enough to store. */
const MAX_HISTORY = 12

/** A dialogue that has not shown anything yet. A language the program lacks becomes the base language. `channel`: an aggregator's name. */
export function begin(program: Program, start: { language: string; facts: Facts; channel?: string }): MenuSession {
  const known = program.languages.some(({ code }) => code === start.language)
  return atHome(program, {
    language: known ? start.language : baseLanguageOf(program),
    channel: channelIn(program, start.channel ?? ''),
    facts: start.facts,
    frames: [],
    history: [],
    away: false,
    state: 'new',
    wrong: 0,
    pages: [],
    next: null,
    typed: '',
    say: null,
  })
}

function channelIn({ channels }: Program, name: string): string {
  return Object.hasOwn(channels, name) ? name : ''
}

export function languageOf(session: MenuSession): string {
  return session.language
}

/** The flow in use; every session has one. */
export function topFrame(session: MenuSession): Frame {
  const frame = session.frames.at(-1)
  if (frame === undefined) throw new Error('a session without a frame')
  return frame
}

export function atHome(program: Program, session: MenuSession): MenuSession {
  return { ...session, frames: [{ at: program.start, variables: {} }], history: [], away: false }
}

/** Another screen of the same flow. */
export function moveTo(session: MenuSession, at: ScreenId): MenuSession {
  return { ...session, frames: [...session.frames.slice(0, -1), { ...topFrame(session), at }] }
}

/** Sets variables of the current flow, and the language, and notes what going back has to restore. */
export function assign(session: MenuSession, values: Readonly<Record<string, Json>>): MenuSession {
  const { language = session.language, ...set } = values
  const frame = topFrame(session)
  const last = session.history.at(-1)
  const next = {
    ...session,
    language: String(language),
    frames: [...session.frames.slice(0, -1), { at: frame.at, variables: { ...frame.variables, ...set } }],
  }
  if (last === undefined || last.depth !== session.frames.length) return next
  const undo: Record<string, readonly [] | readonly [Json]> = {}
  for (const name of Object.keys(set)) {
    const was = frame.variables[name]
    undo[name] = was === undefined ? [] : [was]
  }
  return { ...next, history: [...session.history.slice(0, -1), { ...last, undo: { ...undo, ...last.undo } }] }
}

/** Remembers the current screen as one to go back to. The first one is always kept, so that people come back to where they began. */
export function leave(session: MenuSession): MenuSession {
  const { frames, pages, typed } = session
  const place: Place = { at: topFrame(session).at, depth: frames.length, pages, typed, undo: {} }
  const history = [...session.history, place]
  return { ...session, history: history.length > MAX_HISTORY ? forget(history, 1, 2) : history }
}

/** Leaves the current screen for good; `barrier`: and everything before it. */
export function leaveForGood(session: MenuSession, barrier: boolean): MenuSession {
  const history = barrier ? [] : session.history
  return { ...session, away: session.away || history.length === 0, history }
}

/** A screen that is in the history already is a return to it, so what lies after it is forgotten. */
export function arrive(session: MenuSession): MenuSession {
  const { at } = topFrame(session)
  const depth = session.frames.length
  const seen = session.history.findIndex((place) => place.at === at && place.depth === depth)
  const history = seen < 0 ? session.history : forget(session.history, seen, session.history.length)
  return { ...session, history, wrong: 0, pages: [0], next: null, typed: '' }
}

/** Takes places out; going back to the one before them restores what was set after them, too. */
function forget(history: readonly Place[], from: number, to: number): readonly Place[] {
  const last = history[from - 1]
  const after = history.slice(to)
  if (last === undefined) return after
  const forgotten = history.slice(from, to).filter((place) => place.depth === last.depth)
  const newestFirst = [last, ...forgotten].reverse().map(({ undo }) => undo)
  return [...history.slice(0, from - 1), { ...last, undo: Object.assign({}, ...newestFirst) }, ...after]
}

/** The screen left last, with its flow's variables as they were; null where there is none. */
export function goBack(session: MenuSession): MenuSession | null {
  const place = session.history.at(-1)
  const frame = session.frames[place === undefined ? -1 : place.depth - 1]
  if (place === undefined || frame === undefined) return null
  const variables: Record<string, Json> = { ...frame.variables }
  for (const [name, [was]] of Object.entries(place.undo)) {
    if (was === undefined) delete variables[name]
    else variables[name] = was
  }
  return {
    ...session,
    frames: [...session.frames.slice(0, place.depth - 1), { at: place.at, variables }],
    history: session.history.slice(0, -1),
    wrong: 0,
    pages: place.pages,
    next: null,
    typed: place.typed,
  }
}

export function enterFlow(session: MenuSession, at: ScreenId, variables: Readonly<Record<string, Json>>): MenuSession {
  return { ...session, frames: [...session.frames, { at, variables }] }
}

/** The calling flow again; screens of the flow that returned are no longer there to go back to. */
export function leaveFlow(session: MenuSession): MenuSession {
  const frames = session.frames.slice(0, -1)
  return { ...session, frames, history: session.history.filter((place) => place.depth <= frames.length) }
}
