import { toAsciiDigits } from '../domain/digits.ts'
import { Secret } from '../domain/secret.ts'
import { readKey } from './answer.ts'
import type { Program, ScreenId, Shortcut } from './program.ts'

/** An answer that came with the dialled code. `at`: the only screen it is for; null for whichever comes next. */
export type Dialled = { readonly at: ScreenId | null; readonly input: Secret }

/** Longest dialled string of answers that is followed. */
const MAX_DIALLED = 16

/** What is to be answered for a dialled code: what the longest shortcut that fits stands for, then the tokens it does not take. */
export function answersOf(program: Program, dialled: readonly Secret[]): readonly Dialled[] {
  const tokens = dialled.slice(0, MAX_DIALLED)
  const shortcut = shortcutOf(program, tokens)
  const known = (shortcut?.answers ?? []).flatMap((answer): Dialled[] => {
    const input = answer.kind === 'key' ? new Secret(answer.key) : tokens[answer.index]
    return input === undefined ? [] : [{ at: answer.at, input }]
  })
  return [...known, ...tokens.slice(shortcut?.tokens.length ?? 0).map((input) => ({ at: null, input }))]
}

/** The longest shortcut that fits; null where none does. */
export function shortcutOf(program: Program, dialled: readonly Secret[]): Shortcut | null {
  return program.shortcuts
    .filter((each) => takes(each, dialled))
    .reduce<Shortcut | null>((best, each) => (best && best.tokens.length > each.tokens.length ? best : each), null)
}

/** What leads straight to a screen: what to dial, and the same as answers; just the code where no shortcut without values leads there. */
export function codeTo(
  { shortcuts }: Program,
  screen: ScreenId,
  serviceCode: string,
): { readonly dial: string; readonly inputs: readonly string[] } {
  const shortcut = shortcuts.find((each) => each.screen === screen && each.tokens.every(({ kind }) => kind === 'key'))
  const inputs = (shortcut?.tokens ?? []).flatMap((token) => (token.kind === 'key' ? [token.key] : []))
  return { dial: `${serviceCode.slice(0, -1)}${inputs.map((input) => `*${input}`).join('')}#`, inputs }
}

function takes({ tokens }: Shortcut, dialled: readonly Secret[]): boolean {
  return tokens.every((token, index) => {
    const input = dialled[index]
    return input !== undefined && (token.kind === 'variable' || token.key === readKey(input.reveal()))
  })
}

/** Four to six digits: it may be a PIN or a one-time code, so nothing but a shortcut's own value is read into it. */
export function mayBeSecret(input: Secret): boolean {
  return /^\d{4,6}$/.test(toAsciiDigits(input.reveal()).replace(/[\s-]/g, ''))
}
