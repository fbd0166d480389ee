import type { Database } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'

/** What became of main wallets whose ceiling was not that of their tier. */
export type Ceilings = {
  readonly changed: number
  /** Hold more than they may: their ceiling is what they hold, so that nothing more comes in. At most a hundred of their owners. */
  readonly above: number
  readonly aboveOwners: readonly SubscriberId[]
}

/** In one transaction; those who pay and receive meanwhile wait no longer for it. */
const AT_ONCE = 500
const MOST_NAMED = 100

/** Gives every main wallet the ceiling of its tier in the tariff in force; as the owner. A second run changes nothing. */
export async function applyCeilings(owner: Database, currency: Currency): Promise<Ceilings> {
  type Row = { account_id: string; owner_id: SubscriberId; wanted: bigint | null; ceiling: bigint | null }
  let after: string | null = null
  let changed = 0
  const above: SubscriberId[] = []
  for (;;) {
    const { rows }: { rows: Row[] } = await owner.query<Row>(
      `SELECT account_id, owner_id, wanted, ceiling FROM ledger_apply_ceilings($1, NULL, $2, $3) ORDER BY account_id`,
      [currency, after, AT_ONCE],
    )
    const over = rows.filter(({ wanted, ceiling }) => wanted !== null && ceiling !== null && ceiling > wanted)
    above.push(...over.map(({ owner_id }) => owner_id))
    changed += rows.length - over.length
    after = rows.at(-1)?.account_id ?? null
    if (rows.length < AT_ONCE) return { changed, above: above.length, aboveOwners: above.slice(0, MOST_NAMED) }
  }
}
