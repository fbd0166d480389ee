import type { AirtimeSale } from '../aggregators/aggregator.ts'
import { AIRTIME } from '../billers/africastalking-airtime.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { billerAccountContext } from '../ledger/transfer.ts'
import type { Sealer } from '../security/sealing.ts'
import type { Events } from '../telemetry/events.ts'
import { askNow } from './attempts.ts'
import type { Settlement } from './queue.ts'

/**
 * What comes of callbacks about airtime. They carry no signature, so nothing of what they say moves money: one that names a sale we know,
 * with its number and amount, makes us ask now instead of later, once for each thing it says.
 */
export type AirtimeCallbacks = {
  /** Whether we bought that: the seller asks before it goes to the phone. The same question gets the same answer. */
  validate(sale: AirtimeSale): Promise<boolean>
  /** Resolves once it is stored; the worker asks then. */
  hear(sale: AirtimeSale, status: 'succeeded' | 'failed' | 'pending'): Promise<void>
}

export type AirtimeCallbackDependencies = {
  readonly database: Database
  readonly sealer: Sealer
  readonly settlement: Pick<Settlement, 'ring'>
  readonly events: Pick<Events, 'partnerHeard'>
}

/** `certain` is null where nothing named the transfer. */
type Row = { id: TransferId; account: Buffer; certain: boolean | null }

/** `certain`: no other transfer could have been meant. */
type Meant = { readonly id: TransferId; readonly certain: boolean }

/** More sales of one amount at a time, and older ones, are left to the schedule of questions. */
const CANDIDATES = 200

export function makeAirtimeCallbacks({
  database,
  sealer,
  settlement,
  events,
}: AirtimeCallbackDependencies): AirtimeCallbacks {
  /**
   * The transfer that was sold under this id; where no answer of the seller named the id yet, the oldest without one of the same number
   * and amount. Two callbacks must not take the same one.
   */
  async function meantBy(tx: Queryable, { requestId, number, amount, currency }: AirtimeSale): Promise<Meant | null> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('airtime-callbacks'))`)
    const { rows } = await tx.query<Row>(
      `WITH named AS (
         SELECT transfer_id, true AS certain FROM partner_answer WHERE partner_reference = $1
          UNION SELECT transfer_id, certain FROM partner_hint
                 WHERE partner = $2 AND partner_reference = $1
                   AND NOT EXISTS (SELECT FROM partner_answer WHERE partner_reference = $1)
       )
       SELECT t.id, t.biller_account AS account, named.certain FROM transfer t JOIN named ON named.transfer_id = t.id
        WHERE t.biller = $2 AND t.amount = $3 AND t.currency = $4
       UNION ALL (
       SELECT t.id, t.biller_account, NULL FROM transfer t
        WHERE t.biller = $2 AND t.amount = $3 AND t.currency = $4 AND t.state IN ('SUBMITTED', 'PENDING', 'IN_DOUBT')
          AND NOT EXISTS (SELECT FROM named)
          AND NOT EXISTS (SELECT FROM partner_answer a WHERE a.transfer_id = t.id AND a.partner_reference IS NOT NULL)
          AND NOT EXISTS (SELECT FROM partner_hint h WHERE h.transfer_id = t.id)
        ORDER BY t.created_at, t.id LIMIT ${CANDIDATES})`,
      [requestId, AIRTIME, amount, currency],
    )
    const same = rows.filter(({ id, account }) => sealer.open(account, billerAccountContext(id)) === number)
    const first = same[0]
    return first === undefined ? null : { id: first.id, certain: first.certain ?? same.length === 1 }
  }

  async function note(
    tx: Queryable,
    { requestId }: AirtimeSale,
    said: string,
    { id, certain }: Meant,
  ): Promise<boolean> {
    const { rowCount } = await tx.query(
      `INSERT INTO partner_hint (partner, partner_reference, said, transfer_id, certain) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [AIRTIME, requestId, said, id, certain],
    )
    return rowCount > 0
  }

  return {
    async validate(sale) {
      const meant = await database.transaction(async (tx) => {
        const found = await meantBy(tx, sale)
        if (found !== null) await note(tx, sale, 'validated', found)
        return found
      })
      events.partnerHeard({ partner: AIRTIME, said: 'validation', outcome: meant === null ? 'unknown' : 'known' })
      return meant !== null
    },
    async hear(sale, status) {
      const heard = await database.transaction(async (tx) => {
        const meant = await meantBy(tx, sale)
        if (meant === null) return { outcome: 'unknown' } as const
        if (!(await note(tx, sale, status, meant))) return { outcome: 'repeated' } as const
        const due = await askNow(tx, meant.id)
        return { outcome: 'known', id: meant.id, version: due?.version ?? null } as const
      })
      events.partnerHeard({ partner: AIRTIME, said: status, outcome: heard.outcome })
      if (heard.outcome === 'known' && heard.version !== null)
        settlement.ring({ id: heard.id, version: heard.version, biller: AIRTIME })
    },
  }
}
