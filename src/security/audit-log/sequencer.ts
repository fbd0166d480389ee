import { type Rounds, startRounds } from '../../domain/rounds.ts'
import type { Events } from '../../telemetry/events.ts'
import { type FullLook, type SequenceServices, sequenceAll, sequenceNew } from './sequence.ts'

const EVERY_MS = 500
/** One that fails is tried again after this, so that a broken store is not asked twice a second. */
const RETRY_MS = 5_000
const FINISH_TIMEOUT_MS = 5_000

/**
 * Puts what is done into the audit log, batch by batch, in as many processes as there are: a lock lets one of them work. Closing waits
 * some seconds for the batch under way, which is whole or undone whatever happens.
 */
export function startSequencer(
  services: SequenceServices & { readonly events: Pick<Events, 'auditSequenced' | 'auditNotSequenced'> },
  everyMs: number = EVERY_MS,
): Rounds {
  const { events } = services
  let notBeforeMs = 0
  let look: FullLook | null | undefined

  async function work(isClosing: () => boolean): Promise<void> {
    if (Date.now() < notBeforeMs) return
    let full = false
    for (let more = true; more && !isClosing(); ) {
      const done = await sequenceNew(services)
      if (done.kind === 'elsewhere') return
      if (done.leaves > 0) events.auditSequenced({ leaves: done.leaves })
      more = done.more
      full = done.fullLookDue
    }
    if (!full || isClosing()) return
    const step = await sequenceAll(services, look ?? null)
    if (step.kind === 'elsewhere') return
    if (step.leaves > 0) events.auditSequenced({ leaves: step.leaves })
    look = step.next ?? null
  }

  return startRounds(work, {
    everyMs,
    atOnce: true,
    finishTimeoutMs: FINISH_TIMEOUT_MS,
    onFailure: (error) => {
      notBeforeMs = Date.now() + RETRY_MS
      events.auditNotSequenced({ error })
    },
  })
}
