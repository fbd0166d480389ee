import type { Queryable } from '../database/database.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import type { Balance, StatementLine } from '../ledger/statement.ts'
import type { Sealer } from '../security/sealing.ts'

/** What a keeper of accounts can do; settlement and menus go by this, never by its name. */
export type ProviderCapabilities = {
  /** Money moves in our own transaction, so there is nothing to be in doubt about. */
  readonly sameTransaction: boolean
  /** Money can be kept back first and moved or given back later. */
  readonly twoPhase: boolean
  /** It can be asked about a transfer by our id. */
  readonly queryByReference: boolean
}

/**
 * What became of a transfer at a provider. `repeated`: it was done before and nothing has moved now. Amounts in minor units; the
 * balances are null where the provider does not say.
 */
export type ProviderOutcome =
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

/** A keeper of subscribers' accounts. Never throws for a money outcome. */
export type AccountProvider = {
  readonly id: string
  readonly capabilities: ProviderCapabilities
  balance(db: Queryable, owner: SubscriberId): Promise<Balance>
  /** Newest first. */
  statement(db: Queryable, sealer: Sealer, owner: SubscriberId, count: number): Promise<StatementLine[]>
  /** Moves what a held transfer keeps back. The same transfer twice moves it once. */
  settle(tx: Queryable, id: TransferId): Promise<ProviderOutcome>
  query(db: Queryable, id: TransferId): Promise<ProviderOutcome | { readonly kind: 'not_found' }>
}
