import { type Rounds, startRounds } from '../../domain/rounds.ts'
import type { Events } from '../../telemetry/events.ts'
import { type MoveServices, moveNextBatch } from './move.ts'

const EVERY_MS = 500
/** Batches of one look, so that closing never waits long. */
const MOST_BATCHES = 20
const FINISH_TIMEOUT_MS = 5_000

/**
 * Looks every so often for campaigns with a batch that is due. Any number of workers may do so at once. Closing waits some seconds for
 * the batch under way, which is whole or undone whatever happens.
 */
export function startCampaignMover(
  services: MoveServices & { readonly events: Pick<Events, 'campaignFailed'> },
  everyMs: number = EVERY_MS,
): Rounds {
  async function look(isClosing: () => boolean): Promise<void> {
    for (let batch = 0; batch < MOST_BATCHES && !isClosing(); batch += 1) if (!(await moveNextBatch(services))) return
  }
  return startRounds(look, {
    everyMs,
    finishTimeoutMs: FINISH_TIMEOUT_MS,
    onFailure: (error) => services.events.campaignFailed({ error }),
  })
}
