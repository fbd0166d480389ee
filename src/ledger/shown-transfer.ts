import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import { shortName } from '../domain/names.ts'
import { nameContext } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import type { OwnWallet } from './savings.ts'
import type { TransferState } from './transfer.ts'

/** A transfer as its payer may be reminded of it; the amount in minor units, without the fee. */
export type ShownTransfer = {
  readonly reference: string
  readonly state: TransferState
  readonly amount: bigint
  /** `name`: `Juma K.` */
  readonly payee:
    | { readonly kind: 'subscriber'; readonly name: string }
    | { readonly kind: 'biller'; readonly id: string }
    | { readonly kind: 'own'; readonly into: OwnWallet }
}

type Row = {
  reference: string
  state: TransferState
  amount: bigint
  biller: string | null
  payee_id: SubscriberId | null
  name_sealed: Buffer | null
  into: OwnWallet | null
}

/** The transfer to somebody else that a session confirmed within the last hours, with the name of who gets it; null for none. */
export async function shownTransfer(db: Queryable, sealer: Sealer, sessionId: string): Promise<ShownTransfer | null> {
  const { rows } = await db.query<Row>({
    name: 'shown-transfer',
    text: `SELECT t.reference, t.state, t.amount, t.biller, t.payee_id, s.name_sealed,
                  CASE WHEN t.kind = 'own' THEN (SELECT a.code FROM account a WHERE a.id = t.payee_account) END AS "into"
             FROM transfer t LEFT JOIN subscriber s ON s.id = t.payee_id
            WHERE t.session_id = $1 AND t.kind NOT IN ('collect', 'disburse') AND t.created_at > now() - interval '2 hours'
            ORDER BY t.created_at DESC LIMIT 1`,
    values: [sessionId],
  })
  const [row] = rows
  if (row === undefined) return null
  const { reference, state, amount } = row
  if (row.biller !== null) return { reference, state, amount, payee: { kind: 'biller', id: row.biller } }
  if (row.into !== null) return { reference, state, amount, payee: { kind: 'own', into: row.into } }
  if (row.payee_id === null || row.name_sealed === null) return null
  const name = shortName(sealer.open(row.name_sealed, nameContext(row.payee_id)))
  return { reference, state, amount, payee: { kind: 'subscriber', name } }
}
