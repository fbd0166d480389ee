import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makePacer, type Pacer } from '../../../src/aggregators/smpp/pacer.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

async function slotsIn(pacer: Pacer, count: number, durationMs: number): Promise<number[]> {
  const atMs: number[] = []
  for (let number = 0; number < count; number += 1) {
    void pacer.acquire('receipt').then((slot) => {
      if (slot.kind === 'slot') atMs.push(performance.now())
    })
  }
  await vi.advanceTimersByTimeAsync(durationMs)
  return atMs
}

test.each([1, 20, 100, 300])('%s a second are never more in any second', async (tps) => {
  const pacer = makePacer({ window: 10_000, tps, maxWaitMs: 60_000, ready: () => true })
  const atMs = await slotsIn(pacer, tps * 5, 4_000)
  expect(atMs.length).toBeGreaterThanOrEqual(tps * 3.9)
  for (const startMs of atMs) {
    expect(atMs.filter((at) => at >= startMs && at < startMs + 1000).length).toBeLessThanOrEqual(tps)
  }
})

test('idle time is not saved up', async () => {
  const pacer = makePacer({ window: 100, tps: 10, maxWaitMs: 60_000, ready: () => true })
  await slotsIn(pacer, 1, 5_000)
  const atMs = await slotsIn(pacer, 3, 1_000)
  expect(atMs.map((at) => at - (atMs[0] ?? 0))).toEqual([0, 100, 200])
})

test('a pause holds everything back, and codes go first when it is over', async () => {
  const pacer = makePacer({ window: 100, tps: 0, maxWaitMs: 60_000, ready: () => true })
  const order: string[] = []
  pacer.pause(500)
  void pacer.acquire('receipt').then(() => order.push('receipt'))
  void pacer.acquire('code').then(() => order.push('code'))
  await vi.advanceTimersByTimeAsync(499)
  expect(order).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(order).toEqual(['code', 'receipt'])
})

test('who waits too long, or while the link goes down, is refused', async () => {
  const pacer = makePacer({ window: 1, tps: 0, maxWaitMs: 100, ready: () => true })
  await pacer.acquire('receipt')
  const late = pacer.acquire('receipt')
  await vi.advanceTimersByTimeAsync(100)
  expect(await late).toEqual({ kind: 'refused', reason: 'link_busy' })
  const cleared = pacer.acquire('code')
  pacer.clear('link_down')
  expect(await cleared).toEqual({ kind: 'refused', reason: 'link_down' })
  pacer.release()
  expect(await pacer.acquire('receipt')).toEqual({ kind: 'slot' })
})
