import type { Database } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { endReversal, listUnanswered, readReversal } from '../ledger/reversal.ts'
import type { AskingNotices } from '../sms/asking-notices.ts'
import type { Events } from '../telemetry/events.ts'

export type UnansweredServices = {
  readonly database: Database
  readonly notices: AskingNotices
  readonly events: Pick<Events, 'sweepFailed'>
}

const BATCH = 100

/** Gives money that was asked back free again where its payee has not answered in time; both are told. Returns how many. */
export async function endUnansweredReversals(services: UnansweredServices): Promise<number> {
  const { database, events } = services
  const ids = await listUnanswered(database, BATCH)
  // One that cannot be ended must not keep the others from it.
  for (const id of ids) {
    await endOne(services, id).catch((error: unknown) => events.sweepFailed({ what: 'reversals', error }))
  }
  return ids.length
}

async function endOne({ database, notices }: UnansweredServices, id: TransferId): Promise<void> {
  const told = await database.transaction(async (tx) => {
    const ended = await endReversal(tx, id, { by: 'time' })
    const reversal = await readReversal(tx, id)
    if (reversal === null || (ended.kind !== 'posted' && ended.kind !== 'voided')) return null
    return notices.reversalEnded(tx, reversal, ended)
  })
  if (told !== null) notices.send(told)
}
