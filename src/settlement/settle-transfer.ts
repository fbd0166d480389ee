import { performance } from 'node:perf_hooks'
import type { OwnProvider } from '../account-providers/account-provider.ts'
import type { QueryOutcome } from '../billers/biller.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { holdSuccessor, type Successor, takeSuccessor } from '../ledger/successor.ts'
import type { Transfer, TransferFacts, TransferState } from '../ledger/transfer.ts'
import { voidTransfer } from '../ledger/void.ts'
import type { Sealer } from '../security/sealing.ts'
import type { QueuedSms } from '../sms/outbox.ts'
import type { SmsBell } from '../sms/queue.ts'
import type { Receipts } from '../sms/receipts.ts'
import type { Events } from '../telemetry/events.ts'
import {
  askAgain,
  askedBefore,
  heardOf,
  keepWaiting,
  partnerReferenceOf,
  type RecordedAnswer,
  recordAnswer,
  submit,
  waitFor,
} from './attempts.ts'
import type { Breakers } from './breakers.ts'
import { openCase, type PartnerCase } from './cases.ts'
import { takeDecision } from './decisions.ts'
import type { SettlementIntent } from './lanes.ts'
import { type PartnerCall, type Partners, partnerOf } from './partner-call.ts'
import { delayAfterMs, type Patience } from './patience.ts'
import type { Settlement } from './queue.ts'
import { dueOf, settleOnLedger, tellMove } from './settle-on-ledger.ts'

export type SettleServices = Partners & {
  readonly database: Database
  readonly sealer: Sealer
  readonly provider: OwnProvider
  readonly breakers: Breakers
  /** Rings for what follows a collect; where it is missing the sweeper does. */
  readonly settlement?: Pick<Settlement, 'ring'>
  readonly receipts: Receipts
  readonly smsBell: Pick<SmsBell, 'ring'>
  /** Says that a transfer came to an end; a hint that may get lost. */
  readonly announce: (id: TransferId) => void
  readonly events: Pick<Events, 'transferMoved' | 'billerCalled' | 'settlementFailed'>
  readonly patience: Patience
}

/** `idle`: there was nothing to do, or another worker is at it. */
export type SettleOutcome =
  | { readonly kind: 'moved'; readonly to: TransferState }
  | { readonly kind: 'idle' }
  /** The biller said `done` after a rejection or `refused` after a settlement: for people. */
  | { readonly kind: 'contradiction' }

/** `next`: a transfer that this one has let begin. */
type Moved = {
  readonly outcome: SettleOutcome
  readonly sms: readonly QueuedSms[]
  readonly next?: SettlementIntent
}

/** A payment is not sent when its process was frozen that long since the attempt was recorded: it may have been given up meanwhile. */
const SEND_WITHIN_MS = 2_000
/** Between a biller's deadline and the next question. */
const GRACE_MS = 5_000

/**
 * Takes a transfer one step on, whatever state it is in; running it twice, or at once, does no more than running it once. Every
 * branch of settlement is here or in `conclude`. What is on the own ledger settles together with what waits at that moment.
 */
export async function settleTransfer(services: SettleServices, id: TransferId): Promise<SettleOutcome> {
  const { transfer, earlier } = await dueOf(services, id)
  switch (transfer?.state) {
    case 'HELD':
      // Money asked back waits for people.
      if (transfer.kind === 'reversal') return { kind: 'idle' }
      return transfer.payee.kind === 'subscriber'
        ? settleOnLedger(services, transfer, earlier)
        : askToMove(services, transfer)
    case 'SUBMITTED':
    case 'PENDING':
    case 'IN_DOUBT':
      return askPartner(services, transfer)
    case 'REVIEW':
      return followDecision(services, transfer)
    case 'SETTLED':
    case 'REJECTED':
    case 'REVERSED':
    case undefined:
      return { kind: 'idle' }
  }
}

async function askToMove(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const { giveUpAfterMs } = services.patience
  if (transfer.ageMs > giveUpAfterMs) return reject(services, transfer, 'never submitted')
  const call = partnerOf(services, transfer)
  // The sweeper rings again: perhaps after the next start this deployment knows the partner.
  if (call === null) return { kind: 'idle' }
  const admission = await services.breakers.admit(call.partner)
  if (admission.kind === 'resting') {
    await keepWaiting(services.database, transfer.id, admission.waitMs)
    return { kind: 'idle' }
  }
  const startedAt = performance.now()
  const attempt = await submit(services.database, transfer.id, call.timeoutMs + GRACE_MS)
  if (attempt === null) return { kind: 'idle' }
  services.events.transferMoved({ id: transfer.id, kind: transfer.kind, to: 'SUBMITTED' })
  const answer: QueryOutcome =
    performance.now() - startedAt > SEND_WITHIN_MS
      ? { kind: 'unknown', cause: 'not sent: the process was held up' }
      : await ask(services, call, 'pay', () => call.pay())
  return conclude(services, transfer, attempt, answer)
}

