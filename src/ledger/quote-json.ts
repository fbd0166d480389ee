import { z } from 'zod'
import type { AccountId, SubscriberId, TransferId } from '../domain/ids.ts'
import { type Currency, exponents } from '../domain/money.ts'
import type { Quote } from './quote.ts'
import { type LegKind, serviceKinds, type TransferKind } from './tariff.ts'

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
  /** A capital letter: out of the payee's account. */
  legs: readonly (readonly [credit: AccountId, amount: string, what: LegLetter])[],
  tariff: string,
  quotedAtMs: number,
]

const letters = { amount: 'a', fee: 'f', tax: 't', levy: 'l' } as const satisfies Record<LegKind, string>
const words = { a: 'amount', f: 'fee', t: 'tax', l: 'levy', F: 'fee', T: 'tax', L: 'levy' } as const
type LegLetter = keyof typeof words

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
    quote.legs.map(({ debit, credit, amount, what }) => {
      const letter = letters[what]
      return [credit, amount, debit === quote.payerAccount ? letter : (letter.toUpperCase() as LegLetter)] as const
    }),
    quote.tariff,
    quote.quotedAtMs,
  ]
}

const id = z.guid()
const amount = z.string().regex(/^(0|[1-9]\d{0,18})$/)
const schema = z.tuple([
  ...([id, z.enum(serviceKinds).exclude(['withdraw']), id, id, id.nullable(), id] as const),
  ...([z.tuple([z.string(), z.string()]).nullable(), z.string(), amount, amount, amount] as const),
  z.enum(Object.keys(exponents) as Currency[]),
  z
    .array(z.tuple([id, amount, z.enum(Object.keys(words) as LegLetter[])]))
    .min(1)
    .max(12),
  z.string().min(1),
  z.int().nonnegative(),
])

/** Reads what `quoteToJson` made; throws on anything else, such as legs that are not the amount and the fee in sum. */
export function quoteFromJson(json: unknown): Quote {
  const read = schema.safeParse(json)
  if (!read.success) throw new Error('The session holds no quote that can be read; nothing was done. Quote it again.')
  const [id, kind, payerId, payerAccount, payeeId, payeeAccount, biller, payeeName, ...rest] =
    read.data as unknown as QuoteJson
  const [amount, fee, tax, currency, legs, tariff, quotedAtMs] = rest
  const total = BigInt(amount) + BigInt(fee)
  const [first] = legs
  const sumOf = (from: typeof legs): bigint => from.reduce((all, [, part]) => all + BigInt(part), 0n)
  const isByPayee = ([, , letter]: (typeof legs)[number]): boolean => letter === letter.toUpperCase()
  const byPayee = sumOf(legs.filter(isByPayee))
  const isWhole =
    sumOf(legs) - byPayee === total && first?.[2] === 'a' && first[0] === payeeAccount && first[1] === amount
  if (!isWhole || byPayee >= BigInt(amount))
    throw new Error('The legs of the session’s quote are not its amount and fee; nothing was done. Quote it again.')
  return {
    ...{ id, kind, payerId, payerAccount, payeeId, payeeAccount, payeeName },
    ...{
      amount,
      fee,
      tax,
      currency,
      tariff,
      quotedAtMs,
      total: String(total),
      payeeReceives: String(BigInt(amount) - byPayee),
    },
    biller: biller === null ? null : { id: biller[0], account: biller[1] },
    legs: legs.map((leg) => {
      const [credit, amount, letter] = leg
      return { debit: isByPayee(leg) ? payeeAccount : payerAccount, credit, amount, what: words[letter] }
    }),
  }
}
