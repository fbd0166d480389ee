import type { Secret } from '../domain/secret.ts'
import type { Effect, Json } from './contract.ts'
import type { LastTransfer } from './last-transfer.ts'
import type { Heard } from './meaning.ts'
import type { ScreenId } from './program.ts'
import type { Reply } from './render.ts'
import type { Values } from './scope.ts'
import type { MenuSession } from './session.ts'
import type { Dialled } from './shortcut.ts'

export type MenuEvent =
  /** `dialled`: what came with the dialled code. `last`: the end of the last session's transfer, said above the first menu; `asked`: that something waits for the caller's answer, said there otherwise. */
  | {
      readonly kind: 'open'
      readonly atMs: number
      readonly dialled: readonly Secret[]
      readonly last?: LastTransfer
      readonly asked?: boolean
    }
  /** A dial after the session was dropped at a screen: asks whether to go on there. */
  | { readonly kind: 'resume'; readonly atMs: number }
  | { readonly kind: 'input'; readonly atMs: number; readonly input: Secret }
  /** How the action of the last step ended; `rest` is handed back as that step gave it. */
  | {
      readonly kind: 'outcome'
      readonly atMs: number
      readonly outcome: string
      readonly values: Values
      readonly rest: readonly Dialled[]
    }

/** An action to run. `secret`: only where its screen asks for one. */
export type RunEffect = {
  readonly action: string
  readonly effect: Effect
  readonly input: Readonly<Record<string, Json>>
  readonly secret: Secret | null
  readonly deadlineMs: number
  readonly screen: ScreenId
}

export type SmsRequest = { readonly message: string; readonly values: Readonly<Record<string, Json>> }

/** `heard`: null where no answer was given in this step, or more than one, as with a dialled string. */
export type Step = { readonly session: MenuSession; readonly heard: Heard | null } & (
  | { readonly kind: 'reply'; readonly reply: Reply; readonly sms: readonly SmsRequest[] }
  | { readonly kind: 'run'; readonly run: RunEffect; readonly rest: readonly Dialled[] }
)
