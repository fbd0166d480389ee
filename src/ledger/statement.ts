import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import { shortName } from '../domain/names.ts'
import { nameContext } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'

/** Minor units. `available` can be spent; `held` is on its way out and not yet gone. */
export type Balance = { readonly available: bigint; readonly held: bigint; readonly currency: Currency }

/** The main wallet's balance; throws where there is none. */
export async function balanceOf(db: Queryable, subscriberId: SubscriberId): Promise<Balance> {
  const { rows } = await db.query<Balance>({
    name: 'balance-of',
    text: `SELECT credits - debits - held_out AS available, held_out AS held, currency
             FROM account WHERE kind = 'wallet' AND owner_id = $1 AND code = 'main'`,
    values: [subscriberId],
  })
  if (rows[0] === undefined) throw new Error(`Subscriber ${subscriberId} has no wallet`)
  return rows[0]
}

/** One movement as its owner sees it; minor units. */
export type StatementLine = {
  readonly atMs: number
  readonly direction: 'in' | 'out'
  /** Without the fee. */
  readonly amount: bigint
  /** `Juma K.`, a biller's name, or the service's own. */
  readonly party: string
  /** Between the owner's main wallet and savings. */
  readonly own: boolean
}

type Row = {
  at: Date
  direction: 'in' | 'out'
  amount: bigint
  party_id: SubscriberId | null
  party_name: string | null
  party_sealed: Buffer | null
  own: boolean
}

/** The wallet's last movements, newest first; what is still held is not among them. */
export async function miniStatement(
  db: Queryable,
  sealer: Sealer,
  subscriberId: SubscriberId,
  count: number,
): Promise<StatementLine[]> {
  const { rows } = await db.query<Row>({
    name: 'mini-statement',
    text: `WITH wallet AS (
        SELECT id FROM account WHERE kind = 'wallet' AND owner_id = $1 AND code = 'main'
      ), movement AS (
        (SELECT journal_id, 'out' AS direction, amount, debit_seq AS seq, credit AS party
           FROM entry WHERE debit = (SELECT id FROM wallet) AND leg = 1 ORDER BY debit_seq DESC LIMIT $2)
        UNION ALL
        (SELECT journal_id, 'in', amount, credit_seq, debit
           FROM entry WHERE credit = (SELECT id FROM wallet) AND leg = 1 ORDER BY credit_seq DESC LIMIT $2)
        ORDER BY seq DESC LIMIT $2
      )
      SELECT j.recorded_at AS at, m.direction, m.amount,
             a.owner_id AS party_id, a.name AS party_name, s.name_sealed AS party_sealed,
             (a.kind = 'wallet' AND a.owner_id = $1) IS TRUE AS own
        FROM movement m
        JOIN journal j ON j.id = m.journal_id
        JOIN account a ON a.id = m.party
        LEFT JOIN subscriber s ON s.id = a.owner_id
       ORDER BY m.seq DESC`,
    values: [subscriberId, count],
  })
  return rows.map(({ at, direction, amount, own, ...party }) => ({
    atMs: at.getTime(),
    direction,
    amount,
    own,
    party: partyOf(party, sealer),
  }))
}

/** Who the other party is, as an owner may see it. One's own account elsewhere has its provider's name, a wallet none. */
export function partyOf(row: Pick<Row, 'party_id' | 'party_name' | 'party_sealed'>, sealer: Sealer): string {
  if (row.party_name !== null || row.party_id === null || row.party_sealed === null) return row.party_name ?? ''
  return shortName(sealer.open(row.party_sealed, nameContext(row.party_id)))
}
