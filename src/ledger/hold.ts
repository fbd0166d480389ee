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

/** What a PIN confirmed, and in which session. */
export type Confirmation = { readonly quote: Quote; readonly sessionId: string }

/**
 * Stores the quote that a PIN confirmed as a transfer, and keeps its money (and the payee's room for it) back, in the caller's
 * transaction. Anything but `held` has moved nothing; a refusal is on record, and the same quote gets it again. Ring the settlement's bell
 * after the commit.
 */
export async function holdTransfer(
  tx: Queryable,
  sealer: Sealer,
  quote: Quote,
  origin: { readonly sessionId: string },
): Promise<HoldOutcome> {
  const [outcome] = await holdTransfers(tx, sealer, [{ quote, ...origin }])
  if (outcome === undefined) throw new Error('a hold was not answered')
  return outcome
}

/**
 * `holdTransfer` for many in one round trip, with the outcome of doing them one by one in this order. Throws, and has stored none, when
 * one of them is a caller's bug: legs that do not add up, a payer without a wallet.
 */
export async function holdTransfers(
  tx: Queryable,
  sealer: Sealer,
  confirmations: readonly Confirmation[],
): Promise<HoldOutcome[]> {
  return await holdUnder(tx, sealer, confirmations, 0)
}

/** `generation`: under which of the keys, the current one first, what a quote says is compared with what is on record. */
async function holdUnder(
  tx: Queryable,
  sealer: Sealer,
  confirmations: readonly Confirmation[],
  generation: number,
): Promise<HoldOutcome[]> {
  const outcomes = new Map<Confirmation, HoldOutcome>()
  // One after the other in a fixed order, since each call locks accounts.
  for (const currency of [...new Set(confirmations.map(({ quote }) => quote.currency))].sort()) {
    const together = confirmations.filter(({ quote }) => quote.currency === currency)
    const { rows } = await tx.query<Row>({ ...HOLD_ALL, values: valuesOf(sealer, currency, together, generation) })
    for (const [n, confirmation] of together.entries()) {
      const row = rows[n]
      if (row === undefined) throw new Error('ledger_hold_all left a transfer out')
      outcomes.set(confirmation, outcomeOf(confirmation.quote.id, row))
    }
  }
  // What was held before DATA_KEY was replaced is on record under an older key; its id being taken, nothing is held here.
  const others = confirmations.filter((confirmation) => outcomes.get(confirmation)?.kind === 'conflict')
  if (others[0] !== undefined && generation + 1 < contentMacs(sealer, others[0].quote).length) {
    const again = await holdUnder(tx, sealer, others, generation + 1)
    for (const [n, confirmation] of others.entries()) outcomes.set(confirmation, again[n] as HoldOutcome)
  }
  return confirmations.map((confirmation) => outcomes.get(confirmation) as HoldOutcome)
}

const HOLD_ALL = {
  name: 'hold-transfers',
  text: `SELECT outcome, detail, reference, state, version
           FROM ledger_hold_all($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
}

function valuesOf(
  sealer: Sealer,
  currency: string,
  confirmations: readonly Confirmation[],
  generation: number,
): unknown[] {
  const quotes = confirmations.map(({ quote }) => quote)
  const legs = quotes.flatMap((quote, n) => quote.legs.map((leg) => ({ ...leg, item: n + 1 })))
  return [
    currency,
    quotes.map(({ id }) => id),
    quotes.map(({ id }) => referencesOf(id)),
    quotes.map(({ kind }) => kind),
    confirmations.map(({ sessionId }) => sessionId),
    quotes.map(({ payerId }) => payerId),
    quotes.map(({ payerAccount }) => payerAccount),
    quotes.map(({ payeeId }) => payeeId),
    quotes.map(({ payeeAccount }) => payeeAccount),
    quotes.map(({ biller }) => biller?.id ?? null),
    quotes.map(({ id, biller }) => (biller === null ? null : sealer.seal(biller.account, billerAccountContext(id)))),
    quotes.map(({ amount }) => amount),
    quotes.map(({ fee }) => fee),
    quotes.map(({ tax }) => tax),
    quotes.map(({ tariff }) => tariff),
    quotes.map(({ quotedAtMs }) => new Date(quotedAtMs)),
    quotes.map((quote) => contentMacs(sealer, quote)[generation]),
    legs.map(({ item }) => item),
    legs.map(({ debit }) => debit),
    legs.map(({ credit }) => credit),
    legs.map(({ amount }) => amount),
  ]
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
function contentMacs(sealer: Sealer, quote: Quote): readonly Buffer[] {
  const { id, kind, payerId, payerAccount, payeeId, payeeAccount, biller, payeeName } = quote
  const { amount, fee, tax, total, payeeReceives, currency, legs, tariff, quotedAtMs } = quote
  const content = [
    ...[id, kind, payerId, payerAccount, payeeId, payeeAccount, biller?.id ?? null, biller?.account ?? null, payeeName],
    ...[amount, fee, tax, total, payeeReceives, currency, tariff, quotedAtMs],
    ...legs.map(({ debit, credit, amount, what }) => [debit, credit, amount, what]),
  ]
  return sealer.indexes(JSON.stringify(content), 'transfer.content')
}
