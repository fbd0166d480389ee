import { within } from '../../domain/within.ts'
import type { Events } from '../../telemetry/events.ts'
import { type MoveServices, moveNextBatch } from './move.ts'

export type CampaignMover = {
  /** Begins no further batch and waits some seconds for the one under way, which is whole or undone whatever happens. */
  close(): Promise<void>
}

const EVERY_MS = 500
/** Batches of one look, so that closing never waits long. */
const MOST_BATCHES = 20
const FINISH_TIMEOUT_MS = 5_000

/** Looks every so often for campaigns with a batch that is due. Any number of workers may do so at once. */
export function startCampaignMover(
  services: MoveServices & { readonly events: Pick<Events, 'campaignFailed'> },
  everyMs: number = EVERY_MS,
): CampaignMover {
  let closing = false
  let looking: Promise<void> | null = null
  async function look(): Promise<void> {
    for (let batch = 0; batch < MOST_BATCHES && !closing; batch += 1) if (!(await moveNextBatch(services))) return
  }
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => services.events.campaignFailed({ error }))
      .finally(() => {
        looking = null
      })
  }, everyMs)
  return {
    async close() {
      closing = true
      clearInterval(timer)
      await within(FINISH_TIMEOUT_MS, Promise.resolve(looking))
    },
  }
}
