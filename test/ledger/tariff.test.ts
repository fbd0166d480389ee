import fc from 'fast-check'
import { expect, test } from 'vitest'
import { markets } from '../../src/domain/markets.ts'
import { tariffOf } from '../../src/ledger/load-tariff.ts'
import { ghana } from '../../src/ledger/markets/gh.ts'
import { kenya } from '../../src/ledger/markets/ke.ts'
import { uganda } from '../../src/ledger/markets/ug.ts'
import { referencesOf } from '../../src/ledger/reference.ts'
import { chargeOf, type MarketTariff } from '../../src/ledger/tariff.ts'
import { newTransferId } from './world.ts'

const rows: [MarketTariff, bigint, { fee: bigint; tax: bigint } | null][] = [
  [kenya, 100n, { fee: 0n, tax: 0n }],
  [kenya, 10_000n, { fee: 0n, tax: 0n }],
  [kenya, 10_001n, { fee: 700n, tax: 91n }],
  [kenya, 100_000n, { fee: 1_300n, tax: 170n }],
  [kenya, 100_001n, { fee: 2_300n, tax: 300n }],
  [kenya, 25_000_000n, { fee: 10_800n, tax: 1_409n }],
  [kenya, 25_000_001n, null],
  [uganda, 2_500n, { fee: 100n, tax: 0n }],
  [uganda, 2_501n, { fee: 500n, tax: 0n }],
  [ghana, 5_000n, { fee: 38n, tax: 0n }],
  [ghana, 20_000n, { fee: 150n, tax: 0n }],
  [ghana, 20_066n, { fee: 150n, tax: 0n }],
  [ghana, 20_067n, { fee: 151n, tax: 0n }],
  [ghana, 2_500_000n, { fee: 750n, tax: 0n }],
]

test.each(rows)('the charge is what the tariff says: %#', (tariff, amount, expected) => {
  expect(chargeOf(tariff, 'send', amount)).toEqual(expected)
})

const tariffs = [...markets.values()].map(tariffOf)

test.each(tariffs)('the bands of $market rise, and cover what its tiers allow', ({ services, tiers }) => {
  for (const { bands } of Object.values(services)) {
    expect([...bands].map(({ upTo }) => upTo)).toEqual(
      [...bands].map(({ upTo }) => upTo).sort((a, b) => (a < b ? -1 : 1)),
    )
    for (const { perTransaction } of Object.values(tiers)) {
      expect(bands.at(-1)?.upTo ?? 0n).toBeGreaterThanOrEqual(perTransaction ?? 0n)
    }
  }
})

test('tax is never more than the fee it is part of, and no fee is negative', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 25_000_000n), fc.constantFrom(...tariffs), (amount, tariff) => {
      const charge = chargeOf(tariff, 'send', amount)
      if (charge === null) return
      expect(charge.tax).toBeGreaterThanOrEqual(0n)
      expect(charge.fee).toBeGreaterThanOrEqual(charge.tax)
    }),
  )
})

test('a reference is ten characters nobody mistakes, the same for the same transfer', () => {
  const seen = new Set<string>()
  for (let n = 0; n < 2_000; n += 1) {
    const id = newTransferId()
    expect(referencesOf(id)).toEqual(referencesOf(id))
    for (const reference of referencesOf(id)) {
      expect(reference).toMatch(/^[A-HJKMNP-Z2-9]{10}$/)
      seen.add(reference)
    }
  }
  expect(seen.size).toBe(6_000)
})
