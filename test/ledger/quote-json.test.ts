import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AccountId, SubscriberId, TransferId } from '../../src/domain/ids.ts'
import type { Quote } from '../../src/ledger/quote.ts'
import { quoteFromJson, quoteToJson } from '../../src/ledger/quote-json.ts'

const amount = fc.bigInt({ min: 1n, max: 10n ** 16n })
const id = fc.uuid()

const quotes: fc.Arbitrary<Quote> = fc
  .record({
    ids: fc.tuple(id, id, id, id, id),
    amount,
    tax: amount,
    charged: fc.array(
      fc.tuple(id, fc.bigInt({ min: 1n, max: 10n ** 15n }), fc.constantFrom('fee', 'tax', 'levy'), fc.boolean()),
      {
        maxLength: 4,
      },
    ),
    payeeId: fc.option(id),
    biller: fc.option(fc.record({ id: fc.string(), account: fc.string() })),
    payeeName: fc.string(),
    quotedAtMs: fc.nat(),
  })
  .map(({ ids, amount: room, tax, charged, payeeId, biller, payeeName, quotedAtMs }) => {
    const [quoteId, payerId, payerAccount, payeeAccount, tariff] = ids
    const accounts = { payer: payerAccount as AccountId, payee: payeeAccount as AccountId }
    const sum = (byPayee: boolean): bigint =>
      charged.filter((leg) => leg[3] === byPayee).reduce((all, [, part]) => all + part, 0n)
    const [fee, amount] = [sum(false), room + sum(true)]
    return {
      id: quoteId as TransferId,
      kind: biller === null ? 'send' : 'bill',
      payerId: payerId as SubscriberId,
      payerAccount: accounts.payer,
      payeeId: payeeId as SubscriberId | null,
      payeeAccount: accounts.payee,
      biller,
      payeeName,
      amount: String(amount),
      fee: String(fee),
      tax: String(tax),
      total: String(amount + fee),
      payeeReceives: String(room),
      currency: 'KES',
      legs: [
        { debit: accounts.payer, credit: accounts.payee, amount: String(amount), what: 'amount' },
        ...charged.map(([credit, part, what, byPayee]) => ({
          debit: byPayee ? accounts.payee : accounts.payer,
          credit: credit as AccountId,
          amount: String(part),
          what,
        })),
      ],
      tariff,
      quotedAtMs,
    }
  })

test('a session brings back every quote exactly as it was shown', () => {
  fc.assert(
    fc.property(quotes, (quote) => {
      expect(quoteFromJson(JSON.parse(JSON.stringify(quoteToJson(quote))))).toEqual(quote)
    }),
  )
})

/** One of a quote with a fee of the payer's and a tax of the payee's. */
const sound = (): unknown[] => [
  ...['0197f0a0-0000-7000-8000-000000000001', 'send', '0197f0a0-0000-7000-8000-000000000002'],
  ...['0197f0a0-0000-7000-8000-000000000003', '0197f0a0-0000-7000-8000-000000000004'],
  ...['0197f0a0-0000-7000-8000-000000000005', null, 'Juma K.', '1000', '13', '2', 'KES'],
  [
    ['0197f0a0-0000-7000-8000-000000000005', '1000', 'a'],
    ['ffffffff-ffff-8123-8456-000000000006', '13', 'f'],
    ['ffffffff-ffff-8123-8456-000000000007', '2', 'T'],
  ],
  ...['KE-2025-3', 1_760_000_000_000],
]

test('what a session holds takes a third of its room at most', () => {
  expect(quoteFromJson(sound())).toMatchObject({ total: '1013', payeeReceives: '998' })
  expect(JSON.stringify(sound()).length).toBeLessThan(450)
})

const broken: [string, (json: unknown[]) => unknown][] = [
  ['nothing', () => null],
  ['a field missing', (json) => json.slice(0, -1)],
  ['a field too many', (json) => [...json, 1]],
  ['an amount that is a number', (json) => json.with(8, 1000)],
  ['an amount below nothing', (json) => json.with(8, '-1000')],
  ['an amount with decimals', (json) => json.with(8, '1000.5')],
  ['a service that there are no transfers of', (json) => json.with(1, 'withdraw')],
  ['a currency of no market', (json) => json.with(11, 'USD')],
  ['a fee that is not in the legs', (json) => json.with(9, '14')],
  ['no legs', (json) => json.with(12, [])],
  [
    'legs without their words',
    (json) =>
      json.with(
        12,
        (json[12] as string[][]).map((leg) => leg.slice(0, 2)),
      ),
  ],
  [
    'a leg of an unknown kind',
    (json) => json.with(12, [...(json[12] as string[][]), ['ffffffff-ffff-8123-8456-000000000008', '1', 'x']]),
  ],
  ['a first leg to somebody else', (json) => json.with(5, '0197f0a0-0000-7000-8000-000000000009')],
  [
    'a payee who is left with nothing',
    (json) =>
      json.with(12, [...(json[12] as string[][]).slice(0, 2), ['ffffffff-ffff-8123-8456-000000000007', '1000', 'T']]),
  ],
]

test.each(broken)('a session that holds %s confirms nothing', (_what, change) => {
  expect(() => quoteFromJson(JSON.parse(JSON.stringify(change(sound()))))).toThrow('nothing was done')
})
