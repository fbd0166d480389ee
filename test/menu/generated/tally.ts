import fc from 'fast-check'
import { topFrame } from '../../../src/menu/session.ts'
import type { Engine } from '../engine.ts'
import type { Menus } from '../menus.ts'
import { amina } from '../support.ts'
import { moves, screenAt, walkFrom } from '../walk.ts'

/** In how many of these menus something came about in two dialogues. */
export function tallyOf(engine: Engine, menus: readonly Menus[]): Readonly<Record<string, number>> {
  const streams = fc.sample(moves, { numRuns: 2 * menus.length, seed: 1 })
  const tally: Record<string, number> = Object.fromEntries(TRAITS.map((trait) => [trait, 0]))
  for (const [index, { program }] of menus.entries()) {
    const seen = new Set<string>()
    for (const [turn, stream] of streams.slice(2 * index, 2 * index + 2).entries()) {
      const start = engine.begin(program, { language: ['en', 'xx'][turn] ?? 'en', facts: amina })
      for (const trait of traitsOf(engine, { program, start, stream })) seen.add(trait)
    }
    for (const trait of seen) tally[trait] = (tally[trait] ?? 0) + 1
  }
  return tally
}

const TRAITS = [
  ...['menu', 'input', 'list', 'confirm', 'call', 'route', 'use', 'end'],
  ...['a used flow', 'a later page', 'a write', 'a return to a screen', 'a step back', 'a UCS-2 screen'],
]

function* traitsOf(
  engine: Engine,
  {
    program,
    start,
    stream,
  }: { program: Menus['program']; start: ReturnType<Engine['begin']>; stream: Parameters<typeof walkFrom>[3] },
): Generator<string> {
  for (const { kind } of Object.values(program.screens)) if (kind === 'route' || kind === 'use') yield kind
  const shown = new Set<string>()
  for (const { before, event, after } of walkFrom(engine, program, start, stream).steps()) {
    if (before.state === 'new') shown.clear()
    if (after.session.frames.length > 1) yield 'a used flow'
    if (after.session.pages.length > 1) yield 'a later page'
    if (after.kind === 'run') {
      if (screenAt(program, after.session)?.kind === 'call') yield 'call'
      if (after.run.effect === 'write') yield 'a write'
      continue
    }
    const { reply, session } = after
    yield program.screens[reply.screen]?.kind ?? ''
    if (reply.encoding === 'ucs2') yield 'a UCS-2 screen'
    const typedBack = event.kind === 'input' && event.input.reveal() === program.keys.back
    if (typedBack && before.history.length > 0) yield 'a step back'
    else if (shown.has(topFrame(session).at) && topFrame(before).at !== topFrame(session).at)
      yield 'a return to a screen'
    shown.add(topFrame(session).at)
  }
}
