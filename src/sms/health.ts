import type { SendOutcome } from '../aggregators/sms-link.ts'

/** How links have fared lately, in this process: messages prefer those that are not failing. */
export type LinkHealth = {
  heard(link: string, outcome: SendOutcome): void
  /** Whether to prefer the link. While it rests after failures, true once in a while, for the one message that tries it. */
  isPreferred(link: string): boolean
}

/** So many failures in a row, and a link rests. */
const FAILURES_TO_REST = 3
const REST_MS = 15_000

type Record = { failures: number; restsUntilMs: number }

/**
 * A refusal for the message's own sake shows a link that works; any other, or no answer, is a failure. A success ends the rest at
 * once.
 */
export function makeLinkHealth(nowMs: () => number = () => performance.now()): LinkHealth {
  const records = new Map<string, Record>()

  function isResting(link: string): boolean {
    const record = records.get(link)
    return record !== undefined && record.failures >= FAILURES_TO_REST && nowMs() < record.restsUntilMs
  }

  return {
    heard(link, outcome) {
      if (!isFailure(outcome)) records.delete(link)
      else {
        const failures = (records.get(link)?.failures ?? 0) + 1
        records.set(link, { failures, restsUntilMs: nowMs() + REST_MS })
      }
    },
    isPreferred(link) {
      if (isResting(link)) return false
      const record = records.get(link)
      // Others keep away until this one has told how it fared.
      if (record !== undefined && record.failures >= FAILURES_TO_REST) record.restsUntilMs = nowMs() + REST_MS
      return true
    },
  }
}

function isFailure(outcome: SendOutcome): boolean {
  return outcome.kind === 'unknown' || (outcome.kind === 'refused' && (outcome.retry || outcome.scope === 'link'))
}
