import { expect } from 'vitest'
import type { Step } from '../../src/menu/event.ts'
import type { Program } from '../../src/menu/program.ts'
import { type MenuSession, topFrame } from '../../src/menu/session.ts'
import type { Engine } from './engine.ts'
import type { Menus } from './menus.ts'
import { expectSame, expectToFit, open, screenAt, typing, type Walk } from './walk.ts'

type Replied = Step & { kind: 'reply' }

export function restoring(engine: Engine, { program }: Menus, walk: Walk): void {
  const shown = [...walk.shown()]
  for (const [index, { session }] of shown.entries()) {
    const next = shown[index + 1]?.session
    if (next === undefined || next.state === 'ended' || next.language !== session.language) continue
    if (next.history.length !== session.history.length + 1) continue
    // A list on a later page turns pages first; what was typed is taken back first.
    if (next.pages.length > 1 || next.typed !== '') continue
    const back = replied(engine.step(program, next, typing(program.keys.back)))
    // An input that asks twice begins anew.
    const waiting = screenAt(program, session)?.kind === 'input' ? '' : session.typed
    const again = replied(engine.step(program, { ...session, typed: waiting }, open([])))
    expectSame(back.reply, again.reply)
    expect(back.session.frames).toEqual(session.frames)
    expect(back.session.history).toEqual(session.history)
  }
}

/** However often one goes back after a write, only screens come that were shown since, until there is nothing left but home. */
export function commits(engine: Engine, { program }: Menus, walk: Walk): void {
  let since: Set<string> | null = null
  for (const { before, event, after } of walk.steps()) {
    if (before.state === 'new') since = null
    if (hasWritten(program, before, after)) since = new Set()
    if (after.kind !== 'reply' || since === null) continue
    if (event.kind === 'input' && event.input.reveal() === program.keys.home) since = null
    since?.add(after.reply.screen)
    let session = after.session
    for (let count = 0; since !== null && session.history.length > 0 && count < 40; count += 1) {
      const back = replied(engine.step(program, session, typing(program.keys.back)))
      expect([...since]).toContain(back.reply.screen)
      session = back.session
    }
  }
}

/** Whether this step ended a write that leads on from its confirmation. */
function hasWritten(program: Program, before: MenuSession, after: Step): boolean {
  const screen = screenAt(program, before)
  if (before.state !== 'running' || screen?.kind !== 'confirm') return false
  const isStill = after.kind === 'reply' && topFrame(after.session).at === topFrame(before).at
  return program.actions[screen.action]?.effect === 'write' && !isStill
}

/** Of lists whose rows can be told from each other: those that show an id, as generated ones do. */
export function paging(engine: Engine, { program }: Menus, walk: Walk): void {
  for (const { session: first } of walk.shown()) {
    const { at, variables } = topFrame(first)
    const screen = program.screens[at]
    if (first.state !== 'shown' || screen?.kind !== 'list' || first.pages.length !== 1 || first.typed !== '') continue
    const rows = (variables[screen.rows] ?? []) as readonly { id?: string }[]
    if (!showsId(program, first.language, at) || rows.some(({ id }) => !/^R\d+$/.test(id ?? ''))) continue

    const pages: string[] = []
    let last = replied(engine.step(program, first, open([])))
    for (let page = 0; page <= rows.length; page += 1) {
      expectToFit(program, last.session, last.reply)
      pages.push(last.reply.text)
      if (last.session.next === null) break
      last = replied(engine.step(program, last.session, typing(program.keys.more)))
    }
    const printed = pages.join('\n').match(/^(?:\d+ )?R\d+(?= |$)/gm) ?? []
    expect(printed).toEqual(rows.map(({ id }, index) => (screen.choose === null ? id : `${index + 1} ${id}`)))

    const to = screen.choose?.set.find(({ value }) => value.from === 'field' && value.name === 'id')?.to
    if (to === undefined || screen.choose?.go === 'home') continue
    for (const [index, { id }] of rows.entries()) {
      for (const session of [first, last.session]) {
        const chosen = engine.step(program, session, typing(String(index + 1))).session
        const frame = chosen.frames[first.frames.length - 1]
        if (frame?.variables[to] !== undefined) expect(frame.variables[to]).toBe(id)
      }
    }
  }
}

function showsId(program: Program, language: string, at: string): boolean {
  const [first] = program.texts[language]?.[`${at}.row`]?.parts ?? []
  return typeof first === 'object' && first.value.from === 'field' && first.value.name === 'id'
}

function replied(step: Step): Replied {
  if (step.kind !== 'reply') throw new Error('no screen')
  return step
}
