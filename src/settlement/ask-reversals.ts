import { performance } from 'node:perf_hooks'
import type { QueryOutcome as ReversalOutcome } from '../account-providers/account-provider.ts'
import type { QueryOutcome } from '../billers/biller.ts'
import type { Database } from '../database/database.ts'
import { type Rounds, startRounds } from '../domain/rounds.ts'
import { readTransfer } from '../ledger/transfer.ts'
import type { Sealer } from '../security/sealing.ts'
import type { Events } from '../telemetry/events.ts'
import { type Back, type PartnerCall, type Partners, partnerOf, partnersByAbility } from './partner-call.ts'
import { delayAfterMs, type Patience } from './patience.ts'
import {
  beginStep,
  type DueReversal,
  listDueReversals,
  type ReversalStep,
  recordStep,
  type StepAnswer,
} from './provider-reversals.ts'

export type ReversalServices = Partners & {
  readonly database: Database
  readonly sealer: Sealer
  readonly patience: Patience
  readonly events: Pick<Events, 'billerCalled' | 'sweepFailed'>
}

type Said = QueryOutcome | ReversalOutcome

const EVERY_MS = 10_000
const BATCH = 100
/** Nothing is sent when its process was frozen that long since the step was recorded: it may have been given up meanwhile. */
const SEND_WITHIN_MS = 2_000
/** Between a partner's deadline and the next question. */
const GRACE_MS = 5_000

/** Looks now and every few seconds for payments that partners are to take back. Any number of workers may do so at once. */
export function startReversalAsker(services: ReversalServices): Rounds {
  return startRounds((isClosing) => askReversals(services, isClosing), {
    everyMs: EVERY_MS,
    atOnce: true,
    onFailure: (error) => services.events.sweepFailed({ what: 'provider reversals', error }),
  })
}

/**
 * Takes the steps that are due: looks up what the partner says of the payment, asks it once to take that back, and asks by reference what became of
 * it until it says so. It changes no account of ours. Returns how many cases it looked at.
 */
export async function askReversals(
  services: ReversalServices,
  isClosing: () => boolean = () => false,
): Promise<number> {
  const { able } = partnersByAbility(services)
  const due = await listDueReversals(services.database, able, BATCH)
  for (const each of due) {
    if (isClosing()) break
    // One that cannot be asked about must not keep the others from it.
    await follow(services, each).catch((error: unknown) =>
      services.events.sweepFailed({ what: 'provider reversals', error }),
    )
  }
  return due.length
}

async function follow(services: ReversalServices, due: DueReversal): Promise<void> {
  const transfer = await readTransfer(services.database, services.sealer, due.transferId)
  const call = transfer === null ? null : partnerOf(services, transfer)
  if (call === null || call.takeBack === null) return
  // A payment that was found is asked to be taken back at once, while the partner is known to answer.
  while ((await takeStep(services, call, due.caseId)) === 'found');
}

async function takeStep(
  { database, patience, events }: ReversalServices,
  call: PartnerCall,
  caseId: string,
): Promise<StepAnswer['outcome'] | null> {
  const startedAt = performance.now()
  const step = await beginStep(database, caseId, call.timeoutMs + GRACE_MS)
  if (step === null) return null
  const sentAt = performance.now()
  const answer =
    sentAt - startedAt > SEND_WITHIN_MS ? unknown('not sent: the process was held up') : await answerTo(call, step)
  const { outcome } = answer
  const how = step.action === 'reverse' ? 'reverse' : 'query'
  events.billerCalled({ biller: call.partner, call: how, outcome, durationMs: performance.now() - sentAt })
  await recordStep(
    database,
    caseId,
    step.attempt,
    answer,
    outcome === 'found' ? 0 : delayAfterMs(patience, step.attempt),
  )
  return outcome
}

/** A throw has told nothing, so it may have been received. */
async function answerTo(call: PartnerCall, step: ReversalStep): Promise<StepAnswer> {
  try {
    return stepAnswerOf(await ask(call, step), step)
  } catch {
    return unknown('the connector threw')
  }
}

function ask({ query, takeBack }: PartnerCall, step: ReversalStep): Promise<Said> {
  const { partnerReference } = step
  if (step.action === 'look') return query(partnerReference)
  if (takeBack === null) throw new Error('this partner cannot be asked to take anything back')
  const back: Back = {
    ...{ reference: step.reference, original: step.original },
    ...(partnerReference === null ? {} : { partnerReference }),
  }
  return step.action === 'reverse' ? takeBack.reverse(back) : takeBack.query(back)
}

function stepAnswerOf(said: Said, { action }: ReversalStep): StepAnswer {
  switch (said.kind) {
    case 'done': {
      const outcome = action === 'look' ? 'found' : 'done'
      return { outcome, partnerReference: said.partnerReference, cause: null }
    }
    case 'pending':
      return { outcome: 'pending', partnerReference: said.partnerReference ?? null, cause: null }
    case 'refused':
      return { outcome: 'refused', partnerReference: null, cause: said.reason }
    case 'not_found':
      return { outcome: 'not_found', partnerReference: null, cause: 'not found there' }
    case 'unknown':
      return unknown(said.cause)
  }
}

function unknown(cause: string): StepAnswer {
  return { outcome: 'unknown', partnerReference: null, cause }
}
