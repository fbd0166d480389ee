import type { AccountId, SubscriberId, TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { Quote } from './quote.ts'
import type { TransferKind } from './tariff.ts'

/** A quote as a session carries it: a third of its length, since every hop reads and writes the session. */
export type QuoteJson = readonly [
  id: TransferId,
  kind: TransferKind,
  payerId: SubscriberId,
  payerAccount: AccountId,
  payeeId: SubscriberId | null,
  payeeAccount: AccountId,
  biller: readonly [id: string, account: string] | null,
  payeeName: string,
  amount: string,
  fee: string,
  tax: string,
  currency: Currency,
  /** Every leg takes from the payer's account. */
  legs: readonly (readonly [credit: AccountId, amount: string])[],
  tariff: string,
  quotedAtMs: number,
]

export function quoteToJson(quote: Quote): QuoteJson {
  return [
    quote.id,
    quote.kind,
    quote.payerId,
    quote.payerAccount,
    quote.payeeId,
    quote.payeeAccount,
    quote.biller === null ? null : [quote.biller.id, quote.biller.account],
    quote.payeeName,
    quote.amount,
    quote.fee,
    quote.tax,
    quote.currency,
    quote.legs.map(({ credit, amount }) => [credit, amount] as const),
    quote.tariff,
    quote.quotedAtMs,
  ]
}

/** Reads what `quoteToJson` made; a session is sealed, so nobody else can have. */
export function quoteFromJson(json: QuoteJson): Quote {
  const [id, kind, payerId, payerAccount, payeeId, payeeAccount, biller, payeeName, ...rest] = json
  const [amount, fee, tax, currency, legs, tariff, quotedAtMs] = rest
  return {
    ...{
      id,
      kind,
      payerId,
      payerAccount,
      payeeId,
      payeeAccount,
      payeeName,
      amount,
      fee,
      tax,
      currency,
      tariff,
      quotedAtMs,
    },
    biller: biller === null ? null : { id: biller[0], account: biller[1] },
    total: String(BigInt(amount) + BigInt(fee)),
    legs: legs.map(([credit, amount]) => ({ debit: payerAccount, credit, amount })),
  }
}
