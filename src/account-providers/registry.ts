import type { AccountProvider } from './account-provider.ts'
import { ownLedger } from './own-ledger.ts'

/** One line per provider. */
export const accountProviders: ReadonlyMap<string, AccountProvider> = new Map([[ownLedger.id, ownLedger]])

/** The one that keeps everybody's wallet, until accounts name their own. */
export const walletProvider: AccountProvider = ownLedger
