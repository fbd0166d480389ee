import type { Database } from '../../src/database/database.ts'
import type { Key } from '../../src/security/keys.ts'

/** One thing that `npm run ledger -- <name>` does: a file of its own and a line in `verbs.ts`. */
export type Verb = {
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** Everything after the verb's name: usage, options, examples. */
  readonly help: string
  readonly keys: readonly KeyName[]
  /** Reads the options before any store is opened; throws, with a sentence, on wrong use. */
  readonly prepare: (args: readonly string[]) => Work
}

export type KeyName = 'data' | 'audit'

/** Resolves with the exit code: 0 all is well, 1 something is wrong or was not done. */
export type Work = (tools: LedgerTools) => Promise<number>

export type LedgerTools = {
  readonly database: Database
  /** Throws for one that the verb did not ask for. */
  readonly key: (name: KeyName) => Key
  /** Who does it, for the record. */
  readonly by: { readonly kind: 'staff'; readonly id: string }
  /** What was asked for, and what is to be said besides. */
  readonly print: (text: string) => void
  readonly warn: (text: string) => void
}
