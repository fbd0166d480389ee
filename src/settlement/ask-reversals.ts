import { performance } from 'node:perf_hooks'
import type { Reversal, QueryOutcome as ReversalOutcome } from '../account-providers/account-provider.ts'
import type { Biller, QueryOutcome } from '../billers/biller.ts'
import type { Database } from '../database/database.ts'
import { readTransfer, type Transfer } from '../ledger/transfer.ts'
import type { Sealer } from '../security/sealing.ts'
import type { Events } from '../telemetry/events.ts'
import { delayAfterMs, type Patience } from './patience.ts'
import {
  beginStep,
  type DueReversal,
  listDueReversals,
  type ReversalStep,
  recordStep,
  type StepAnswer,
} from './provider-reversals.ts'

export type ReversalServices = {
  readonly database: Database
  readonly sealer: Sealer
  readonly billers: ReadonlyMap<string, Biller>
  readonly patience: Patience
  readonly events: Pick<Events, 'billerCalled' | 'sweepFailed'>
}

type Said = QueryOutcome | ReversalOutcome

export type ReversalAsker = { close(): Promise<void> }

const EVERY_MS = 10_000
const BATCH = 100
/** Nothing is sent when its process was frozen that long since the step was recorded: it may have been given up meanwhile. */
const SEND_WITHIN_MS = 2_000
/** Between a partner's deadline and the next question. */
const GRACE_MS = 5_000

/** Looks now and every few seconds for payments that partners are to take back. Any number of workers may do so at once. */
export function startReversalAsker(services: ReversalServices): ReversalAsker {
  let running: Promise<unknown> | null = null
  let closing = false
  function tick(): void {
    running ??= askReversals(services, () => closing)
      .catch((error: unknown) => services.events.sweepFailed({ what: 'provider reversals', error }))
      .finally(() => {
        running = null
      })
  }
  const timer = setInterval(tick, EVERY_MS)
  tick()
  return {
    async close() {
      closing = true
      clearInterval(timer)
      await running
    },
  }
}

/**
 * Takes the steps that are due: looks up what the partner says of the payment, asks it once to take that back, and asks by reference what became of
 * it until it says so. It changes no account of ours. Returns how many cases it looked at.
 */
export async function askReversals(
  services: ReversalServices,
  isClosing: () => boolean = () => false,
): Promise<number> {
  const able = [...services.billers.values()].filter(({ reversals }) => reversals !== undefined).map(({ id }) => id)
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
  const biller = services.billers.get(due.partner)
  const transfer = await readTransfer(services.database, services.sealer, due.transferId)
  if (biller === undefined || transfer === null) return
  // A payment that was found is asked to be taken back at once, while the partner is known to answer.
  while ((await takeStep(services, biller, transfer, due.caseId)) === 'found');
}

async function takeStep(
  { database, patience, events }: ReversalServices,
  biller: Biller,
  transfer: Transfer,
  caseId: string,
): Promise<StepAnswer['outcome'] | null> {
  const startedAt = performance.now()
  const step = await beginStep(database, caseId, biller.timeoutMs + GRACE_MS)
  if (step === null) return null
  const sentAt = performance.now()
  const answer =
    sentAt - startedAt > SEND_WITHIN_MS
      ? unknown('not sent: the process was held up')
      : await call(biller, transfer, step)
  const { outcome } = answer
  const how = step.action === 'reverse' ? 'reverse' : 'query'
  events.billerCalled({ biller: biller.id, call: how, outcome, durationMs: performance.now() - sentAt })
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
async function call(biller: Biller, transfer: Transfer, step: ReversalStep): Promise<StepAnswer> {
  try {
    return stepAnswerOf(await ask(biller, transfer, step), step)
  } catch {
    return unknown('the connector threw')
  }
}

function ask(biller: Biller, { id, payee, amount, currency }: Transfer, step: ReversalStep): Promise<Said> {
  const { reversals } = biller
  if (payee.kind !== 'biller' || reversals === undefined) throw new Error('nobody can be asked to take it back')
  const { partnerReference } = step
  if (step.action === 'look') {
    return biller.query({ reference: id, account: payee.account, amount, currency, partnerReference })
  }
  const known = partnerReference === null ? {} : { partnerReference }
  const reversal: Reversal = { reference: step.reference, original: step.original, amount, currency, ...known }
  return step.action === 'reverse' ? reversals.reverse(reversal) : reversals.query(reversal)
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
