import type { Queryable } from '../database/database.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { Balance, StatementLine } from '../ledger/statement.ts'
import type { Sealer } from '../security/sealing.ts'

/** What a provider can do; the conformance suite plays what it claims. */
export type Capabilities = {
  /** Money can be held first, and moved or given back later. */
  readonly twoPhase: boolean
  /** Whether `not_found` to a question by our reference says for sure that nothing was received. */
  readonly queryByReference: boolean
  /** What the same reference sent again brings: the first answer, a refusal that says it is known, or a second payment. */
  readonly resend: 'same-answer' | 'rejects-duplicate' | 'none'
  readonly callbacks: 'none' | 'once' | 'retried'
  readonly partialReversal: boolean
  /** Digits after the decimal point that an amount may have at most. */
  readonly decimals: number
  readonly nameLookup: boolean
  readonly statement: boolean
  readonly billCompanies: boolean
}

/**
 * A keeper of subscribers' accounts: the built-in ledger, which settles inside our own transaction, or somebody else, who answers over a
 * network or does not. Neither throws for a money outcome.
 */
export type AccountProvider = OwnProvider | RemoteProvider

/**
 * What became of a transfer on our own books. `repeated`: it was done before and nothing has moved now. Amounts in minor units; the
 * balances are null where it was done before.
 */
export type OwnOutcome =
  | {
      readonly kind: 'done'
      readonly repeated: boolean
      readonly at: Date
      readonly payerAvailable: bigint | null
      readonly payeeAvailable: bigint | null
    }
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly cause: string }

export type OwnProvider = {
  readonly kind: 'own'
  readonly id: string
  readonly capabilities: Capabilities
  balance(db: Queryable, owner: SubscriberId): Promise<Balance>
  /** Newest first. */
  statement(db: Queryable, sealer: Sealer, owner: SubscriberId, count: number): Promise<StatementLine[]>
  /** Moves what a held transfer keeps back. The same transfer twice moves it once. */
  settle(tx: Queryable, id: TransferId): Promise<OwnOutcome>
  query(db: Queryable, id: TransferId): Promise<OwnOutcome | { readonly kind: 'not_found' }>
}

/** Somebody's account as its provider knows it; a number with `+` and the country's code. */
export type RemoteAccount = {
  readonly type: 'msisdn' | 'accountid' | 'walletid' | 'organisationid' | 'bankaccountno' | 'iban'
  readonly value: string
}

/** Money between a person's account at the provider and our own there. Amounts in minor units. */
export type Movement = {
  /** The transfer's id, ours for ever: what the provider is asked by. */
  readonly reference: TransferId
  readonly account: RemoteAccount
  readonly amount: bigint
  readonly currency: Currency
  /** What the provider named it in an answer `pending`. */
  readonly partnerReference?: string
}

/** A payment taken back; `amount` null: all of it. `reference`: ours for ever, of the reversal itself. */
export type Reversal = Omit<Movement, 'reference' | 'account' | 'amount'> & {
  readonly reference: string
  readonly amount: bigint | null
  /** The provider's own reference of what is taken back. */
  readonly original: string
}

/**
 * `done` and `refused` are definite and only said when the provider said so about this very movement; `pending`: received, not decided;
 * `unknown`: it may or may not have been received (`cause` is for people who look into it, and holds nothing personal).
 */
export type MoveOutcome =
  | { readonly kind: 'done'; readonly partnerReference: string }
  | { readonly kind: 'pending'; readonly partnerReference?: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly cause: string }

/** `not_found`: the provider answers, and has nothing under this reference (yet: it may be on its way). */
export type QueryOutcome = MoveOutcome | { readonly kind: 'not_found' }

/** Questions that move nothing: answered, no such account, or nobody answers now. */
export type Lookup<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'unknown_account' }
  | { readonly kind: 'unavailable' }

/** A line of a statement elsewhere; minor units, signed: what came in is positive. */
export type RemoteEntry = {
  readonly partnerReference: string
  readonly amount: bigint
  readonly currency: Currency
  readonly at: Date | null
}

/** A company that takes bills through a provider, under the provider's name for it. */
export type BillCompany = { readonly id: string; readonly name: string }

/** A provider across a network. Nothing takes longer than `timeoutMs`. */
export type RemoteProvider = {
  readonly kind: 'remote'
  readonly id: string
  readonly name: string
  readonly capabilities: Capabilities
  readonly timeoutMs: number
  /** The holder's name as the provider writes it. */
  accountName(account: RemoteAccount): Promise<Lookup<string>>
  status(account: RemoteAccount): Promise<Lookup<'available' | 'unavailable'>>
  /** What can be spent, in minor units. */
  balance(account: RemoteAccount): Promise<Lookup<{ readonly available: bigint; readonly currency: Currency }>>
  /** Newest first. */
  statement(account: RemoteAccount, count: number): Promise<Lookup<readonly RemoteEntry[]>>
  billCompanies(): Promise<Lookup<readonly BillCompany[]>>
  /** From the person's account to ours. Called at most once for a reference, as `disburse` and `reverse` are. */
  collect(movement: Movement): Promise<MoveOutcome>
  /** From our account to the person's. */
  disburse(movement: Movement): Promise<MoveOutcome>
  reverse(reversal: Reversal): Promise<MoveOutcome>
  query(asked: Asked): Promise<QueryOutcome>
  /** What a callback is worth that came to the URL of a reference; asks nobody. */
  judge(callback: ProviderCallback, asked: Asked): CallbackVerdict
}

/** What a question is about. */
export type Asked =
  | { readonly what: 'collect' | 'disburse'; readonly movement: Movement }
  | { readonly what: 'reverse'; readonly reversal: Reversal }

/** What a provider calls back with about a payment, as it came and not to be trusted. */
export type ProviderCallback = {
  readonly correlationId: string | null
  readonly body: unknown
}

/**
 * What a callback is worth once it was held against what we asked for. `hint`: it is about this payment and says that it ended so, or
 * nothing definite; the provider is asked before anything follows. `mismatch`: it is about something else (`what` differs).
 */
export type CallbackVerdict =
  | { readonly kind: 'hint'; readonly says: 'done' | 'refused' | 'unclear' }
  | { readonly kind: 'mismatch'; readonly what: 'correlation' | 'content' }
