import { createHash } from 'node:crypto'
import { dialledInputs } from '../../src/conversations/arrival.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { RunEffect, Step } from '../../src/menu/event.ts'
import type { Program } from '../../src/menu/program.ts'
import type { MenuSession } from '../../src/menu/session.ts'
import type { Engine } from './engine.ts'
import { AT_MS } from './support.ts'
import { type Move, outcomeOf, screenAt, typing } from './walk.ts'

/** An action that ran, and what was on the screen of the hop that ran it. */
export type Ran = {
  readonly run: RunEffect
  readonly text: string
  readonly revision: number
  readonly confirmed: boolean
}

/** What a network would get from the gateway, without its stores: the rule by which cumulative texts become events, on one session. */
export type Shell = {
  /** The words for this text and whether they end the dialogue. */
  readonly deliver: (text: string) => string
  readonly ran: readonly Ran[]
}

/** `moves`: how actions end, by the number of the answer that started them. */
export function shellOf(engine: Engine, program: Program, start: MenuSession, moves: readonly Move[]): Shell {
  let known: { session: MenuSession; seen: { length: number; mac: string }; reply: string; end: boolean } | null = null
  let revision = 0
  const ran: Ran[] = []

  function settled(first: Step, before: MenuSession, text: string): string {
    let next = first
    const confirmed = before.state === 'shown' && screenAt(program, before)?.kind === 'confirm'
    while (next.kind === 'run') {
      ran.push({ run: next.run, text, revision, confirmed })
      const move = moves[revision % Math.max(1, moves.length)]
      if (move === undefined) throw new Error('a conversation without moves')
      next = engine.step(program, next.session, outcomeOf(program, next.run, move, next.rest))
    }
    const { end } = next.reply
    const reply = `${end ? 'END' : 'CON'} ${next.reply.text}`
    known = { session: next.session, seen: { length: text.length, mac: mac(text) }, reply, end }
    revision += 1
    return reply
  }

  function deliver(text: string): string {
    if (known === null) {
      const event = { kind: 'open', atMs: AT_MS, dialled: dialledInputs(new Secret(text)) } as const
      return settled(engine.step(program, start, event), start, text)
    }
    const arrival = engine.placeCumulative(known.seen, new Secret(text), mac)
    if (arrival.kind === 'unrelated') return 'END lost'
    if (arrival.kind !== 'next' || known.end) return known.reply
    return settled(engine.step(program, known.session, typing(arrival.input.reveal())), known.session, text)
  }
  return { deliver, ran }
}

function mac(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
