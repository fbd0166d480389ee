import { expect, test } from 'vitest'
import { gatherBatches } from '../../src/database/gather-batches.ts'

type Seen = { batches: number[][]; poison: number[] }

function open(seen: Seen, fail: (items: readonly number[]) => Error | null = () => null) {
  return gatherBatches<number, string>({
    most: 8,
    keyOf: String,
    repeated: (answer) => `${answer} again`,
    onPoison: async (item) => void seen.poison.push(item),
    doAll: async (items) => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.batches.push([...items])
      const error = fail(items)
      if (error !== null) throw error
      return items.map((item) => `did ${item}`)
    },
  })
}

const blank = (): Seen => ({ batches: [], poison: [] })
const settled = async (work: readonly Promise<string>[]): Promise<(string | undefined)[]> =>
  (await Promise.allSettled(work)).map((one) => (one.status === 'fulfilled' ? one.value : undefined))

test('a lone item waits for nobody, and what comes while a batch is under way makes the next ones, in order', async () => {
  const seen = blank()
  const ask = open(seen)
  const first = ask(0)
  await new Promise((resolve) => setImmediate(resolve))
  const rest = Array.from({ length: 12 }, (_, n) => ask(n + 1))
  expect(await first).toBe('did 0')
  expect(await Promise.all(rest)).toHaveLength(12)
  expect(seen.batches).toEqual([[0], [1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12]])
})

test('a batch is halved down to the items that fail by themselves; the rest are done, in order', async () => {
  const seen = blank()
  const done: number[] = []
  const ask = open(seen, (items) => {
    if (items.some((item) => item === 2 || item === 5)) return new Error('bad item')
    done.push(...items)
    return null
  })
  const answers = await settled([0, 1, 2, 3, 4, 5, 6, 7].map((item) => ask(item)))
  expect(answers).toEqual(['did 0', 'did 1', undefined, 'did 3', 'did 4', undefined, 'did 6', 'did 7'])
  expect(seen.poison).toEqual([2, 5])
  expect(done).toEqual([0, 1, 3, 4, 6, 7])
})

test.each([
  ['a lost race', Object.assign(new Error('could not serialize'), { code: '40001' })],
  ['a server that shuts down', Object.assign(new Error('terminating'), { code: '57P01' })],
  ['a connection refused', Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' })],
  ['a connection lost', new Error('Connection terminated unexpectedly')],
])('%s is nobody’s fault: all are rejected at once, and nothing goes on record', async (_what, error) => {
  const seen = blank()
  const ask = open(seen, () => error)
  expect(await settled([1, 2, 3].map((item) => ask(item)))).toEqual([undefined, undefined, undefined])
  expect(seen).toEqual({ batches: [[1, 2, 3]], poison: [] })
})

test('the same item twice is done once, and who came second hears so', async () => {
  const seen = blank()
  const ask = open(seen)
  expect(await Promise.all([ask(1), ask(1), ask(2)])).toEqual(['did 1', 'did 1 again', 'did 2'])
  expect(seen.batches).toEqual([[1, 2]])
})
