import type { ConfirmScreen, Program, Route, Target } from './program.ts'
import { screenOf } from './render.ts'
import { assign, atHome, leaveFlow, leaveForGood, type MenuSession, moveTo, topFrame } from './session.ts'

/** The session at the screen that the target means; null at the end. */
export function arriveAt(program: Program, session: MenuSession, go: Target): MenuSession | null {
  switch (go) {
    case 'end':
      return null
    case 'again':
      return session
    case 'home':
      return atHome(program, session)
    case 'return':
      return returned(program, session)
    default:
      return moveTo(session, go)
  }
}

/** Back in the calling flow, with its variables set from those of the flow that returned, at the screen where it goes on. */
function returned(program: Program, session: MenuSession): MenuSession {
  const results = topFrame(session).variables
  const caller = leaveFlow(session)
  const screen = screenOf(program, topFrame(caller).at)
  if (screen.kind !== 'use' || screen.go === null) throw new Error(`return to ${topFrame(caller).at}`)
  const values = screen.set.flatMap(({ to, value }) => {
    const result = value.from === 'field' ? results[value.name] : undefined
    return result === undefined ? [] : [[to, result] as const]
  })
  const set = assign(caller, Object.fromEntries(values))
  return arriveAt(program, set, screen.go) ?? set
}

/** An answered confirm is no place to go back to; once it has written, nothing before it is either. */
export function confirmed(program: Program, session: MenuSession, screen: ConfirmScreen, route: Route): MenuSession {
  if (route.go === 'again') return session
  const wrote = program.actions[screen.action]?.effect === 'write'
  return leaveForGood(session, wrote)
}
