import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { markets } from '../../src/domain/markets.ts'
import { exponents, formatAmount, parseMoney } from '../../src/domain/money.ts'
import { readTariffs } from '../../src/ledger/read-tariffs.ts'
import { referencesOf } from '../../src/ledger/reference.ts'
import { shippedTariffs } from '../../src/ledger/shipped-tariffs.ts'
import {
  type Band,
  type Circumstances,
  chargeOf,
  type Duty,
  type MarketTariff,
  receivedOf,
  type ServiceKind,
  serviceKinds,
} from '../../src/ledger/tariff.ts'
import { kenya, marketOf } from '../support/tariffs.ts'
import { newTransferId } from './world.ts'

const shipped = [...markets.values()].flatMap(shippedTariffs)
const odd = readTariffs(readFileSync('test/ledger/charges.test-tariff.yaml', 'utf8'), marketOf('KE')).tariffs
const tariffs = [...shipped, ...odd]

type Row = {
  amount: string
  fee: string
  sent?: string
  tier?: string
  network?: string
  receives?: string
  legs?: Record<string, string>
}
type Table = { tariff: string } & Partial<Record<ServiceKind, Row[]>>

/** Amounts as texts: no float comes near them. */
const tables = parse(readFileSync('test/ledger/charges.yaml', 'utf8'), { schema: 'failsafe' }) as Table[]
const rows = tables.flatMap(({ tariff, ...kinds }) =>
  Object.entries(kinds).flatMap(([kind, rows]) => rows.map((row) => [tariff, kind as ServiceKind, row] as const)),
)

describe('a charge is what the tariff says', () => {
  test.each(rows)('%s %s %j', (version, kind, { amount, sent, tier, network, ...expected }) => {
    const tariff = tariffs.find((one) => one.version === version)
    if (tariff === undefined) throw new Error(`no tariff ${version}`)
    const currency = marketOf(tariff.market).currency
    const minor = (text: string): bigint => parseMoney(text, currency) ?? -1n
    const circumstances: Circumstances = {
      ...(sent === undefined ? {} : { sentToday: minor(sent) }),
      ...(tier === undefined ? {} : { tier }),
      ...(network === undefined ? {} : { network }),
    }
    const charge = chargeOf(tariff, kind, minor(amount), circumstances)
    if (expected.fee === 'none') return expect(charge).toBe(null)
    if (charge === null) throw new Error('no price')
    const legs = charge.legs.map(({ what, code, from, amount }) => {
      const name = code ?? what
      return [from === 'payee' ? `payee:${name}` : name, amount]
    })
    expect(legs).toEqual(Object.entries(expected.legs ?? {}).map(([name, amount]) => [name, minor(amount)]))
    expect(charge.fee).toBe(minor(expected.fee))
    expect(receivedOf(charge, minor(amount))).toBe(minor(expected.receives ?? amount))
  })

  test('every example and every kind of service of one is in the table', () => {
    expect(tables.map(({ tariff }) => tariff)).toEqual(tariffs.map(({ version }) => version))
  })
})

const rate = fc.record({
  flat: fc.bigInt(0n, 5_000n),
  rateBp: fc.integer({ min: 0, max: 2_000 }),
  atLeast: fc.bigInt(0n, 500n),
  atMost: fc.bigInt(500n, 90_000n),
})
const band: fc.Arbitrary<Band> = rate.map((its) => ({ ...its, upTo: 10n ** 12n }))
const exempt = fc.subarray(['send', 'bill'] as ServiceKind[])
const duty = fc.oneof(
  fc.record({
    base: fc.constant('fee' as const),
    exempt,
    rateBp: fc.integer({ min: 1, max: 5_000 }),
    included: fc.boolean(),
  }),
  fc.record({
    ...{ base: fc.constant('amount' as const), exempt, paidBy: fc.constantFrom('payer' as const, 'payee' as const) },
    abovePerDay: fc.option(fc.bigInt(1n, 50_000n)),
    bands: rate.map((its) => [{ ...its, upTo: null }]),
  }),
)
const invented = fc
  .record({
    ...{ band, duties: fc.array(duty, { maxLength: 5 }), feeFrom: fc.constantFrom('payer' as const, 'payee' as const) },
    amount: fc.bigInt(1n, 10n ** 9n),
    sentToday: fc.bigInt(0n, 100_000n),
  })
  .map(({ band, duties, feeFrom, ...rest }) => {
    const service = { minimum: 1n, feeFrom, bands: [band] }
    const named = duties.map((duty, n): Duty => ({ ...duty, code: `duty-${n}`, name: `Duty ${n}` }))
    return { ...rest, tariff: { services: { send: service, bill: service }, duties: named }, feeFrom }
  })

