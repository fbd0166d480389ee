import type { Queryable } from '../database/database.ts'
import type { IsoDate } from '../domain/dates.ts'
import type { AccountId, SubscriberId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { Sealer } from '../security/sealing.ts'
import { partyOf } from './statement.ts'

/** Business days, both included. */
export type Period = { readonly from: IsoDate; readonly to: IsoDate }

/** Where a page ends and the next one begins. */
export type StatementCursor = { readonly seq: bigint; readonly balance: bigint }

/** One journal as the account's owner sees it; minor units. `balance` is before + in - out - fee. */
export type PeriodLine = {
  readonly at: Date
  readonly reference: string
  readonly kind: string
  /** `Juma K.`, a biller's name, or the service's own; `to savings`, `from main` and so on between wallets of one person. */
  readonly party: string
  readonly in: bigint
  readonly out: bigint
  /** What the account paid beside the amount: fees, tax and levies. */
  readonly fee: bigint
  readonly balance: bigint
}

/** `opening` and `closing` are the period's, whatever the page. `next` is null on the last page. */
export type StatementPage = {
  readonly currency: Currency
  readonly opening: bigint
  readonly closing: bigint
  readonly lines: readonly PeriodLine[]
  readonly next: StatementCursor | null
}

/**
 * Around midnight an entry of the new day may be numbered before the last of the old one. Both are within the seconds that a transaction may
 * take, hence within so many entries of one account.
 */
const MOST_AROUND_MIDNIGHT = 100_000

const HOUSE = `('fee_income', 'tax_payable', 'levy_payable')`

/** Both sides of an account, `$1`. */
const side = `SELECT e.journal_id, e.leg, e.debit_seq AS seq, -e.amount AS change, e.debit_balance AS balance, e.credit AS other
    FROM entry e WHERE e.debit = $1
  UNION ALL SELECT e.journal_id, e.leg, e.credit_seq, e.amount, e.credit_balance, e.debit FROM entry e WHERE e.credit = $1`

/**
 * A page of what moved on an account in a period, oldest first, from the running balances of its entries: nothing before the period is added
 * up. Null where there is no such account. Pages belong together in one transaction with one snapshot.
 */
export async function readStatementPage(
  tx: Queryable,
  sealer: Sealer,
  accountId: AccountId,
  { from, to }: Period,
  { after, limit }: { readonly after: StatementCursor | null; readonly limit: number },
): Promise<StatementPage | null> {
  const account = await tx.query<{ currency: Currency }>('SELECT currency FROM account WHERE id = $1', [accountId])
  const currency = account.rows[0]?.currency
  if (currency === undefined) return null
  const opening = await cutBefore(tx, accountId, from, 0)
  const closing = await cutBefore(tx, accountId, to, 1)
  const firstSeq = after?.seq ?? opening.seq - BigInt(MOST_AROUND_MIDNIGHT)
  const rows = await readLines(tx, accountId, { from, to }, { firstSeq, lastSeq: closing.seq, limit: limit + 1 })
  let balance = after?.balance ?? opening.balance
  const page = rows.slice(0, limit)
  const lines = page.map((row) => {
    balance += row.in - row.out - row.fee
    const { at, reference, kind } = row
    return { at, reference, kind, party: nameParty(row, sealer), in: row.in, out: row.out, fee: row.fee, balance }
  })
  const last = rows.length > limit ? page.at(-1) : undefined
  const next = last === undefined ? null : { seq: last.seq, balance }
  return { currency, opening: opening.balance, closing: closing.balance, lines, next }
}

/** The last entry of days before that one (`shift` 1: up to and with it), and the balance that they leave; what is numbered among them but of a later day is taken out. */
async function cutBefore(
  tx: Queryable,
  accountId: AccountId,
  day: IsoDate,
  shift: 0 | 1,
): Promise<{ seq: bigint; balance: bigint }> {
  const { rows } = await tx.query<{ seq: bigint; balance: bigint }>(
    `WITH side AS NOT MATERIALIZED (${side}), cut AS (
        SELECT s.seq, s.balance FROM side s JOIN journal j ON j.id = s.journal_id
         WHERE j.business_day < $2::date + $3::integer ORDER BY s.seq DESC LIMIT 1
      )
      SELECT c.seq, (c.balance - coalesce((SELECT sum(s.change) FROM side s JOIN journal j ON j.id = s.journal_id
               WHERE s.seq <= c.seq AND s.seq > c.seq - $4 AND j.business_day >= $2::date + $3::integer), 0))::bigint AS balance
        FROM cut c`,
    [accountId, day, shift, MOST_AROUND_MIDNIGHT],
  )
  return rows[0] ?? { seq: 0n, balance: 0n }
}

type LineRow = Omit<PeriodLine, 'party' | 'balance'> & {
  seq: bigint
  party_id: SubscriberId | null
  party_name: string | null
  party_sealed: Buffer | null
  own_code: string | null
}

function nameParty(row: LineRow, sealer: Sealer): string {
  return row.own_code === null ? partyOf(row, sealer) : `${row.in > 0n ? 'from' : 'to'} ${row.own_code}`
}

async function readLines(
  tx: Queryable,
  accountId: AccountId,
  { from, to }: Period,
  { firstSeq, lastSeq, limit }: { readonly firstSeq: bigint; readonly lastSeq: bigint; readonly limit: number },
): Promise<LineRow[]> {
  const { rows } = await tx.query<LineRow>(
    `WITH side AS NOT MATERIALIZED (${side}), line AS (
        SELECT s.journal_id, max(s.seq) AS seq,
               coalesce(sum(s.change) FILTER (WHERE s.change > 0), 0)::bigint AS "in",
               coalesce(-sum(s.change) FILTER (WHERE s.change < 0 AND NOT (charge.it AND s.leg > 1)), 0)::bigint AS "out",
               coalesce(-sum(s.change) FILTER (WHERE s.change < 0 AND charge.it AND s.leg > 1), 0)::bigint AS fee,
               (array_agg(s.other ORDER BY s.leg))[1] AS other, j.recorded_at AS at, j.reference, j.kind
          FROM side s JOIN journal j ON j.id = s.journal_id JOIN account o ON o.id = s.other
         CROSS JOIN LATERAL (SELECT o.kind IN ${HOUSE} AS it) charge
         WHERE s.seq > $4 AND s.seq <= $5 AND j.business_day BETWEEN $2::date AND $3::date
         GROUP BY s.journal_id, j.recorded_at, j.reference, j.kind
         ORDER BY max(s.seq) LIMIT $6
      )
      SELECT l.seq, l."in", l."out", l.fee, l.at, l.reference, l.kind,
             a.owner_id AS party_id, a.name AS party_name, p.name_sealed AS party_sealed,
             CASE WHEN a.kind = 'wallet' AND a.owner_id = (SELECT m.owner_id FROM account m WHERE m.id = $1) THEN a.code END AS own_code
        FROM line l JOIN account a ON a.id = l.other LEFT JOIN subscriber p ON p.id = a.owner_id ORDER BY l.seq`,
    [accountId, from, to, firstSeq, lastSeq, limit],
  )
  return rows
}
