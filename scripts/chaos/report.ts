import { readClaims } from './claims.ts'
import type { ChaosResult } from './run.ts'
import { transfersOf } from './told.ts'

const SHOWN = 20

/** What was done and what held, in lines; no number, name or amount of anybody. */
export function reportOf(result: ChaosResult): string {
  const { seed, seconds, facts, history, faults, calmMs, checks, ringsAgain, violations } = result
  const calls = history.journeys.flatMap((journey) => journey.calls)
  const kinds = tally(history.journeys.map(({ kind }) => kind))
  const claims = tally([
    ...calls.flatMap(({ words }) => readClaims(words ?? '').map(({ kind }) => `screen: ${kind}`)),
    ...history.messages.flatMap(({ words }) => readClaims(words).map(({ kind }) => `SMS: ${kind}`)),
  ])
  const unanswered = history.journeys.filter(
    ({ confirmed, calls: all }) => confirmed && all.every(({ step, words }) => step === 'hop' || words === null),
  )
  const lost = unanswered.filter((journey) => transfersOf(journey, facts.transfers).length > 0).length
  const done = Object.entries(faults).map(
    ([kind, { done: times, missed }]) => `${kind} ${times}${missed > 0 ? ` (missed ${missed})` : ''}`,
  )
  const lines = [
    `Seed ${seed}, ${seconds} s`,
    `Dialogues      ${history.journeys.length}: ${kinds}`,
    `Requests       ${calls.length}: ${tally(calls.map(({ outcome }) => outcome))}; ${tally(calls.map(({ step }) => step))}`,
    `Transfers      ${facts.transfers.length}: ${tally(facts.transfers.map(({ state }) => state))}; ${lost} of ${unanswered.length} whose confirm got no answer exist`,
    `Told           ${claims}`,
    `Receipts       ${tally(facts.messages.map(({ state }) => state))}`,
    `Billers        ${history.payments.length} payments: ${tally(history.payments.map(({ status }) => status))}`,
    `Absorbed       ${calls.filter(({ step }) => step === 'copy' || step === 'stale').length} doubled or old callbacks, ${ringsAgain} second rings`,
    `Faults         ${done.join(', ') || 'none'}`,
    `Checks         ${checks} while it went on; ${calmMs === null ? 'not everything came to its end' : `everything had ended ${(calmMs / 1_000).toFixed(1)} s after the last fault`}`,
  ]
  if (violations.length === 0) lines.push('Held           every invariant')
  else {
    lines.push(`NOT HELD       ${violations.length}; run it again with --seed ${seed}`)
    lines.push(...violations.slice(0, SHOWN).map(({ invariant, fact }) => `  ${invariant}  ${fact}`))
    if (violations.length > SHOWN) lines.push(`  and ${violations.length - SHOWN} more`)
  }
  return `${lines.join('\n')}\n`
}

function tally(values: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].map(([value, count]) => `${value} ${count}`).join(', ') || 'none'
}