/** The legs of a charge and the sums that must be exact, whatever the tariff. */
function expectWhole(tariff: Pick<MarketTariff, 'services' | 'duties'>, amount: bigint, sentToday: bigint): void {
  const charge = chargeOf(tariff, 'send', amount, { sentToday })
  if (charge === null) return
  const sum = (legs: typeof charge.legs): bigint => legs.reduce((all, leg) => all + leg.amount, 0n)
  expect(charge.legs[0]).toEqual({ what: 'amount', code: null, from: 'payer', amount })
  for (const leg of charge.legs) expect(leg.amount).toBeGreaterThan(0n)
  expect(sum(charge.legs.filter(({ from }) => from === 'payer'))).toBe(amount + charge.fee)
  expect(sum(charge.legs.filter(({ what }) => what === 'tax' || what === 'levy'))).toBe(charge.tax)
  // A price is shared out whole: fee and included taxes are the price, so that the tax is within it.
  const included = new Set(tariff.duties.filter((one) => one.base === 'fee' && one.included).map(({ code }) => code))
  const price = sum(charge.legs.filter(({ what, code }) => what === 'fee' || included.has(code ?? '')))
  const free = chargeOf({ ...tariff, duties: [] }, 'send', amount, { sentToday })
  expect(price).toBe(sum(free?.legs.slice(1) ?? []))
}

test('legs are never negative and sum exactly, for any tariff', () => {
  fc.assert(
    fc.property(invented, ({ tariff, amount, sentToday }) => expectWhole(tariff, amount, sentToday)),
    { numRuns: 500 },
  )
})

test('legs of the examples sum exactly, and each tax is within half a minor unit of its share for one tax, one for more', () => {
  fc.assert(
    fc.property(
      fc.bigInt(1n, 25_000_000n),
      fc.bigInt(0n, 50_000n),
      fc.constantFrom(...tariffs),
      (amount, sent, tariff) => {
        expectWhole(tariff, amount, sent)
        const included = tariff.duties.filter(
          (one) => one.base === 'fee' && one.included && !one.exempt.includes('send'),
        )
        const charge = chargeOf(tariff, 'send', amount, { sentToday: sent })
        const parts = charge?.legs.filter(({ what }) => what === 'fee' || what === 'tax') ?? []
        const price = parts.reduce((all, leg) => all + Number(leg.amount), 0)
        const weight = included.reduce((all, one) => all + (one.base === 'fee' ? one.rateBp : 0), 10_000)
        for (const one of included) {
          const share = (price * (one.base === 'fee' ? one.rateBp : 0)) / weight
          const leg = Number(parts.find(({ code }) => code === one.code)?.amount ?? 0n)
          expect(Math.abs(leg - share)).toBeLessThanOrEqual(included.length === 1 ? 0.5 : 1)
        }
      },
    ),
  )
})

test('a levy above an amount a day is the same however the day’s money is split, to a minor unit a part', () => {
  const ghana = tariffs.find(({ version }) => version === 'GH-2022-1')
  if (ghana === undefined) throw new Error('no such tariff')
  const levy = (amount: bigint, sentToday: bigint): bigint =>
    chargeOf(ghana, 'send', amount, { sentToday })?.legs.find(({ what }) => what === 'levy')?.amount ?? 0n
  fc.assert(
    fc.property(fc.array(fc.bigInt(1n, 30_000n), { minLength: 1, maxLength: 6 }), (parts) => {
      let sent = 0n
      let levied = 0n
      for (const part of parts) {
        levied += levy(part, sent)
        sent += part
      }
      const difference = Number(levied - levy(sent, 0n))
      expect(Math.abs(difference)).toBeLessThanOrEqual(parts.length)
    }),
  )
})

test('the figures of the demo are as they were', () => {
  const fees = [1, 100, 101, 500, 501, 1_000, 2_500, 20_000, 250_000].map((amount) => {
    const fee = chargeOf(kenya, 'send', BigInt(amount) * 10n ** BigInt(exponents.KES))?.fee ?? -1n
    return formatAmount({ amount: fee, currency: 'KES' })
  })
  expect(fees).toEqual(['0', '0', '7', '7', '13', '13', '33', '105', '108'])
  expect(kenya.tiers).toMatchObject({
    basic: { perTransaction: 5_000_000n, perDay: 10_000_000n, balance: 10_000_000n },
    standard: { perTransaction: 25_000_000n, perDay: 50_000_000n, balance: 50_000_000n },
    restricted: { perTransaction: 100_000n, perDay: 200_000n, balance: null },
  })
})

test('only kinds of services that are known have prices', () => {
  for (const { services } of tariffs) for (const kind of Object.keys(services)) expect(serviceKinds).toContain(kind)
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
