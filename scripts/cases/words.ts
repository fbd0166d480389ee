import type { OpenCase, OpenReversal } from '../../src/settlement/cases.ts'
import type { ReversalDecisionOutcome } from '../../src/settlement/provider-reversals.ts'

/** An open case in a line, and in another how far it is with having the payment taken back. */
export function rowOf({ id, reference, state, partner, what, detail, openedAt, reversal }: OpenCase): string {
  const why = detail === null ? what : `${what} (${detail})`
  const line = `${id}  ${openedAt.toISOString()}  ${reference} ${state}  ${partner}: ${why}`
  return reversal === null ? line : `${line}\n  reversal ${reversal.state}: ${standingOf(reversal)}`
}

function standingOf({ state, officers, reference, original, attempts, cause, dueAt }: OpenReversal): string {
  const by = officers.join(' and ')
  const why = cause === null ? '' : ` (${cause})`
  const next = dueAt === null ? '' : `; next step at ${new Date(dueAt).toISOString()}`
  switch (state) {
    case 'proposed':
      return `${by} wants it; a second officer has to say the same`
    case 'decided':
      return attempts === 0
        ? `${by} want it; a worker takes it up`
        : `${by} want it; the partner was asked ${attempts} times about the payment and has not said yet that it was done${why}${next}`
    case 'asked':
    case 'pending':
    case 'unknown':
      return `asked once to take back ${original}, as ${reference}; no definite answer yet${why}${next}`
    case 'done':
      return `the partner took it back`
    case 'refused':
      return reference === null
        ? `the partner says now that the payment was not done${why}; nothing was asked for. Look into it, then close the case`
        : `the partner did not take back ${original}${why}; it is not asked again. Settle it with them another way, then close the case`
  }
}

/** What became of an officer's word. */
export function sentenceOf(outcome: ReversalDecisionOutcome, officer: string): string {
  switch (outcome.kind) {
    case 'recorded':
      return outcome.agreed < 2
        ? 'Recorded. A second officer has to say the same.'
        : `Recorded. Two officers say the same; ${outcome.partner} will be asked within a minute. npm run cases shows what it says.`
    case 'repeated':
      return `${officer} has said so before, and nobody's word counts twice; nothing was recorded.`
    case 'decided':
      return 'Two officers have said so already; nothing was recorded.'
    case 'not_found':
      return 'There is no such case; npm run cases shows the open ones.'
    case 'closed':
      return 'It was closed before; nothing was recorded, and the partner is not asked.'
    case 'other_case':
      return `This case is ${outcome.what}: there is no payment to be taken back. Look into it and close it with a note. Nothing was recorded.`
    case 'not_given_back':
      return `Its transfer is ${outcome.state}: its money was not given back here, so a reversal there would leave the payer without both. Nothing was recorded.`
    case 'cannot':
      return `${outcome.partner} cannot be asked this way: only account providers and companies behind them (PROVIDER_BILLERS) can. Claim the payment from them by letter, then close the case with what they say: npm run cases -- close. Nothing was recorded.`
    case 'unknown_partner':
      return `No worker has said yet whether ${outcome.partner} can be asked to take a payment back; start one with its settings, and say it again. Nothing was recorded.`
  }
}
