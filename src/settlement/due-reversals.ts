import type { Database } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { type Ending, endReversal, listDue, readReversal } from '../ledger/reversal.ts'
import type { AskingNotices } from '../sms/asking-notices.ts'
import type { Events } from '../telemetry/events.ts'

export type DueReversalServices = {
  readonly database: Database
  readonly notices: AskingNotices
  readonly events: Pick<Events, 'sweepFailed'>
}

const BATCH = 100

/** Ends what two officers have decided, and what its payee has not answered in time; both are told. Returns how many. */
export async function endDueReversals(services: DueReversalServices): Promise<number> {
  const { database, events } = services
  const due = await listDue(database, BATCH)
  // One that cannot be ended must not keep the others from it.
  for (const { id, ending } of due) {
    await endOne(services, id, ending).catch((error: unknown) => events.sweepFailed({ what: 'reversals', error }))
  }
  return due.length
}

async function endOne({ database, notices }: DueReversalServices, id: TransferId, ending: Ending): Promise<void> {
  const told = await database.transaction(async (tx) => {
    const ended = await endReversal(tx, id, ending)
    const reversal = await readReversal(tx, id)
    if (reversal === null || (ended.kind !== 'posted' && ended.kind !== 'voided')) return null
    return notices.reversalEnded(tx, reversal, ended)
  })
  if (told !== null) notices.send(told)
}
