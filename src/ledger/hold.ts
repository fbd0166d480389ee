import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import type { Sealer } from '../security/sealing.ts'
import { type Quote, type Refusal, refusalOf } from './quote.ts'
import { referencesOf } from './reference.ts'
import { billerAccountContext, type TransferState } from './transfer.ts'

/**
 * `known`: this very quote is stored already, in that state. `conflict`: its id is stored with other content. `expired`: quoted
 * more than ten minutes ago. `version` makes the job's id.
 */
export type HoldOutcome =
  | { readonly kind: 'held'; readonly reference: string; readonly state: 'HELD'; readonly version: number }
  | { readonly kind: 'known'; readonly reference: string; readonly state: TransferState; readonly version: number }
  | HoldRefusal

export type HoldRefusal = { readonly kind: 'conflict' } | { readonly kind: 'expired' } | Refusal

type Row = {
  outcome: HoldOutcome['kind']
  detail: bigint | null
  reference: string | null
  state: TransferState | null
  version: number | null
}

/**
 * Stores the quote that a PIN confirmed as a transfer, and keeps its money (and the payee's room for it) back, in the caller's
 * transaction. Anything but `held` has stored nothing. Ring the settlement's bell after the commit.
 */
export async function holdTransfer(
  tx: Queryable,
  sealer: Sealer,
  quote: Quote,
  origin: { readonly sessionId: string },
): Promise<HoldOutcome> {
  const { rows } = await tx.query<Row>({
    name: 'hold-transfer',
    text: `SELECT outcome, detail, reference, state, version
             FROM ledger_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    values: [
      quote.id,
      referencesOf(quote.id),
      quote.kind,
      origin.sessionId,
      quote.payerId,
      quote.payerAccount,
      quote.payeeId,
      quote.payeeAccount,
      quote.biller?.id ?? null,
      quote.biller === null ? null : sealer.seal(quote.biller.account, billerAccountContext(quote.id)),
      quote.currency,
      quote.amount,
      quote.fee,
      quote.tax,
      quote.tariff,
      new Date(quote.quotedAtMs),
      contentMac(sealer, quote),
      quote.legs.map(({ debit }) => debit),
      quote.legs.map(({ credit }) => credit),
      quote.legs.map(({ amount }) => amount),
    ],
  })
  const row = rows[0]
  if (row === undefined) throw new Error('ledger_hold returned nothing')
  return outcomeOf(quote.id, row)
}

function outcomeOf(id: TransferId, row: Row): HoldOutcome {
  switch (row.outcome) {
    case 'conflict':
    case 'expired':
      return { kind: row.outcome }
    case 'held':
    case 'known': {
      const { reference, state, version } = row
      if (reference === null || state === null || version === null)
        throw new Error(`Transfer ${id} was held without a reference`)
      return row.outcome === 'held'
        ? { kind: 'held', reference, state: 'HELD', version }
        : { kind: 'known', reference, state, version }
    }
    default:
      return refusalOf(row.outcome, row.detail)
  }
}

/** Keyed, since what it covers could be guessed; in a fixed order, since a session's JSON may come back in another. */
function contentMac(sealer: Sealer, quote: Quote): Buffer {
  const { id, kind, payerId, payerAccount, payeeId, payeeAccount, biller, payeeName } = quote
  const { amount, fee, tax, total, payeeReceives, currency, legs, tariff, quotedAtMs } = quote
  const content = [
    ...[id, kind, payerId, payerAccount, payeeId, payeeAccount, biller?.id ?? null, biller?.account ?? null, payeeName],
    ...[amount, fee, tax, total, payeeReceives, currency, tariff, quotedAtMs],
    ...legs.map(({ debit, credit, amount, what }) => [debit, credit, amount, what]),
  ]
  return sealer.index(JSON.stringify(content), 'transfer.content')
}
