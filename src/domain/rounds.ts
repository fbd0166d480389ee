import { within } from './within.ts'

export type Rounds = {
  /** Begins no further round and waits for the one under way. */
  close(): Promise<void>
}

export type RoundsOptions = {
  readonly everyMs: number
  /** The first one now, and not only after that time. */
  readonly atOnce?: boolean
  /** Hears of a round that failed; the next one comes as if it had not. */
  readonly onFailure: (error: unknown) => void
  /** How long closing waits for the round under way, which goes on after it; to its end unless given. */
  readonly finishTimeoutMs?: number
}

/** Does a round every so often, never two at once: one that takes longer has the next ones left out. */
export function startRounds(
  round: (isClosing: () => boolean) => Promise<unknown>,
  { everyMs, atOnce = false, onFailure, finishTimeoutMs }: RoundsOptions,
): Rounds {
  let closing = false
  let underWay: Promise<unknown> | null = null
  function tick(): void {
    underWay ??= round(() => closing)
      .catch(onFailure)
      .finally(() => {
        underWay = null
      })
  }
  const timer = setInterval(tick, everyMs)
  if (atOnce) tick()
  return {
    async close() {
      closing = true
      clearInterval(timer)
      const last = Promise.resolve(underWay)
      await (finishTimeoutMs === undefined ? last : within(finishTimeoutMs, last))
    },
  }
}
