import { within } from '../../../domain/within.ts'

/** What is being answered, up to so much at a time. */
export type UnderWay = {
  /** Nothing more may be begun: there is too much, or it is to come to its end. */
  readonly isFull: () => boolean
  /** Counts it until it settles. */
  readonly add: <T>(work: Promise<T>) => Promise<T>
  /** Nothing is begun from now on; resolves once all is done, or that much later. */
  readonly finish: (timeoutMs: number) => Promise<void>
}

export function makeUnderWay(most: number): UnderWay {
  const works = new Set<Promise<unknown>>()
  let isFinishing = false
  return {
    isFull: () => isFinishing || works.size >= most,
    add(work) {
      const counted = work.finally(() => works.delete(counted))
      works.add(counted)
      return counted
    },
    async finish(timeoutMs) {
      isFinishing = true
      await within(timeoutMs, Promise.allSettled([...works]))
    },
  }
}
