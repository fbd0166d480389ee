import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makePacer, type Pacer, type PacerOptions, type Slot } from '../../../src/aggregators/smpp/pacer.ts'

type Place = 'place'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const minute = { code: 60_000, receipt: 60_000, bulk: 600_000 }

function pacerOf(options: Partial<PacerOptions<Place>> = {}): Pacer<Place> {
  return makePacer<Place>({ tps: 0, maxWaitMs: minute, take: () => 'place', ...options })
}

/** A window whose places the test gives back. */
function windowOf(size: number): { take(): Place | null; giveBack(): void } {
  let free = size
  return {
    take: () => {
      if (free === 0) return null
      free -= 1
      return 'place'
    },
    giveBack: () => {
      free += 1
    },
  }
}

async function slotsIn(pacer: Pacer<Place>, count: number, durationMs: number): Promise<number[]> {
  const atMs: number[] = []
  for (let number = 0; number < count; number += 1) {
    void pacer.acquire('receipt').then((slot: Slot<Place>) => {
      if (slot.kind === 'slot') atMs.push(performance.now())
    })
  }
  await vi.advanceTimersByTimeAsync(durationMs)
  return atMs
}

test.each([1, 20, 100, 300])('%s a second are never more in any second', async (tps) => {
  const atMs = await slotsIn(pacerOf({ tps }), tps * 5, 4_000)
  expect(atMs.length).toBeGreaterThanOrEqual(tps * 3.9)
  for (const startMs of atMs) {
    expect(atMs.filter((at) => at >= startMs && at < startMs + 1000).length).toBeLessThanOrEqual(tps)
  }
})

test('idle time is not saved up', async () => {
  const pacer = pacerOf({ tps: 10 })
  await slotsIn(pacer, 1, 5_000)
  const atMs = await slotsIn(pacer, 3, 1_000)
  expect(atMs.map((at) => at - (atMs[0] ?? 0))).toEqual([0, 100, 200])
})

test('a slowed pacer takes so many times the interval, until it is told otherwise', async () => {
  const pacer = pacerOf({ tps: 10 })
  pacer.slow(2)
  const slow = await slotsIn(pacer, 3, 1_000)
  expect(slow.map((at) => at - (slow[0] ?? 0))).toEqual([0, 200, 400])
  pacer.slow(1)
  const usual = await slotsIn(pacer, 3, 1_000)
  expect(usual.map((at) => at - (usual[0] ?? 0))).toEqual([0, 100, 200])
})

test('with 10,000 bulk messages waiting at 20 a second, a code leaves in the next slot, then a receipt', async () => {
  const pacer = pacerOf({ tps: 20 })
  const left: { what: string; atMs: number }[] = []
  const leave = (what: string) => () => void left.push({ what, atMs: performance.now() })
  for (let number = 0; number < 10_000; number += 1) void pacer.acquire('bulk').then(leave('bulk'))
  await vi.advanceTimersByTimeAsync(1_010)
  expect(left.length).toBeGreaterThanOrEqual(20)
  expect(pacer.waiting().bulk).toBe(10_000 - left.length)
  // Waiting costs no timer each.
  expect(vi.getTimerCount()).toBeLessThanOrEqual(2)
  const before = left.length
  const lastMs = left.at(-1)?.atMs ?? 0
  void pacer.acquire('receipt').then(leave('receipt'))
  void pacer.acquire('code').then(leave('code'))
  await vi.advanceTimersByTimeAsync(150)
  expect(left.slice(before, before + 3).map(({ what }) => what)).toEqual(['code', 'receipt', 'bulk'])
  expect(left[before]?.atMs).toBe(lastMs + 50)
})

test('what has begun goes before what has not, of the same priority only', async () => {
  const pacer = pacerOf()
  const order: string[] = []
  pacer.pause(500)
  void pacer.acquire('bulk', true).then(() => order.push('bulk begun'))
  void pacer.acquire('receipt').then(() => order.push('receipt'))
  void pacer.acquire('receipt', true).then(() => order.push('receipt begun'))
  void pacer.acquire('code').then(() => order.push('code'))
  await vi.advanceTimersByTimeAsync(500)
  expect(order).toEqual(['code', 'receipt begun', 'receipt', 'bulk begun'])
})

test('a pause holds everything back, and codes go first when it is over', async () => {
  const pacer = pacerOf()
  const order: string[] = []
  pacer.pause(500)
  expect(pacer.isPaused()).toBe(true)
  void pacer.acquire('receipt').then(() => order.push('receipt'))
  void pacer.acquire('code').then(() => order.push('code'))
  await vi.advanceTimersByTimeAsync(499)
  expect(order).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(order).toEqual(['code', 'receipt'])
  expect(pacer.isPaused()).toBe(false)
})

test('who waits too long, or while the link goes down, is refused', async () => {
  const window = windowOf(1)
  const pacer = pacerOf({ maxWaitMs: { code: 100, receipt: 100, bulk: 300 }, take: window.take })
  await pacer.acquire('receipt')
  const bulk = pacer.acquire('bulk')
  await vi.advanceTimersByTimeAsync(250)
  const late = pacer.acquire('receipt')
  await vi.advanceTimersByTimeAsync(49)
  expect(pacer.waiting()).toEqual({ code: 0, receipt: 1, bulk: 1 })
  await vi.advanceTimersByTimeAsync(1)
  expect(await bulk).toEqual({ kind: 'refused', reason: 'link_busy' })
  await vi.advanceTimersByTimeAsync(50)
  expect(await late).toEqual({ kind: 'refused', reason: 'link_busy' })
  const cleared = pacer.acquire('code')
  pacer.clear('link_down')
  expect(await cleared).toEqual({ kind: 'refused', reason: 'link_down' })
  window.giveBack()
  expect(await pacer.acquire('receipt')).toEqual({ kind: 'slot', place: 'place' })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('a suspension refuses what has not begun and nothing else', async () => {
  const pacer = pacerOf()
  pacer.pause(100)
  const fresh = pacer.acquire('receipt')
  const begun = pacer.acquire('receipt', true)
  pacer.clear('link_suspended', 'fresh')
  expect(await fresh).toEqual({ kind: 'refused', reason: 'link_suspended' })
  await vi.advanceTimersByTimeAsync(100)
  expect(await begun).toEqual({ kind: 'slot', place: 'place' })
})
