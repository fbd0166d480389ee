import { shuffled } from './draw.ts'

/** Keeps things back until there are some, and lets them go in another order. */
export type Shuffle = {
  /** Does it at once where `size` is less than two. */
  put(size: number, work: () => void): void
}

/** What is kept back goes after that long even alone, so that a client with a small window does not wait for ever. */
const FLUSH_MS = 50

/** `later`: the network's timers, which end with it. */
export function makeShuffle(
  purpose: string,
  seed: () => number,
  later: (delayMs: number, work: () => void) => unknown,
): Shuffle {
  let kept: (() => void)[] = []
  let round = 0

  function flush(): void {
    const all = kept
    kept = []
    round += 1
    for (const work of shuffled(all, seed(), purpose, round)) work()
  }

  return {
    put(size, work) {
      if (size < 2) {
        work()
        return
      }
      if (kept.push(work) >= size) {
        flush()
        return
      }
      const ours = round
      if (kept.length === 1)
        later(FLUSH_MS, () => {
          if (round === ours) flush()
        })
    },
  }
}
