import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readTariffs } from '../../src/ledger/read-tariffs.ts'
import { marketOf } from '../support/tariffs.ts'

const sound = readFileSync('test/ledger/charges.test-tariff.yaml', 'utf8')
const read = (text: string, code = 'KE') => readTariffs(text, marketOf(code)).problems

/** What is changed in a sound file, and what is said of it. */
const wrong: [string, [string | RegExp, string], string[]][] = [
  ['no YAML', ['market: KE', 'market: {KE'], ['line 2 is no YAML; correct it']],
  ['another market', ['market: KE', 'market: UG'], ['market must be KE, which is served']],
  ['an unknown field at the top', ['market: KE', 'market: KE\nprices: {}'], ['prices is no field here']],
  ['no versions', [/tariffs:[\s\S]*/, 'tariffs: {}'], ['tariffs must be a map of versions']],
  [
    'a name that is none',
    ['TEST-1:', '"a b":'],
    ['a b: its name must be letters, digits, dots and hyphens, 24 at most'],
  ],
  [
    'a day without its offset',
    ['T00:00:00+03:00', ''],
    ['TEST-1: from must be a moment with its offset, such as 2025-07-01T00:00:00+03:00'],
  ],
  [
    'a day that is none',
    ['2025-01-01T', '2025-13-01T'],
    ['TEST-1: from must be a moment with its offset, such as 2025-07-01T00:00:00+03:00'],
  ],
  ['no day', [/ {4}from: .*\n/, ''], ['TEST-1: from is missing']],
  ['no bills', [/ {6}bill: .*\n/, ''], ['TEST-1: services.bill is missing']],
  ['an unknown service', ['      own:', '      owm:'], ['TEST-1: services.owm is no field here']],
  ['an unknown field', ['fee_from: payee', 'fee_by: payee'], ['TEST-1: services.bill.fee_by is no field here']],
  [
    'somebody else who pays',
    ['fee_from: payee', 'fee_from: shop'],
    ['TEST-1: services.bill.fee_from must be payer or payee'],
  ],
  [
    'an amount that is none',
    ['flat: 10 ', 'flat: ten '],
    ['TEST-1: services.send.others[2].bands[1].flat must be an amount in KES, such as 1250'],
  ],
  [
    'an amount below nothing',
    ['flat: 10 ', 'flat: -10 '],
    ['TEST-1: services.send.others[2].bands[1].flat must be an amount in KES, such as 1250'],
  ],
  [
    'more decimals than the currency has',
    ['flat: 10 ', 'flat: 10.005 '],
    ['TEST-1: services.send.others[2].bands[1].flat must be an amount in KES, such as 1250'],
  ],
  [
    'a band without its end',
    ['{ to: 1000, flat: 10 }', '{ flat: 10 }'],
    ['TEST-1: services.send.others[2].bands[1].to is missing'],
  ],
  [
    'no bands',
    ['bands: [{ to: 1000, flat: 10 }]', 'bands: []'],
    ['TEST-1: services.send.others[2].bands needs at least one band'],
  ],
  [
    'bands that do not rise',
    [
      '[{ to: 1000, flat: 20 }]\n        others',
      '[{ to: 500, flat: 1 }, { to: 500, flat: 2 }, { to: 1000, flat: 20 }]\n        others',
    ],
    ['TEST-1: services.send.bands[2].to must be more than 500, where the band before ends'],
  ],
  [
    'a rate without an end',
    [', at_most: 20', ''],
    ['TEST-1: services.withdraw.bands[1].at_most is missing; a rate needs an end'],
  ],
  [
    'bounds without a rate',
    ['rate: 2%, at_most: 20', 'flat: 2, at_most: 20'],
    ['TEST-1: services.withdraw.bands[1] has at_least or at_most, which belong to a rate; add rate or leave them out'],
  ],
  [
    'bounds the wrong way round',
    ['at_most: 20', 'at_most: 20, at_least: 30'],
    ['TEST-1: services.withdraw.bands[1].at_most must not be less than its at_least'],
  ],
  [
    'a rate that is no percentage',
    ['rate: 2%', 'rate: 0.02'],
    ['TEST-1: services.withdraw.bands[1].rate must be a percentage such as 0.5%, with two decimals at most'],
  ],
  [
    'a rate finer than is reckoned',
    ['rate: 2%', 'rate: 2.125%'],
    ['TEST-1: services.withdraw.bands[1].rate must be a percentage such as 0.5%, with two decimals at most'],
  ],
  [
    'an unknown tier',
    ['{ tier: gold, bands', '{ tier: silver, bands'],
    ['TEST-1: services.send.others[2].tier is silver, which is none of basic, gold'],
  ],
  [
    'prices for nobody',
    ['{ tier: gold, bands', '{ bands'],
    ['TEST-1: services.send.others[2] needs a tier, a network or both'],
  ],
  [
    'the same people twice',
    ['{ tier: gold, bands', '{ network: other, bands'],
    ['TEST-1: services.send.others[2] has the tier and network of one before it'],
  ],
  [
    'bands that end before the limit',
    ['{ tier: gold, bands: [{ to: 1000', '{ tier: gold, bands: [{ to: 900'],
    ['TEST-1: services.send.others[2].bands end at 900, but tiers.gold may send 1,000 at one time'],
  ],
  [
    'a least amount beyond the bands',
    ['own: { least: 1,', 'own: { least: 1001,'],
    ['TEST-1: services.own.least is more than 1,000, where its bands end'],
  ],
  [
    'a payee left with nothing',
    ['bill: { least: 25,', 'bill: { least: 20,'],
    ['TEST-1: services.bill.bands[1] costs the payee more than the least amount of the band'],
  ],
  [
    'a fee that no screen can show',
    ['{ to: 1000, flat: 40 }', '{ to: 1000, flat: 1000.01 }'],
    ['TEST-1: services.send.others[1].bands[1] costs 1,000.01 at its end; screens have room for 1,000'],
  ],
  [
    'an amount that no screen can show',
    ['own: { least: 1, bands: [{ to: 1000, flat: 0 }]', 'own: { least: 1, bands: [{ to: 1000000, flat: 0 }]'],
    ['TEST-1: services.own.bands[1].to and its fee must be at most 999,999.99, which is what screens have room for'],
  ],
  ['a duty on nothing', ['vat: { on: fee', 'vat: { on: air'], ['TEST-1: duties.vat.on needs on: fee or on: amount']],
  [
    'a code that is none',
    ['      vat: {', '      VAT: {'],
    ['TEST-1: duties.VAT: the name must be small letters, digits and hyphens'],
  ],
  [
    'an unknown exemption',
    ['exempt: [withdraw] }\n      excise', 'exempt: [cash] }\n      excise'],
    ['TEST-1: duties.vat.exempt[1] must be one of send, bill, airtime, own, collect, disburse, withdraw'],
  ],
  ['included or not', ['included: no', 'included: maybe'], ['TEST-1: duties.top.included must be yes or no']],
  [
    'a threshold of a tax',
    ['included: no', 'included: no, above_per_day: 10'],
    ['TEST-1: duties.top.above_per_day is no field here'],
  ],
  [
    'a levy whose bands have an end',
    ['{ flat: 2.50 }', '{ to: 200, flat: 2.50 }'],
    ['TEST-1: duties.stamp.bands must end with one without to, for all larger amounts'],
  ],
  [
    'a levy whose first band has none',
    ['{ to: 100, flat: 1 }', '{ flat: 1 }'],
    ['TEST-1: duties.stamp.bands[1].to is missing; only the last band has no end'],
  ],
  [
    'a name too long for statements',
    ['name: Stamp', 'name: Stamp duty of the republic'],
    ['TEST-1: duties.stamp.name must be at most 20 characters, since it stands on statements'],
  ],
  ['no tier restricted', [/ {6}restricted: .*\n/, ''], ['TEST-1: tiers.restricted is missing']],
  [
    'a day below a transaction',
    ['per_day: 2000', 'per_day: 500'],
    ['TEST-1: tiers.gold.per_transaction must not be more than its per_day, 500'],
  ],
  [
    'a month below a day',
    ['receive_per_month: 2000', 'receive_per_month: 200'],
    ['TEST-1: tiers.gold.receive_per_day must not be more than its receive_per_month, 200'],
  ],
  ['an unknown limit', ['receive_per_day', 'receive_a_day'], ['TEST-1: tiers.gold.receive_a_day is no field here']],
  ['a limit of nothing', ['per_day: 2000', 'per_day: 0'], ['TEST-1: tiers.gold.per_day must be more than 0']],
]

test('the file that the others are made of is sound', () => {
  expect(read(sound)).toEqual([])
})

test('the file in the documentation is sound', () => {
  const [, example = ''] = /```yaml\n(market: [\s\S]*?)```/.exec(readFileSync('docs/tariffs.md', 'utf8')) ?? []
  expect(read(example)).toEqual([])
  expect(example).toContain('above_per_day')
})

test.each(wrong)(
  'a file with %s is refused with a clause that says where and what',
  (_what, [found, instead], expected) => {
    const text = sound.replace(found, instead)
    expect(text).not.toBe(sound)
    expect(read(text)).toEqual(expected)
  },
)

test('everything that is wrong is said at once', () => {
  const text = sound.replace('market: KE', 'market: KE\nx: 1').replace('least: 25', 'least: many').replace('18%', '18')
  expect(read(text)).toHaveLength(3)
})

test('amounts are never floats: a file may have as many minor units as JavaScript has no number for', () => {
  const text = sound.replace('balance: 5000 }', 'balance: 99999999999.99 }')
  const [tariff] = readTariffs(text, marketOf('KE')).tariffs
  expect(tariff?.tiers.basic?.balance).toBe(9_999_999_999_999n)
})
