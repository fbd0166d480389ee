import fc from 'fast-check'
import { expect } from 'vitest'
import { limitsOf } from '../../src/menu/text.ts'
import type { Engine } from './engine.ts'
import { dialling, publishing } from './laws-of-dialling.ts'
import { ending, givingUp } from './laws-of-ending.ts'
import { commits, paging, restoring } from './laws-of-navigation.ts'
import { boundOf, type Menus } from './menus.ts'
import { shellOf } from './shell.ts'
import {
  CANARY,
  deepFreeze,
  expectSame,
  expectToFit,
  facts,
  type Move,
  moves,
  open,
  screenAt,
  settle,
  type Taken,
  typed,
  typedBy,
  typing,
  unheard,
  type Walk,
  walkFrom,
} from './walk.ts'

/** Something that holds for every accepted program, whatever people type and actions answer; throws where it does not. */
export type Law = (engine: Engine, menus: fc.Arbitrary<Menus>, options?: fc.Parameters<unknown>) => void

/** What the network waits for a screen, and the most actions that the gateway runs for one. */
const HOP_MS = 7000
const MAX_RUNS = 16

/** By the guarantee that each gives. */
export const laws: Readonly<Record<string, Law>> = {
  'there is always a screen, no longer than the compiler has proved': ofWalks((_engine, menus, walk) => {
    for (const { reply, session } of walk.shown()) {
      expectToFit(menus.program, session, reply)
      const isList = menus.program.screens[reply.screen]?.kind === 'list'
      const isBounded = !isList && !menus.shortened.has(session.language)
      const most = limitsOf(menus.program, session.channel)[reply.encoding]
      const bound = isBounded ? boundOf(menus, session.language, reply.screen) : most
      expect(reply.units, reply.text).toBeLessThanOrEqual(bound)
    }
  }),

  'between an answer and its screen run few actions, which together keep within a hop': ofWalks(
    (_engine, _menus, walk) => {
      let [runs, ms] = [0, 0]
      for (const { after } of walk.steps()) {
        if (after.kind === 'reply') [runs, ms] = [0, 0]
        else [runs, ms] = [runs + 1, ms + after.run.deadlineMs]
        expect(runs).toBeLessThanOrEqual(MAX_RUNS)
        expect(ms).toBeLessThanOrEqual(HOP_MS)
      }
    },
  ),

  'a step changes nothing but what it returns, and the same event twice gives the same': ofWalks(
    (engine, { program }, walk) => {
      for (const { before, event, after } of walk.steps())
        expectSame(engine.step(program, deepFreeze(before), event), after)
    },
  ),

  'no event out of turn changes a dialogue that has ended': ofWalks((engine, { program }, walk) => {
    for (const { session, reply } of walk.shown()) {
      if (!reply.end) continue
      for (const event of [open(['1']), typing('1'), typing(program.keys.back)])
        expectSame(engine.step(program, session, event), { session, heard: null, kind: 'reply', reply, sms: [] })
    }
  }),

  'hops that come again or in any order run at most one write for each confirmation shown': ofHops(
    (engine, { program }, start, stream, order) => {
      if (stream.length === 0) return
      const texts = textsOf(engine, { program, start, stream })
      const shell = shellOf(engine, program, start, stream)
      for (const each of order) {
        const text = texts[each % texts.length] ?? ''
        const reply = shell.deliver(text)
        const before = shell.ran.length
        expect(['END lost', reply]).toContain(shell.deliver(text))
        expect(shell.ran.slice(before)).toEqual([])
      }
      const writes = shell.ran.filter(({ run }) => run.effect === 'write')
      expect(writes.filter(({ confirmed }) => !confirmed)).toEqual([])
      expect(new Set(writes.map(({ revision }) => revision)).size).toBe(writes.length)
      expect(new Set(writes.map(({ text }) => text)).size).toBe(writes.length)
    },
  ),

  'no secret is ever in a session, on a screen or among the values of an action': ofWalks((engine, _menus, walk) => {
    for (const { after } of walk.steps()) {
      expect(JSON.stringify(after)).not.toContain(CANARY)
      expect(JSON.stringify(engine.sessionToJson(after.session))).not.toContain(CANARY)
    }
  }),

  'only a confirmation hands a secret on, and only to an action that asks for it': ofWalks(
    (_engine, { program }, walk) => {
      for (const { before, after } of walk.steps()) {
        if (after.kind !== 'run') continue
        const screen = program.screens[after.run.screen]
        const asks = screen?.kind === 'confirm' ? screen.asks : null
        expect(after.run.secret === null).toBe(asks === null || asks === 'yes')
        expect(program.actions[after.run.action]?.asks ?? 'yes').toBe(asks ?? 'yes')
        if (after.run.effect === 'write') expect(screenAt(program, before)?.kind).toBe('confirm')
      }
    },
  ),

  'no key on a menu has two meanings': ofWalks((_engine, { program }, walk) => {
    for (const { reply } of walk.shown()) {
      const screen = program.screens[reply.screen]
      const { back, home } = program.keys
      const keys = screen?.kind === 'menu' ? [back, home, ...screen.choices.map(({ key }) => key)] : []
      expect(new Set(keys).size).toBe(keys.length)
    }
  }),

  'home is as a new dial in the language of the dialogue': ofWalks((engine, { program }, walk) => {
    for (const { session } of walk.shown()) {
      if (session.state === 'ended') continue
      const { language, facts, channel } = session
      const home = engine.step(program, session, typing(program.keys.home))
      const dial = engine.step(program, engine.begin(program, { language, facts, channel }), open([]))
      expectSame(unheard(settle(engine, program, home)), unheard(settle(engine, program, dial)))
    }
  }),

  'going back shows the screen that was left, with the values it had': ofWalks(restoring),

  'going back never leads past a confirmation that has written': ofWalks(commits),

  'the pages of a list together are the list, each row once and chosen by its own number': ofWalks(paging),

  'a session stored and read again is the same and goes on the same': ofWalks((engine, { program }, walk) => {
    for (const { before, event, after } of walk.steps()) {
      const read = engine.sessionFromJson(JSON.parse(JSON.stringify(engine.sessionToJson(before))))
      expect(read).toEqual(before)
      expectSame(engine.step(program, read, event), after)
    }
  }),

  'a program stored and read again is the same program': ofWalks((engine, { program }, walk) => {
    const read = engine.programFromJson(engine.programToJson(program))
    expect(read).toEqual(program)
    for (const { before, event, after } of walk.steps()) expectSame(engine.step(read, before, event), after)
  }),

  'a dialogue depends on its own program alone, whatever runs beside it': (engine, menus, options = {}) => {
    fc.assert(
      fc.property(menus, menus, facts, moves, moves, (one, other, who, stream, beside) => {
        const taken = [...walkOf(engine, one, who, stream).steps()]
        const others: readonly Taken[] = [...walkOf(engine, other, who, beside).steps()]
        for (const [index, { before, event, after }] of taken.entries()) {
          const next = others[index]
          if (next !== undefined) engine.step(other.program, next.before, next.event)
          expectSame(engine.step(one.program, before, event), after)
        }
      }),
      options,
    )
  },

  'answers dialled with the code lead where typing them leads': ofHops(dialling),

  'a published code leads where typing its answers leads': ofHops(publishing),

  'from wherever a dialogue is, it ends after few answers that are none': ofWalks(givingUp),

  'whoever goes on answering can come to an end, or to a page that is only read': ending,
}