async function askPartner(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const call = partnerOf(services, transfer)
  if (call === null) return giveToPeople(services, transfer)
  const attempt = await askAgain(services.database, transfer.id, call.timeoutMs + GRACE_MS)
  if (attempt === null) return { kind: 'idle' }
  const partnerReference = await partnerReferenceOf(services.database, call.partner, transfer.id)
  const answer = await ask(services, call, 'query', () => call.query(partnerReference))
  return conclude(services, transfer, attempt, answer)
}

/** Nobody is left to ask: this deployment does not know the partner (any more). */
async function giveToPeople(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const { giveUpAfterMs } = services.patience
  if (transfer.ageMs <= giveUpAfterMs) return { kind: 'idle' }
  return commit(services, transfer, async (tx) => {
    const moved = await waitFor(tx, transfer.id, 'REVIEW', 'biller unknown', null)
    return { outcome: moved ? { kind: 'moved', to: 'REVIEW' } : { kind: 'idle' }, sms: [] }
  })
}

/** What a partner's answer makes of a transfer, and of what follows it, in one commit with the answer. */
async function conclude(
  services: SettleServices,
  transfer: Transfer,
  attempt: number,
  answer: QueryOutcome,
): Promise<SettleOutcome> {
  return commit(services, transfer, (tx) => follow(services, tx, transfer, attempt, answer))
}

/** What two officers say is the answer that the partner never gave; until they agree it is asked once for each time that it calls back. */
async function followDecision(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const outcome = await commit(services, transfer, async (tx) => {
    const decided = await takeDecision(tx, services.sealer, transfer.id)
    if (decided === null) return { outcome: { kind: 'idle' }, sms: [] }
    return follow(services, tx, transfer, decided.attempt, decided.answer)
  })
  return outcome.kind === 'idle' && partnerOf(services, transfer) !== null ? askPartner(services, transfer) : outcome
}

async function follow(
  services: SettleServices,
  tx: Queryable,
  transfer: Transfer,
  attempt: number,
  answer: RecordedAnswer,
): Promise<Moved> {
  await recordAnswer(tx, services.sealer, transfer.id, attempt, answer)
  switch (answer.kind) {
    case 'done': {
      const { sealer } = services
      const successor = transfer.kind === 'collect' ? await takeSuccessor(tx, sealer, transfer.id) : null
      const done = await services.provider.settle(tx, transfer.id)
      if (done.kind === 'refused') return contradiction(services, tx, transfer, 'done_after_refusal')
      if (done.kind !== 'done' || done.repeated) return { outcome: { kind: 'idle' }, sms: [] }
      if (successor !== null) return settledOn(services, tx, transfer, done, successor)
      return settled(services, tx, transfer, done, { token: answer.receipt.token ?? null })
    }
    case 'refused':
      return rejected(services, tx, transfer, answer.reason)
    case 'not_found':
      if (await neverReceived(services, tx, transfer.id)) return rejected(services, tx, transfer, 'never received')
      return wait(services, tx, transfer, attempt, 'IN_DOUBT', 'not found')
    case 'pending':
      return wait(services, tx, transfer, attempt, 'PENDING', null)
    case 'unknown':
      return wait(services, tx, transfer, attempt, 'IN_DOUBT', answer.cause)
  }
}

/** Twice not found, the last time when nothing could be on its way any more. What was once received is not unreceived by that. */
async function neverReceived(services: SettleServices, tx: Queryable, id: TransferId): Promise<boolean> {
  const { notFoundAfterMs } = services.patience
  const { notFound, sincePaidMs, received } = await askedBefore(tx, id)
  return !received && notFound >= 2 && sincePaidMs >= notFoundAfterMs
}

