import { gather } from '../database/gather.ts'
import { gatherBatches } from '../database/gather-batches.ts'
import type { TransferId } from '../domain/ids.ts'
import { recordPoison } from '../ledger/poison.ts'
import { postTransfers } from '../ledger/post.ts'
import { type Due, readDue, type Transfer, type TransferFacts } from '../ledger/transfer.ts'
import type { SettleOutcome, SettleServices } from './settle-transfer.ts'

const MOST_AT_ONCE = 500

type Lane = {
  readonly read: (id: TransferId) => Promise<Due>
  readonly post: (transfer: Transfer) => Promise<SettleOutcome>
}

/** One for each process: a posting batch at a time is as fast as several, which would wait for the house's accounts anyway. */
const lanes = new WeakMap<SettleServices, Lane>()

function laneOf(services: SettleServices): Lane {
  const known = lanes.get(services)
  if (known !== undefined) return known
  const { database, sealer } = services
  const lane: Lane = {
    read: gather((ids) => readDue(database, sealer, ids), MOST_AT_ONCE),
    post: gatherBatches({
      most: MOST_AT_ONCE,
      keyOf: ({ id }) => id,
      repeated: () => ({ kind: 'idle' }),
      onPoison: ({ id }, error) => recordPoison(database, 'post', id, error),
      doAll: (transfers) => postAll(services, transfers),
    }),
  }
  lanes.set(services, lane)
  return lane
}

/** A transfer and what must be posted before it; those asked for in one moment are read together. */
export function dueOf(services: SettleServices, id: TransferId): Promise<Due> {
  return laneOf(services).read(id)
}

/**
 * Posts a held transfer on the own ledger with whatever else waits, and writes all their receipts in the same commit. Those of the same
 * payer that were confirmed before it go first, whose job may be late or in another process; one that fails keeps nobody waiting.
 */
export function settleOnLedger(
  services: SettleServices,
  transfer: Transfer,
  earlier: readonly Transfer[],
): Promise<SettleOutcome> {
  const { post } = laneOf(services)
  // Who asks for these hears of a failure; here it is on record.
  for (const other of earlier) post(other).catch(() => undefined)
  return post(transfer)
}

/** What became of a transfer, told after the commit: to who waits for its end, and to the log. */
export function tellMove(services: SettleServices, { id, kind }: Transfer, outcome: SettleOutcome): void {
  if (outcome.kind !== 'moved') return
  const { to } = outcome
  if (to === 'SETTLED' || to === 'REJECTED') services.announce(id)
  services.events.transferMoved({ id, kind, to })
}

async function postAll(services: SettleServices, transfers: readonly Transfer[]): Promise<SettleOutcome[]> {
  const { database, receipts, smsBell } = services
  const { posted, sms } = await database.transaction(async (tx) => {
    const outcomes = await postTransfers(
      tx,
      transfers.map(({ id }) => id),
    )
    // The own ledger cannot refuse what it holds, so no send is rejected and nobody gets `not_sent`; another provider may refuse one.
    const posted = transfers.flatMap((transfer): TransferFacts[] => {
      const outcome = outcomes.get(transfer.id)
      if (outcome?.kind !== 'posted') return []
      const { kind: _posted, ...after } = outcome
      return [{ ...transfer, state: 'SETTLED', ...after, token: null }]
    })
    return { posted, sms: await receipts.settledAll(tx, posted) }
  })
  for (const message of sms) smsBell.ring(message)
  const moved = new Set(posted.map(({ id }) => id))
  return transfers.map((transfer): SettleOutcome => {
    if (!moved.has(transfer.id)) return { kind: 'idle' }
    const outcome = { kind: 'moved', to: 'SETTLED' } as const
    tellMove(services, transfer, outcome)
    return outcome
  })
}
