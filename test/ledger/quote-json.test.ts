import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AccountId, SubscriberId, TransferId } from '../../src/domain/ids.ts'
import type { Quote } from '../../src/ledger/quote.ts'
import { quoteFromJson, quoteToJson } from '../../src/ledger/quote-json.ts'

const amount = fc.bigInt({ min: 0n, max: 10n ** 17n })
const id = fc.uuid()

const quotes: fc.Arbitrary<Quote> = fc
  .record({
    ids: fc.tuple(id, id, id, id, id),
    amount,
    fee: amount,
    tax: amount,
    credits: fc.array(fc.tuple(id, amount), { maxLength: 3 }),
    payeeId: fc.option(id),
    biller: fc.option(fc.record({ id: fc.string(), account: fc.string() })),
    payeeName: fc.string(),
    quotedAtMs: fc.nat(),
  })
  .map(({ ids, amount, fee, tax, credits, payeeId, biller, payeeName, quotedAtMs }) => {
    const [quoteId, payerId, payerAccount, payeeAccount, tariff] = ids
    const debit = payerAccount as AccountId
    return {
      id: quoteId as TransferId,
      kind: biller === null ? 'send' : 'bill',
      payerId: payerId as SubscriberId,
      payerAccount: debit,
      payeeId: payeeId as SubscriberId | null,
      payeeAccount: payeeAccount as AccountId,
      biller,
      payeeName,
      amount: String(amount),
      fee: String(fee),
      tax: String(tax),
      total: String(amount + fee),
      currency: 'KES',
      legs: credits.map(([credit, part]) => ({ debit, credit: credit as AccountId, amount: String(part) })),
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
