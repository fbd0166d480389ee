import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startRounds } from '../../src/domain/rounds.ts'

const EVERY_MS = 1_000

/** Rounds that go on until they are told how they end. */
function makeRounds() {
  const begun: {
    readonly end: () => void
    readonly fail: (error: Error) => void
    readonly isClosing: () => boolean
  }[] = []
  const failures: unknown[] = []
  const round = (isClosing: () => boolean) =>
    new Promise<void>((end, fail) => {
      begun.push({ end, fail, isClosing })
    })
  return { begun, failures, round, onFailure: (error: unknown) => void failures.push(error) }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test.each([
  { atOnce: true, before: 1, after: 2 },
  { atOnce: false, before: 0, after: 1 },
])('the first round comes now only where that is asked for: $atOnce', async ({ atOnce, before, after }) => {
  const { begun, round, onFailure } = makeRounds()
  const rounds = startRounds(round, { everyMs: EVERY_MS, atOnce, onFailure })
  expect(begun).toHaveLength(before)
  for (const each of begun) each.end()
  await vi.advanceTimersByTimeAsync(EVERY_MS)
  expect(begun).toHaveLength(after)
  for (const each of begun) each.end()
  await rounds.close()
})

test('no round begins while one is under way, and the next one comes after it', async () => {
  const { begun, round, onFailure } = makeRounds()
  const rounds = startRounds(round, { everyMs: EVERY_MS, atOnce: true, onFailure })
  await vi.advanceTimersByTimeAsync(5 * EVERY_MS)
  expect(begun).toHaveLength(1)
  begun[0]?.end()
  await vi.advanceTimersByTimeAsync(EVERY_MS)
  expect(begun).toHaveLength(2)
  begun[1]?.end()
  await rounds.close()
})

test('a round that fails is told, and the next one comes as usual', async () => {
  const { begun, failures, round, onFailure } = makeRounds()
  const rounds = startRounds(round, { everyMs: EVERY_MS, atOnce: true, onFailure })
  const error = new Error('the store is away')
  begun[0]?.fail(error)
  await vi.advanceTimersByTimeAsync(EVERY_MS)
  expect(failures).toEqual([error])
  expect(begun).toHaveLength(2)
  begun[1]?.end()
  await rounds.close()
})

test('closing tells the round under way, waits for its end, and begins no other', async () => {
  const { begun, round, onFailure } = makeRounds()
  const rounds = startRounds(round, { everyMs: EVERY_MS, atOnce: true, onFailure })
  expect(begun[0]?.isClosing()).toBe(false)
  let closed = false
  const closing = rounds.close().then(() => {
    closed = true
  })
  expect(begun[0]?.isClosing()).toBe(true)
  await vi.advanceTimersByTimeAsync(60 * EVERY_MS)
  expect(closed).toBe(false)
  begun[0]?.end()
  await closing
  await vi.advanceTimersByTimeAsync(5 * EVERY_MS)
  expect(begun).toHaveLength(1)
})

test('closing waits no longer than it may for a round that does not end', async () => {
  const { begun, round, onFailure } = makeRounds()
  const rounds = startRounds(round, { everyMs: EVERY_MS, atOnce: true, onFailure, finishTimeoutMs: 5_000 })
  let closed = false
  const closing = rounds.close().then(() => {
    closed = true
  })
  await vi.advanceTimersByTimeAsync(4_999)
  expect(closed).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await closing
  begun[0]?.end()
})
