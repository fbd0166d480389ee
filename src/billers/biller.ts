import type {
  CallbackVerdict,
  MoveOutcome,
  ProviderCallback,
  Reversal,
  QueryOutcome as ReversalOutcome,
} from '../account-providers/account-provider.ts'
import type { TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'

/** Amounts in minor units. `due`: what is to be paid, null where the biller does not say. */
export type CheckOutcome =
  | { readonly kind: 'known'; readonly holder: string | null; readonly due: bigint | null }
  | { readonly kind: 'unknown_account' }
  | { readonly kind: 'unavailable' }

/**
 * `done` and `refused` are definite and only ever said when the biller said so; `pending`: received, not decided; `unknown`: it may
 * or may not have been received (`cause` is for people who look into it).
 */
export type PayOutcome =
  | { readonly kind: 'done'; readonly partnerReference: string; readonly receipt: { readonly token?: string } }
  | { readonly kind: 'pending'; readonly partnerReference?: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly cause: string }

/** `not_found`: the biller answers, and has no payment with this reference (yet: one may be on its way). */
export type QueryOutcome = PayOutcome | { readonly kind: 'not_found' }

export type Payment = {
  /** The transfer's id, ours for ever: what the biller is asked by. */
  readonly reference: TransferId
  readonly account: string
  readonly amount: bigint
  readonly currency: Currency
  /** For a question: what the biller itself called the payment when it took it; null where it never said. */
  readonly partnerReference?: string | null
}

/** What a biller takes, in minor units; `step`: only whole multiples of it. */
export type AmountRules = { readonly least: bigint; readonly most: bigint; readonly step: bigint }

/** Somebody bills are paid to, or airtime is bought from. Never throws for a money outcome, and never takes longer than `timeoutMs`. */
export type Biller = {
  readonly id: string
  readonly name: string
  /** `airtime`: the account is a phone number in international form. */
  readonly service: 'bill' | 'airtime'
  /** Null: whatever the tariff allows. */
  readonly amounts: AmountRules | null
  /** Payments and questions under way at a time in one worker. */
  readonly mostAtOnce: number
  /** How many digits a customer's number has here. */
  readonly accountDigits: number
  readonly timeoutMs: number
  check(account: string): Promise<CheckOutcome>
  /** Called at most once for a reference. */
  pay(payment: Payment): Promise<PayOutcome>
  query(payment: Payment): Promise<QueryOutcome>
  /** Asks for a payment that was done to be taken back; absent where nobody can be asked for that. */
  readonly reversals?: {
    /** Called at most once for a reference. */
    reverse(reversal: Reversal): Promise<MoveOutcome>
    query(reversal: Reversal): Promise<ReversalOutcome>
  }
  /** Whose callbacks are about its payments, and what one is worth; absent where nobody calls back. */
  readonly callbacks?: {
    readonly from: string
    judge(callback: ProviderCallback, payment: Payment): CallbackVerdict
  }
}
