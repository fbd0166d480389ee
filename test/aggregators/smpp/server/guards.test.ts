import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeBindGuard } from '../../../../src/aggregators/smpp/server/bind-guard.ts'
import { makeGate, makeRate } from '../../../../src/aggregators/smpp/server/rate.ts'

describe('pace', () => {
  test('no second ever holds more than agreed, and an idle one does not save up', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), gaps, (perSecond, steps) => {
        const rate = makeRate(perSecond)
        const taken: number[] = []
        let nowMs = 0
        for (const step of steps) {
          nowMs += step
          const within = taken.filter((at) => nowMs - at < 1000).length
          expect(rate.take(nowMs)).toBe(within < perSecond)
          if (within < perSecond) taken.push(nowMs)
        }
      }),
    )
  })

  test('so many at work, so many waiting, the others are told at once', async () => {
    const gate = makeGate(2, 1)
    const ends: (() => void)[] = []
    const work = () => new Promise<number>((resolve) => ends.push(() => resolve(ends.length)))
    const running = [gate.run(work), gate.run(work), gate.run(work)]
    expect(gate.run(work)).toBe('full')
    expect(ends).toHaveLength(2)
    ends[0]?.()
    await running[0]
    await Promise.resolve()
    expect(ends).toHaveLength(3)
    for (const end of ends) end()
    await Promise.all(running)
  })
})

describe('trying out passwords', () => {
  test('is stopped by address, and by name from everywhere but where the client lives', () => {
    let nowMs = 0
    const guard = makeBindGuard({ failuresPerAddress: 3, failuresPerSystemId: 5 }, () => nowMs)
    guard.succeeded('10.0.0.1', 'shop')
    for (let round = 0; round < 3; round += 1) guard.failed('10.0.0.9', 'shop')
    expect(guard.allows('10.0.0.9', 'shop')).toBe(false)
    expect(guard.allows('10.0.0.9', 'other')).toBe(false)
    expect(guard.allows('10.0.0.8', 'shop')).toBe(true)
    for (let round = 0; round < 2; round += 1) guard.failed('10.0.0.8', 'shop')
    expect(guard.allows('10.0.0.7', 'shop')).toBe(false)
    expect(guard.allows('10.0.0.7', 'other')).toBe(true)
    expect(guard.allows('10.0.0.1', 'shop')).toBe(true)
    nowMs = 60_001
    expect(guard.allows('10.0.0.9', 'shop')).toBe(true)
  })

  test('from one IPv6 network counts as one', () => {
    const guard = makeBindGuard({ failuresPerAddress: 2, failuresPerSystemId: 50 })
    guard.failed('2001:db8:1:2:3::1', 'shop')
    guard.failed('2001:db8:1:2:4::1', 'shop')
    expect(guard.allows('2001:db8:1:2:5::1', 'shop')).toBe(false)
    expect(guard.allows('2001:db8:1:3:5::1', 'shop')).toBe(true)
  })
})
