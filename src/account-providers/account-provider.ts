import type { Queryable } from '../database/database.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import type { Balance, StatementLine } from '../ledger/statement.ts'
import type { Sealer } from '../security/sealing.ts'

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
  balance(db: Queryable, owner: SubscriberId): Promise<Balance>
  /** Newest first. */
  statement(db: Queryable, sealer: Sealer, owner: SubscriberId, count: number): Promise<StatementLine[]>
  /** Moves what a held transfer keeps back. The same transfer twice moves it once. */
  settle(tx: Queryable, id: TransferId): Promise<ProviderOutcome>
  query(db: Queryable, id: TransferId): Promise<ProviderOutcome | { readonly kind: 'not_found' }>
}
