import { performance } from 'node:perf_hooks'
import type { OwnProvider } from '../account-providers/account-provider.ts'
import type { Biller, Payment, QueryOutcome } from '../billers/biller.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
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
import { delayAfterMs, type Patience } from './patience.ts'
import { dueOf, settleOnLedger, tellMove } from './settle-on-ledger.ts'

export type SettleServices = {
  readonly database: Database
  readonly sealer: Sealer
  readonly provider: OwnProvider
  readonly billers: ReadonlyMap<string, Biller>
  readonly breakers: Breakers
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

type Moved = { readonly outcome: SettleOutcome; readonly sms: readonly QueuedSms[] }

/** The biller's account under which a transfer is known there. */
type Bill = { readonly biller: Biller; readonly payment: Payment }

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
      return transfer.payee.kind === 'biller'
        ? payBill(services, transfer)
        : settleOnLedger(services, transfer, earlier)
    case 'SUBMITTED':
    case 'PENDING':
    case 'IN_DOUBT':
      return askBiller(services, transfer)
    case 'REVIEW':
      return followDecision(services, transfer)
    case 'SETTLED':
    case 'REJECTED':
    case 'REVERSED':
    case undefined:
      return { kind: 'idle' }
  }
}

async function payBill(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const { giveUpAfterMs } = services.patience
  if (transfer.ageMs > giveUpAfterMs) return reject(services, transfer, 'never submitted')
  const bill = billOf(services, transfer)
  // The sweeper rings again: perhaps after the next start this deployment knows the biller.
  if (bill === null) return { kind: 'idle' }
  const admission = await services.breakers.admit(bill.biller.id)
  if (admission.kind === 'resting') {
    await keepWaiting(services.database, transfer.id, admission.waitMs)
    return { kind: 'idle' }
  }
  const startedAt = performance.now()
  const attempt = await submit(services.database, transfer.id, bill.biller.timeoutMs + GRACE_MS)
  if (attempt === null) return { kind: 'idle' }
  services.events.transferMoved({ id: transfer.id, kind: transfer.kind, to: 'SUBMITTED' })
  const answer: QueryOutcome =
    performance.now() - startedAt > SEND_WITHIN_MS
      ? { kind: 'unknown', cause: 'not sent: the process was held up' }
      : await call(services, bill, 'pay')
  return conclude(services, transfer, attempt, answer)
}

async function askBiller(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const bill = billOf(services, transfer)
  if (bill === null) return giveToPeople(services, transfer)
  const attempt = await askAgain(services.database, transfer.id, bill.biller.timeoutMs + GRACE_MS)
  if (attempt === null) return { kind: 'idle' }
  const partnerReference = await partnerReferenceOf(services.database, bill.biller.id, transfer.id)
  const asked = { ...bill, payment: { ...bill.payment, partnerReference } }
  return conclude(services, transfer, attempt, await call(services, asked, 'query'))
}

/** Nobody is left to ask: this deployment does not know the biller (any more). */
async function giveToPeople(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const { giveUpAfterMs } = services.patience
  if (transfer.ageMs <= giveUpAfterMs) return { kind: 'idle' }
  return commit(services, transfer, async (tx) => {
    const moved = await waitFor(tx, transfer.id, 'REVIEW', 'biller unknown', null)
    return { outcome: moved ? { kind: 'moved', to: 'REVIEW' } : { kind: 'idle' }, sms: [] }
  })
}

/** What a biller's answer makes of a transfer, in one commit with the answer. */
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
  return outcome.kind === 'idle' && billOf(services, transfer) !== null ? askBiller(services, transfer) : outcome
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
      const done = await services.provider.settle(tx, transfer.id)
      if (done.kind === 'refused') return contradiction(services, tx, transfer, 'done_after_refusal')
      if (done.kind !== 'done' || done.repeated) return { outcome: { kind: 'idle' }, sms: [] }
      return settled(services, tx, transfer, done, answer.receipt.token ?? null)
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

async function settled(
  services: SettleServices,
  tx: Queryable,
  transfer: Transfer,
  done: { at: Date; payerAvailable: bigint | null; payeeAvailable: bigint | null },
  token: string | null,
): Promise<Moved> {
  const { at, payerAvailable } = done
  const payeeAvailable = transfer.payee.kind === 'biller' ? null : done.payeeAvailable
  const facts: TransferFacts = {
    ...transfer,
    state: 'SETTLED',
    at,
    payerAvailable,
    payeeAvailable,
    token,
  }
  return { outcome: { kind: 'moved', to: 'SETTLED' }, sms: await services.receipts.settled(tx, facts) }
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
  const { outcome, sms } = await services.database.transaction(work)
  for (const message of sms) services.smsBell.ring(message)
  tellMove(services, transfer, outcome)
  return outcome
}

function billOf({ billers }: SettleServices, { id, payee, amount, currency }: Transfer): Bill | null {
  if (payee.kind !== 'biller') return null
  const biller = billers.get(payee.id)
  return biller === undefined ? null : { biller, payment: { reference: id, account: payee.account, amount, currency } }
}

/** A biller that throws has told nothing, so it may have been paid. */
async function call(services: SettleServices, { biller, payment }: Bill, how: 'pay' | 'query'): Promise<QueryOutcome> {
  const startedAt = performance.now()
  const answer = await (how === 'pay' ? biller.pay(payment) : biller.query(payment)).catch(
    (): QueryOutcome => ({ kind: 'unknown', cause: 'the connector threw' }),
  )
  const durationMs = performance.now() - startedAt
  services.events.billerCalled({ biller: biller.id, call: how, outcome: answer.kind, durationMs })
  await services.breakers.learn(biller.id, how, answer.kind)
  return answer
}
