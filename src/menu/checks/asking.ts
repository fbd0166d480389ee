import type { Asking, InputScreen, Screen, TextKey } from '../program.ts'

/** Everything that may stand above a screen after an answer that leaves one on it. */
export function hintsOf(screen: Extract<Screen, Asking>): readonly TextKey[] {
  const { wrong } = screen
  if (screen.kind === 'list' && screen.filter !== null) return [wrong, screen.filter.none]
  return isTwice(screen) ? [wrong, screen.twice.differ] : [wrong]
}

/** An input that has a second form. */
export function isTwice(screen: Screen): screen is InputScreen & { readonly twice: object } {
  return screen.kind === 'input' && screen.twice !== null
}