async function wait(
  services: SettleServices,
  tx: Queryable,
  transfer: Transfer,
  attempt: number,
  state: 'PENDING' | 'IN_DOUBT',
  reason: string | null,
): Promise<Moved> {
  const patience = services.patience
  const to = transfer.ageMs > patience.giveUpAfterMs ? 'REVIEW' : state
  const delayMs = attempt === 1 && (await heardOf(tx, transfer.id)) ? 0 : delayAfterMs(patience, attempt)
  const moved = await waitFor(tx, transfer.id, to, reason, to === 'REVIEW' ? null : delayMs)
  return { outcome: moved && to !== transfer.state ? { kind: 'moved', to } : { kind: 'idle' }, sms: [] }
}

type Done = { readonly at: Date; readonly payerAvailable: bigint | null; readonly payeeAvailable: bigint | null }

async function settled(
  services: SettleServices,
  tx: Queryable,
  transfer: Transfer,
  done: Done,
  more: Pick<TransferFacts, 'token' | 'keptFrom'>,
): Promise<Moved> {
  const { at, payerAvailable } = done
  const payeeAvailable = transfer.payee.kind === 'biller' ? null : done.payeeAvailable
  const facts: TransferFacts = {
    ...transfer,
    state: 'SETTLED',
    at,
    payerAvailable,
    payeeAvailable,
    ...more,
  }
  return { outcome: { kind: 'moved', to: 'SETTLED' }, sms: await services.receipts.settled(tx, facts) }
}

/** What the collected money was confirmed for is held at once, before anything else can spend it; where it cannot be, the money stays and that is told. */
async function settledOn(
  services: SettleServices,
  tx: Queryable,
  transfer: Transfer,
  done: Done,
  successor: Successor,
): Promise<Moved> {
  const { quote } = successor
  const held = await holdSuccessor(tx, services.sealer, successor)
  if (held.kind !== 'held') {
    return settled(services, tx, transfer, done, { token: null, keptFrom: quote.payeeName })
  }
  const next = { id: quote.id, version: held.version, biller: quote.biller?.id ?? null }
  return { ...(await settled(services, tx, transfer, done, { token: null })), next }
}

async function reject(services: SettleServices, transfer: Transfer, reason: string): Promise<SettleOutcome> {
  return commit(services, transfer, (tx) => rejected(services, tx, transfer, reason))
}

async function rejected(services: SettleServices, tx: Queryable, transfer: Transfer, reason: string): Promise<Moved> {
  const voided = await voidTransfer(tx, transfer.id, reason)
  if (voided.kind === 'settled') return contradiction(services, tx, transfer, 'refused_after_settlement')
  if (voided.kind === 'already') return { outcome: { kind: 'idle' }, sms: [] }
  const { at, payerAvailable } = voided
  const facts: TransferFacts = {
    ...transfer,
    state: 'REJECTED',
    at,
    payerAvailable,
    payeeAvailable: null,
    token: null,
  }
  return { outcome: { kind: 'moved', to: 'REJECTED' }, sms: await services.receipts.rejected(tx, facts) }
}

/** Moves nothing: two people find out which of the two was true. */
async function contradiction(
  services: SettleServices,
  tx: Queryable,
  { id, payee }: Transfer,
  what: PartnerCase,
): Promise<Moved> {
  await openCase(tx, { transferId: id, partner: payee.id, what, detail: null })
  services.events.settlementFailed({ id, error: new Error(`A partner's answer contradicts the end: ${what}`) })
  return { outcome: { kind: 'contradiction' }, sms: [] }
}

/** Commits, then tells: the bell of the messages, who waits for the end, the log. */
async function commit(
  services: SettleServices,
  transfer: Transfer,
  work: (tx: Queryable) => Promise<Moved>,
): Promise<SettleOutcome> {
  const { outcome, sms, next } = await services.database.transaction(work)
  for (const message of sms) services.smsBell.ring(message)
  if (next !== undefined) services.settlement?.ring(next)
  tellMove(services, transfer, outcome)
  return outcome
}

/** A partner that throws has told nothing, so it may have been paid. */
async function ask(
  services: SettleServices,
  { partner }: PartnerCall,
  how: 'pay' | 'query',
  call: () => Promise<QueryOutcome>,
): Promise<QueryOutcome> {
  const startedAt = performance.now()
  const answer = await call().catch((): QueryOutcome => ({ kind: 'unknown', cause: 'the connector threw' }))
  const durationMs = performance.now() - startedAt
  services.events.billerCalled({ biller: partner, call: how, outcome: answer.kind, durationMs })
  await services.breakers.learn(partner, how, answer.kind)
  return answer
}