/** Of dialogues in every language, with whatever people type and however actions end. */
function ofWalks(holds: (engine: Engine, menus: Menus, walk: Walk) => void): Law {
  return (engine, menus, options = {}) =>
    fc.assert(
      fc.property(menus, facts, fc.nat(99), moves, (each, who, language, stream) =>
        holds(engine, each, walkOf(engine, each, who, stream, language)),
      ),
      options,
    )
}

/** Of one dialogue, what is typed in it, and the order in which its hops arrive. */
function ofHops(
  holds: (
    engine: Engine,
    menus: Menus,
    start: ReturnType<Engine['begin']>,
    stream: readonly Move[],
    order: readonly number[],
  ) => void,
): Law {
  const order = fc.array(fc.nat(99), { maxLength: 30, size: 'max' })
  return (engine, menus, options = {}) =>
    fc.assert(
      fc.property(menus, facts, fc.nat(99), moves, order, (each, who, language, stream, arrivals) =>
        holds(engine, each, startOf(engine, each, who, language), stream, inPart(arrivals)),
      ),
      options,
    )
}

/** Half of the arrivals as they come, the others sorted, so that dialogues also get far. */
function inPart(arrivals: readonly number[]): readonly number[] {
  const half = Math.ceil(arrivals.length / 2)
  return [...arrivals.slice(0, half).sort((a, b) => a - b), ...arrivals.slice(half)]
}

/** The cumulative texts of the dialogue if nothing goes wrong on the way. */
function textsOf(
  engine: Engine,
  {
    program,
    start,
    stream,
  }: { program: Menus['program']; start: ReturnType<Engine['begin']>; stream: readonly Move[] },
): readonly string[] {
  const texts = ['']
  let { session } = settle(engine, program, engine.step(program, start, open([])))
  for (const move of stream) {
    if (session.state === 'ended') break
    const input = typedBy(program, session, move)
    const before = texts.at(-1) ?? ''
    texts.push(before === '' ? input : `${before}*${input}`)
    session = typed(engine, program, session, input).session
  }
  return texts
}

function walkOf(
  engine: Engine,
  menus: Menus,
  who: Parameters<Engine['begin']>[1]['facts'],
  stream: readonly Move[],
  language = 0,
): Walk {
  return walkFrom(engine, menus.program, startOf(engine, menus, who, language), stream)
}

function startOf(
  engine: Engine,
  { program }: Menus,
  who: Parameters<Engine['begin']>[1]['facts'],
  language: number,
): ReturnType<Engine['begin']> {
  const { code = '' } = program.languages[language % program.languages.length] ?? {}
  const [channel = ''] = language % 3 === 0 ? Object.keys(program.channels) : []
  return engine.begin(program, { language: code, facts: who, channel })
}
