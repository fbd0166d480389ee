import type { Queryable } from '../database/database.ts'
import type { IsoDate } from '../domain/dates.ts'
import type { Currency } from '../domain/money.ts'

/** What the bank says of the trust account at the end of a day; minor units. `reference`: the bank's own, such as the statement's number. */
export type TrustStatement = {
  readonly currency: Currency
  readonly asOf: IsoDate
  readonly balance: bigint
  readonly reference: string
}

/** `conflict`: the reference is on record with another day or balance. */
export type RecordOutcome = 'recorded' | 'already' | 'conflict'

/** Puts a statement on record; of several for one day the last one counts. */
export async function recordTrustStatement(
  tx: Queryable,
  { currency, asOf, balance, reference }: TrustStatement,
  by: string,
): Promise<RecordOutcome> {
  const added = await tx.query(
    `INSERT INTO trust_statement (currency, as_of, balance, reference, recorded_by) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (currency, reference) DO NOTHING`,
    [currency, asOf, balance, reference, by],
  )
  if (added.rowCount > 0) return 'recorded'
  const known = await tx.query<{ same: boolean }>(
    `SELECT as_of = $3::date AND balance = $4 AS same FROM trust_statement WHERE currency = $1 AND reference = $2`,
    [currency, reference, asOf, balance],
  )
  return known.rows[0]?.same === true ? 'already' : 'conflict'
}
