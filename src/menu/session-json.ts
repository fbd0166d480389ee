import type { Json } from './contract.ts'
import type { Facts, Frame, MenuSession, Place, Words } from './session.ts'

/** A session as it is stored: without the names of its fields, which were a third of it. */
export type SessionJson = readonly [
  language: string,
  facts: readonly [status: Facts['status'], name: string, firstName: string, number: Facts['number']],
  frames: readonly (readonly [at: string, variables: Readonly<Record<string, Json>>])[],
  history: readonly (readonly [
    at: string,
    depth: number,
    pages: readonly number[],
    undo: Place['undo'],
    typed?: string,
  ])[],
  away: boolean,
  state: MenuSession['state'],
  wrong: number,
  pages: readonly number[],
  next: number | null,
  say: WordsJson | null,
  channel: string,
  typed?: string,
]

type WordsJson = readonly [text: string, gsm7: boolean, short?: WordsJson]

export function sessionToJson(session: MenuSession): SessionJson {
  const { language, facts, frames, history, away, state, wrong, pages, next, say, channel, typed } = session
  return [
    language,
    [facts.status, facts.name, facts.firstName, facts.number],
    frames.map(({ at, variables }) => [at, variables]),
    history.map(({ at, depth, pages, undo, typed }) => [at, depth, pages, undo, ...unlessEmpty(typed)]),
    away,
    state,
    wrong,
    pages,
    next,
    say === null ? null : wordsToJson(say),
    channel,
    ...unlessEmpty(typed),
  ]
}

/** Hardly any screen has it, so it takes no room where it is empty. */
function unlessEmpty(typed: string): [] | [string] {
  return typed === '' ? [] : [typed]
}

/** Reads what `sessionToJson` made. Nothing is checked: sessions are stored sealed, so nobody else can have made it. */
export function sessionFromJson(json: SessionJson): MenuSession {
  const [
    language,
    [status, name, firstName, number],
    frames,
    history,
    away,
    state,
    wrong,
    pages,
    next,
    say,
    channel,
    typed = '',
  ] = json
  return {
    language,
    channel,
    facts: { status, name, firstName, number },
    frames: frames.map(([at, variables]): Frame => ({ at, variables })),
    history: history.map(([at, depth, pages, undo, typed = '']): Place => ({ at, depth, pages, typed, undo })),
    away,
    state,
    wrong,
    pages,
    next,
    typed,
    say: say === null ? null : wordsFromJson(say),
  }
}

function wordsToJson({ text, gsm7, short }: Words): WordsJson {
  return short === undefined ? [text, gsm7] : [text, gsm7, wordsToJson(short)]
}

function wordsFromJson([text, gsm7, short]: WordsJson): Words {
  return short === undefined ? { text, gsm7 } : { text, gsm7, short: wordsFromJson(short) }
}
