import type { Database } from '../database/database.ts'
import type { Sealer } from '../security/sealing.ts'
import { forgetArrivals } from './inbox.ts'
import { closeLateMessages } from './long-messages.ts'
import { expireStrays } from './strays.ts'

/**
 * Ends what nothing more is expected of: long messages whose parts did not all come, memory of what may come twice, delivery reports that no
 * message was found for. Any number of processes may do it at once. Returns how many messages stay incomplete.
 */
export async function tidySms(database: Database, sealer: Sealer): Promise<number> {
  const incomplete = await closeLateMessages(database, sealer)
  await forgetArrivals(database)
  await expireStrays(database)
  return incomplete
}
