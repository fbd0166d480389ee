import type { MenuEvent, Step } from '../menu/event.ts'
import type { Program } from '../menu/program.ts'
import type { MenuSession } from '../menu/session.ts'

/** `name`: the key of the session. `before`: what the event was fed to. */
export type WatchedStep = {
  readonly name: string
  readonly program: Program
  readonly before: MenuSession
  readonly event: MenuEvent
  readonly step: Step
}

export type Watch = (watched: WatchedStep) => void
