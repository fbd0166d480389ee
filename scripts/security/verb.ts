import type { Database } from '../../src/database/database.ts'
import type { Keys } from '../../src/security/keys.ts'

/** One thing that `npm run security -- <name>` does: a file of its own and a line in `verbs.ts`. */
export type Verb = {
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** Everything after the verb's name: usage, examples. */
  readonly help: string
  /** Whether it works as the owner of the tables. */
  readonly asOwner: boolean
  readonly work: (tools: SecurityTools) => Promise<number>
}

export type SecurityTools = {
  readonly database: Database
  readonly keys: Pick<Keys, 'data' | 'pin'>
  readonly print: (text: string) => void
}
