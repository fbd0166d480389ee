import type { Database } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Audit, AuditEvent } from '../security/audit.ts'
import type { Sealer } from '../security/sealing.ts'
import { type HoldOutcome, holdTransfer } from './hold.ts'
import type { Quote } from './quote.ts'
import { storeSuccessor } from './successor.ts'

/**
 * Commits what one PIN confirmed about an account elsewhere: money is collected from it, and `payment` is paid with that money. Nothing of
 * `payment` is held before the collect is done.
 */
export async function confirmFrom(
  { database, sealer, audit }: { readonly database: Database; readonly sealer: Sealer; readonly audit: Audit },
  confirmed: {
    readonly collect: Quote
    readonly payment: Quote
    readonly sessionId: string
    readonly by: SubscriberId
  },
): Promise<HoldOutcome> {
  const { collect, payment, sessionId, by } = confirmed
  return database.transaction(async (tx) => {
    const outcome = await holdTransfer(tx, sealer, collect, { sessionId })
    if (outcome.kind !== 'held') return outcome
    await storeSuccessor(tx, sealer, collect.id, payment)
    await audit.recordAll(tx, [eventOf(collect, by), eventOf(payment, by)])
    return outcome
  })
}

function eventOf({ id, kind, amount, fee, currency }: Quote, by: SubscriberId): AuditEvent {
  const payload = { kind, amount, fee, currency }
  return { actor: { kind: 'subscriber', id: by }, action: 'transfer.confirmed', subject: id, payload }
}
