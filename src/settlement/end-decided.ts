import type { Events } from '../telemetry/events.ts'
import { listDecided } from './decisions.ts'
import { type SettleServices, settleTransfer } from './settle-transfer.ts'

export type EndDecidedServices = Omit<SettleServices, 'announce'> & { readonly events: Pick<Events, 'sweepFailed'> }

const BATCH = 100

/** Does what two officers have decided about transfers in REVIEW, with the receipts of any other end. Returns how many it looked at. */
export async function endDecided(services: EndDecidedServices): Promise<number> {
  const decided = await listDecided(services.database, BATCH)
  for (const id of decided) {
    // Nobody waits at a screen for what is a day old. One that cannot be ended must not keep the others from it.
    await settleTransfer({ ...services, announce: () => undefined }, id).catch((error: unknown) =>
      services.events.sweepFailed({ what: 'decisions', error }),
    )
  }
  return decided.length
}
