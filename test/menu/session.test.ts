import { beforeAll, expect, test } from 'vitest'
import { arrive, assign, begin, goBack, leave, type MenuSession, moveTo, topFrame } from '../../src/menu/session.ts'
import { sessionFromJson, sessionToJson } from '../../src/menu/session-json.ts'
import { amina, compiled } from './support.ts'

let start: MenuSession
beforeAll(async () => {
  start = arrive(begin(await compiled(), { language: 'en', facts: amina }))
})

/** Leaves the current screen, sets x, and arrives at the next. */
function on(session: MenuSession, to: string, x: number): MenuSession {
  return arrive(moveTo(assign(leave(session), { x }), to))
}

function back(session: MenuSession): MenuSession {
  const before = goBack(session)
  if (before === null) throw new Error('nothing to go back to')
  return before
}

test('each step back gives a variable the value it had there', () => {
  const third = on(on(on(start, 'main.a', 1), 'main.b', 2), 'main.c', 3)
  expect(topFrame(back(third)).variables).toEqual({ x: 2 })
  expect(topFrame(back(back(third))).variables).toEqual({ x: 1 })
  expect(topFrame(back(back(back(third)))).variables).toEqual({})
  expect(goBack(back(back(back(third))))).toBeNull()
})

test('after a return to an earlier screen, the step back gives the value from before that screen', () => {
  const again = on(on(on(on(start, 'main.a', 1), 'main.b', 2), 'main.c', 3), 'main.b', 4)
  expect(again.history.map(({ at }) => at)).toEqual([start.frames[0]?.at, 'main.a'])
  expect(topFrame(back(again))).toEqual({ at: 'main.a', variables: { x: 1 } })
  expect(topFrame(back(back(again))).variables).toEqual({})
})

test('however far one goes, twelve screens are kept and the first is one of them', () => {
  let session = start
  for (let index = 1; index <= 30; index += 1) session = on(session, `main.s${index}`, index)
  expect(session.history).toHaveLength(12)
  const places: unknown[] = []
  for (let before = goBack(session); before !== null; before = goBack(before)) places.push(topFrame(before))
  expect(places.slice(0, 2)).toEqual([
    { at: 'main.s29', variables: { x: 29 } },
    { at: 'main.s28', variables: { x: 28 } },
  ])
  expect(places.at(-1)).toEqual({ at: start.frames[0]?.at, variables: {} })
})

test('what was typed takes room in a stored session only where there is some', () => {
  const typed = arrive(moveTo(leave({ ...start, typed: 'bread' }), 'main.a'))
  expect(sessionFromJson(sessionToJson(typed))).toEqual(typed)
  expect(goBack(sessionFromJson(sessionToJson(typed)))?.typed).toBe('bread')
  expect(sessionToJson(start)).toHaveLength(11)
  expect(sessionToJson({ ...start, typed: 'bread' })).toHaveLength(12)
})
