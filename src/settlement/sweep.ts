import type { TransferId } from '../domain/ids.ts'
import { type Rounds, startRounds } from '../domain/rounds.ts'
import { readTransfer } from '../ledger/transfer.ts'
import type { QueuedSms } from '../sms/outbox.ts'
import type { Events } from '../telemetry/events.ts'
import type { SettlementIntent } from './lanes.ts'
import type { Settlement } from './queue.ts'
import type { SettleServices } from './settle-transfer.ts'

export type SweepServices = Pick<SettleServices, 'database' | 'sealer' | 'receipts' | 'smsBell' | 'patience'> & {
  readonly settlement: Pick<Settlement, 'ring'>
  readonly events: Pick<Events, 'swept' | 'sweepFailed'>
}

const INTERVAL_MS = 1_000
const BATCH = 500
const TELL_BATCH = 50

/** Sweeps now and every second, in as many processes as there are; one at a time in each. */
export function startSettlementSweeper(services: SweepServices, intervalMs: number = INTERVAL_MS): Rounds {
  return startRounds(() => sweepTransfers(services), {
    everyMs: intervalMs,
    atOnce: true,
    onFailure: (error) => services.events.sweepFailed({ what: 'transfers', error }),
  })
}

/**
 * Rings for every transfer whose time has come and has no job that moved it: its first job was lost, its partner is to be asked
 * again, a worker died. Tells subscribers whose transfer takes long. Returns how many were rung for.
 */
export async function sweepTransfers(services: SweepServices): Promise<number> {
  const { database, settlement, events } = services
  const { rows } = await database.query<SettlementIntent>(`SELECT id, version, biller FROM ledger_take_due($1)`, [
    BATCH,
  ])
  for (const intent of rows) settlement.ring(intent)
  if (rows.length > 0) events.swept({ what: 'transfers', count: rows.length })
  await tellDelays(services)
  return rows.length
}

async function tellDelays(services: SweepServices): Promise<void> {
  const { tellAfterMs } = services.patience
  const { rows } = await services.database.query<{ id: TransferId }>(
    `SELECT id FROM transfer
      WHERE state NOT IN ('SETTLED', 'REJECTED', 'REVERSED') AND delay_told_at IS NULL
        AND created_at < now() - $1 * interval '1 millisecond'
      ORDER BY created_at LIMIT $2`,
    [tellAfterMs, TELL_BATCH],
  )
  for (const { id } of rows) {
    // One that cannot be told must not keep the others from it.
    await tellDelay(services, id).catch((error: unknown) => services.events.sweepFailed({ what: 'transfers', error }))
  }
}

async function tellDelay({ database, sealer, receipts, smsBell }: SweepServices, id: TransferId): Promise<void> {
  const messages = await database.transaction(async (tx): Promise<readonly QueuedSms[]> => {
    const told = await tx.query<{ first: boolean }>(`SELECT ledger_tell_delay($1) AS first`, [id])
    const transfer = told.rows[0]?.first === true ? await readTransfer(tx, sealer, id) : null
    if (transfer === null) return []
    const nothingYet = { payerAvailable: null, payeeAvailable: null, token: null }
    return receipts.delayed(tx, { ...transfer, ...nothingYet, at: new Date() })
  })
  for (const message of messages) smsBell.ring(message)
}
