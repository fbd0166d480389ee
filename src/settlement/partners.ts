import type { Queryable } from '../database/database.ts'
import type { TransferState } from '../ledger/transfer.ts'
import type { Breaker } from './breaker.ts'

/** How it stands with a partner: its breaker, and the transfers that have not come to an end there. */
export type PartnerStanding = {
  readonly partner: string
  readonly breaker: Breaker['state']
  /** Until when it rests, or its probe may take; null while it works. */
  readonly until: Date | null
  readonly open: readonly { readonly state: TransferState; readonly count: number; readonly oldestS: number }[]
}

type Row = { partner: string; breaker: Breaker['state']; until: Date | null; open: PartnerStanding['open'] }

/** These partners and any other that transfers wait for, by name. */
export async function readPartners(db: Queryable, known: Iterable<string>): Promise<readonly PartnerStanding[]> {
  const { rows } = await db.query<Row>(
    `WITH waiting AS (
       SELECT biller AS partner, state, count(*)::integer AS count, extract(epoch FROM now() - min(created_at))::float8 AS oldest
         FROM transfer WHERE state NOT IN ('SETTLED', 'REJECTED', 'REVERSED') AND biller IS NOT NULL GROUP BY biller, state
     )
     SELECT partner, coalesce(b.state, 'closed') AS breaker, b.until,
            coalesce((SELECT jsonb_agg(jsonb_build_object('state', w.state, 'count', w.count, 'oldestS', w.oldest) ORDER BY w.state)
                        FROM waiting w WHERE w.partner = p.partner), '[]') AS open
       FROM (SELECT unnest($1::text[]) AS partner UNION SELECT partner FROM waiting) p LEFT JOIN partner_breaker b USING (partner)
      ORDER BY partner`,
    [[...known]],
  )
  return rows
}
