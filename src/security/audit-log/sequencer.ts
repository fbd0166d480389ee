import { within } from '../../domain/within.ts'
import type { Events } from '../../telemetry/events.ts'
import { type FullLook, type SequenceServices, sequenceAll, sequenceNew } from './sequence.ts'

export type Sequencer = {
  /** Begins no further batch, and waits some seconds for the one under way, which is whole or undone whatever happens. */
  close(): Promise<void>
}

const EVERY_MS = 500
/** One that fails is tried again after this, so that a broken store is not asked twice a second. */
const RETRY_MS = 5_000
const FINISH_TIMEOUT_MS = 5_000

/** Puts what is done into the audit log, batch by batch, in as many processes as there are: a lock lets one of them work. */
export function startSequencer(
  services: SequenceServices & { readonly events: Pick<Events, 'auditSequenced' | 'auditNotSequenced'> },
  everyMs: number = EVERY_MS,
): Sequencer {
  const { events } = services
  let closing = false
  let notBeforeMs = 0
  let look: FullLook | null | undefined
  let working: Promise<void> | null = null

  async function work(): Promise<void> {
    let full = false
    for (let more = true; more && !closing; ) {
      const done = await sequenceNew(services)
      if (done.kind === 'elsewhere') return
      if (done.leaves > 0) events.auditSequenced({ leaves: done.leaves })
      more = done.more
      full = done.fullLookDue
    }
    if (!full || closing) return
    const step = await sequenceAll(services, look ?? null)
    if (step.kind === 'elsewhere') return
    if (step.leaves > 0) events.auditSequenced({ leaves: step.leaves })
    look = step.next ?? null
  }

  function tick(): void {
    if (Date.now() < notBeforeMs) return
    working ??= work()
      .catch((error: unknown) => {
        notBeforeMs = Date.now() + RETRY_MS
        events.auditNotSequenced({ error })
      })
      .finally(() => {
        working = null
      })
  }

  const timer = setInterval(tick, everyMs)
  tick()
  return {
    async close() {
      closing = true
      clearInterval(timer)
      await within(FINISH_TIMEOUT_MS, Promise.resolve(working))
    },
  }
}
