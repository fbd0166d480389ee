import { isOutage } from './outage.ts'

export type BatchOptions<Item, Answer> = {
  /** Does all in one commit, and answers in their order; throws when none was done. */
  readonly doAll: (items: readonly Item[]) => Promise<readonly Answer[]>
  /** Most of them in a batch. */
  readonly most: number
  /** Names an item: it is done once for all who ask while it waits. */
  readonly keyOf: (item: Item) => string
  /** What the second who asked for the same is told, given what the first was. */
  readonly repeated: (answer: Answer) => Answer
  /** Hears of an item that fails by itself, before who asked for it does. */
  readonly onPoison: (item: Item, error: unknown) => Promise<void>
}

type Waiting<Item, Answer> = {
  readonly item: Item
  readonly answer: Promise<Answer>
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Does single items in batches of what waits, one batch at a time, in the order asked for. A lone item does not wait for others. A batch
 * that fails is halved, one half after the other, down to the item that fails by itself; the rest are done. When the database is away nobody
 * is to blame: the whole batch is rejected, for a later try.
 */
export function gatherBatches<Item, Answer>(options: BatchOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  const { doAll, most, keyOf, repeated, onPoison } = options
  let waiting: Waiting<Item, Answer>[] = []
  const known = new Map<string, Waiting<Item, Answer>>()
  let busy = false

  async function flush(): Promise<void> {
    if (busy) return
    busy = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most)
      waiting = waiting.slice(most)
      for (const { item } of batch) known.delete(keyOf(item))
      await settle(batch)
    }
    busy = false
  }

  async function settle(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await doAll(batch.map(({ item }) => item))
      for (const [index, { resolve, reject }] of batch.entries()) {
        if (index in answers) resolve(answers[index] as Answer)
        else reject(new Error('an item of a batch was not answered'))
      }
    } catch (error) {
      const [only] = batch
      if (isOutage(error)) for (const { reject } of batch) reject(error)
      else if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2)
        await settle(batch.slice(0, middle))
        await settle(batch.slice(middle))
      } else if (only !== undefined) {
        await onPoison(only.item, error).catch(() => undefined)
        only.reject(error)
      }
    }
  }

  return (item) => {
    const key = keyOf(item)
    const same = known.get(key)
    if (same !== undefined) return same.answer.then(repeated)
    let settlers: Pick<Waiting<Item, Answer>, 'resolve' | 'reject'> | undefined
    const answer = new Promise<Answer>((resolve, reject) => {
      settlers = { resolve, reject }
    })
    if (settlers === undefined) throw new Error('a promise did not begin')
    const entry = { item, answer, ...settlers }
    known.set(key, entry)
    if (waiting.push(entry) === 1) setImmediate(() => void flush())
    return answer
  }
}
