import type { Queryable } from '../database/database.ts'
import type { SubscriberId, TransferId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { Sealer } from '../security/sealing.ts'
import type { OwnWallet } from './savings.ts'
import type { TransferKind } from './tariff.ts'

/**
 * HELD -> SUBMITTED -> [PENDING] -> SETTLED | REJECTED | IN_DOUBT -> … -> REVIEW; a transfer on the own ledger goes from HELD to its
 * end. SETTLED may become REVERSED; nothing else leaves an end.
 */
export type TransferState =
  | 'HELD'
  | 'SUBMITTED'
  | 'PENDING'
  | 'IN_DOUBT'
  | 'REVIEW'
  | 'SETTLED'
  | 'REJECTED'
  | 'REVERSED'

/** Whether the state says for sure if the money moved. */
export function isFinal(state: TransferState): boolean {
  return state === 'SETTLED' || state === 'REJECTED' || state === 'REVERSED'
}

/** A stored transfer; amounts in minor units, `fee` includes the tax on it. */
export type Transfer = {
  readonly id: TransferId
  readonly reference: string
  readonly kind: TransferKind | 'reversal'
  readonly state: TransferState
  readonly payerId: SubscriberId
  /** Of kind `own`: the person's wallet that it goes to. */
  readonly into?: OwnWallet
  readonly payee:
    | { readonly kind: 'subscriber'; readonly id: SubscriberId }
    | { readonly kind: 'biller'; readonly id: string; readonly account: string }
    /** The payer's own account at the provider `id`: where the money of a `collect` comes from, and that of a `disburse` goes to. */
    | { readonly kind: 'linked'; readonly id: string; readonly account: string }
  readonly currency: Currency
  readonly amount: bigint
  readonly fee: bigint
  /** Less than the amount where the payee pays a fee or a levy. */
  readonly payeeReceives: bigint
  readonly ageMs: number
}

/** What a message or an event may say about a transfer that came to an end, or takes long. */
export type TransferFacts = Transfer & {
  /** When it settled or was rejected; now for a delay. */
  readonly at: Date
  /** What the payer can spend after it; null for a delay. */
  readonly payerAvailable: bigint | null
  /** The payer's balance after it, with what is held for other transfers; where it is missing, whoever needs it asks. */
  readonly payerBalance?: bigint
  /** What a payee of the own ledger can spend after it; null for a biller, a rejection, a delay. */
  readonly payeeAvailable: bigint | null
  /** What the biller returned for the customer, such as twenty digits for the meter. */
  readonly token: string | null
  /** Whom collected money was to go on to at once, where that could not be: it stays in the wallet. */
  readonly keptFrom?: string
}

type Row = {
  id: TransferId
  reference: string
  kind: TransferKind | 'reversal'
  state: TransferState
  payer_id: SubscriberId
  payee_id: SubscriberId | null
  biller: string | null
  biller_account: Buffer | null
  currency: Currency
  amount: bigint
  fee: bigint
  payee_receives: bigint
  into: OwnWallet | null
  age_ms: number
}

const COLUMNS = `t.id, t.reference, t.kind, t.state, t.payer_id, t.payee_id, t.biller, t.biller_account, t.currency, t.amount, t.fee,
                  t.amount - (SELECT coalesce(sum(l.amount), 0) FROM transfer_leg l WHERE l.transfer_id = t.id AND l.debit = t.payee_account)::bigint
                    AS payee_receives,
                  CASE WHEN t.kind = 'own' THEN (SELECT a.code FROM account a WHERE a.id = t.payee_account) END AS "into",
                  (extract(epoch FROM now() - t.created_at) * 1000)::float8 AS age_ms`

/** Null where there is no such transfer. */
export async function readTransfer(db: Queryable, sealer: Sealer, id: TransferId): Promise<Transfer | null> {
  const { rows } = await db.query<Row>({
    name: 'read-transfer',
    text: `SELECT ${COLUMNS} FROM transfer t WHERE t.id = $1`,
    values: [id],
  })
  return rows[0] === undefined ? null : transferOf(rows[0], sealer)
}

/** A transfer whose turn has come, and those of the same payer that were confirmed before it and still wait on the own ledger, in order. */
export type Due = { readonly transfer: Transfer | null; readonly earlier: readonly Transfer[] }

/**
 * What there is to do about these, in their order; what is on record as failing by itself keeps nobody waiting. The odd way to say HELD is
 * that of the index `transfer_waiting`: said plainly, another index fits as well, of all that waits, and is at times searched for each payer.
 */
export async function readDue(db: Queryable, sealer: Sealer, ids: readonly TransferId[]): Promise<Due[]> {
  const { rows } = await db.query<Row & { payer_account: string; ordinal: bigint; waits: boolean }>({
    name: 'read-due',
    text: `WITH asked AS MATERIALIZED (SELECT t.* FROM transfer t WHERE t.id = ANY ($1)),
        last AS (SELECT a.payer_account, max(a.ordinal) AS ordinal FROM asked a WHERE a.state = 'HELD' AND a.kind IN ('send', 'own') GROUP BY 1)
      SELECT ${COLUMNS}, t.payer_account, t.ordinal, t.state = 'HELD' AND t.kind IN ('send', 'own') AS waits FROM asked t
      UNION ALL
      SELECT ${COLUMNS}, t.payer_account, t.ordinal, true FROM last
       CROSS JOIN LATERAL (SELECT w.* FROM transfer w
                            WHERE w.payer_account = last.payer_account AND w.ordinal < last.ordinal
                              AND CASE w.state WHEN 'HELD' THEN true ELSE false END AND w.kind IN ('send', 'own')) t
       WHERE t.id <> ALL ($1) AND NOT EXISTS (SELECT FROM ledger_poison p WHERE p.what = 'post' AND p.id = t.id)`,
    values: [ids],
  })
  const read = new Map(rows.map((row) => [row.id, { row, transfer: transferOf(row, sealer) }]))
  const waiting = [...read.values()]
    .filter(({ row }) => row.waits)
    .sort((a, b) => Number(a.row.ordinal - b.row.ordinal))
  const byPayer = new Map<string, typeof waiting>()
  for (const one of waiting) byPayer.set(one.row.payer_account, [...(byPayer.get(one.row.payer_account) ?? []), one])
  return ids.map((id) => {
    const found = read.get(id)
    if (found === undefined) return { transfer: null, earlier: [] }
    if (!found.row.waits) return { transfer: found.transfer, earlier: [] }
    const before = byPayer.get(found.row.payer_account) ?? []
    const earlier = before.filter(({ row }) => row.ordinal < found.row.ordinal).map(({ transfer }) => transfer)
    return { transfer: found.transfer, earlier }
  })
}

/** The state alone, for whoever waits for the end; null where there is no such transfer. */
export async function stateOf(db: Queryable, id: TransferId): Promise<TransferState | null> {
  const { rows } = await db.query<{ state: TransferState }>({
    name: 'state-of-transfer',
    text: `SELECT state FROM transfer WHERE id = $1`,
    values: [id],
  })
  return rows[0]?.state ?? null
}

/** The transfer that a session confirmed, if it confirmed one; a session confirms at most one. */
export async function transferOfSession(
  db: Queryable,
  sessionId: string,
): Promise<{ readonly reference: string } | null> {
  // The bound on age keeps the search to a few rows: it is asked within minutes of the session.
  const { rows } = await db.query<{ reference: string }>({
    name: 'transfer-of-session',
    text: `SELECT reference FROM transfer WHERE session_id = $1 AND created_at > now() - interval '2 hours'
      ORDER BY created_at DESC LIMIT 1`,
    values: [sessionId],
  })
  return rows[0] ?? null
}

/** Ties the sealed account number to its row. */
export function billerAccountContext(id: TransferId): string {
  return `transfer.biller_account:${id}`
}

function transferOf(row: Row, sealer: Sealer): Transfer {
  return {
    id: row.id,
    reference: row.reference,
    kind: row.kind,
    state: row.state,
    payerId: row.payer_id,
    ...(row.into === null ? {} : { into: row.into }),
    payee: payeeOf(row.id, row, sealer),
    currency: row.currency,
    amount: row.amount,
    fee: row.fee,
    payeeReceives: row.payee_receives,
    ageMs: row.age_ms,
  }
}

function payeeOf(id: TransferId, row: Row, sealer: Sealer): Transfer['payee'] {
  if (row.biller !== null && row.biller_account !== null) {
    const account = sealer.open(row.biller_account, billerAccountContext(id))
    return { kind: row.payee_id === null ? 'biller' : 'linked', id: row.biller, account }
  }
  if (row.payee_id === null) throw new Error(`Transfer ${id} has no payee`)
  return { kind: 'subscriber', id: row.payee_id }
}
