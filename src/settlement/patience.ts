/** How long settlement waits for a partner that has not given a definite answer; all from the confirm or the last attempt on. */
export type Patience = {
  /** After the first attempt, the second, …; then `thenMs` again and again. */
  readonly delaysMs: readonly number[]
  readonly thenMs: number
  /** The subscriber is told that it takes longer. */
  readonly tellAfterMs: number
  /** A payment that the biller does not know (twice) was never received, once it cannot be on its way any more. */
  readonly notFoundAfterMs: number
  /** Then people decide; what was never submitted is given back. */
  readonly giveUpAfterMs: number
}

export const defaultPatience: Patience = {
  delaysMs: [5_000, 15_000, 45_000, 120_000, 300_000],
  thenMs: 3_600_000,
  tellAfterMs: 120_000,
  notFoundAfterMs: 60_000,
  giveUpAfterMs: 86_400_000,
}

/** `attempt` counts from one. */
export function delayAfterMs({ delaysMs, thenMs }: Patience, attempt: number): number {
  return delaysMs[attempt - 1] ?? thenMs
}
