import type { Msisdn } from '../domain/msisdn.ts'

/**
 * What became of opening a dialogue from our side. `shown`: the network took the first screen, which is over without an answer in
 * `answerWithinMs`, or asks nothing where that is null. `unavailable`: no link up now can
 * push to this number. `unknown`: it may or may not have been shown, so the same thing must not be pushed again.
 */
export type PushOutcome =
  | { readonly kind: 'shown'; readonly answerWithinMs: number | null }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly cause: string }

/**
 * Opens a dialogue on a phone as if its owner had dialled the code with these inputs (`*384*1*0712345678*500#` without the code). `offer`
 * as in `SingleInput`.
 */
export type UssdPush = (to: Msisdn, inputs: readonly string[], offer?: string) => Promise<PushOutcome>
