import type { Database } from '../database/database.ts'
import { gatherBatches } from '../database/gather-batches.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Audit, AuditEvent } from '../security/audit.ts'
import type { Sealer } from '../security/sealing.ts'
import { type Confirmation, type HoldOutcome, holdTransfers } from './hold.ts'
import { recordPoison } from './poison.ts'

/** Commits what a PIN confirmed: intent, hold and audit row. Confirmations of one moment share the commit; a lone one waits for nobody. */
export type ConfirmTransfer = (confirmed: Confirmation & { readonly by: SubscriberId }) => Promise<HoldOutcome>

const MOST_AT_ONCE = 200

export function makeConfirmTransfer(database: Database, sealer: Sealer, audit: Audit): ConfirmTransfer {
  return gatherBatches({
    most: MOST_AT_ONCE,
    // The very confirmation, not its id: two contents under one id are for the database to judge.
    keyOf: ({ sessionId, quote }) => JSON.stringify([sessionId, quote]),
    repeated: (outcome) => (outcome.kind === 'held' ? { ...outcome, kind: 'known' } : outcome),
    onPoison: ({ quote }, error) => recordPoison(database, 'hold', quote.id, error),
    doAll: (confirmed) =>
      database.transaction(async (tx) => {
        const outcomes = await holdTransfers(tx, sealer, confirmed)
        const held = confirmed.filter((_, n) => outcomes[n]?.kind === 'held')
        await audit.recordAll(tx, held.map(eventOf))
        return outcomes
      }),
  })
}

function eventOf({ quote, by }: Confirmation & { readonly by: SubscriberId }): AuditEvent {
  const payload = { kind: quote.kind, amount: quote.amount, fee: quote.fee, currency: quote.currency }
  return { actor: { kind: 'subscriber', id: by }, action: 'transfer.confirmed', subject: quote.id, payload }
}
