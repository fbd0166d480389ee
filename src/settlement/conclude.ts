import type { QueryOutcome } from '../billers/biller.ts'
import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import { holdSuccessor, type Successor, takeSuccessor } from '../ledger/successor.ts'
import type { Transfer, TransferFacts } from '../ledger/transfer.ts'
import { voidTransfer } from '../ledger/void.ts'
import type { QueuedSms } from '../sms/outbox.ts'
import { askedBefore, heardOf, type RecordedAnswer, recordAnswer, waitFor } from './attempts.ts'
import { openCase, type PartnerCase } from './cases.ts'
import type { SettlementIntent } from './lanes.ts'
import { delayAfterMs } from './patience.ts'
import { tellMove } from './settle-on-ledger.ts'
import type { SettleOutcome, SettleServices } from './settle-transfer.ts'

/** `next`: a transfer that this one has let begin. */
type Moved = {
  readonly outcome: SettleOutcome
  readonly sms: readonly QueuedSms[]
  readonly next?: SettlementIntent
}

/** What a partner's answer makes of a transfer, and of what follows it, in one commit with the answer. */
export async function conclude(
  services: SettleServices,
  transfer: Transfer,
  attempt: number,
  answer: QueryOutcome,
): Promise<SettleOutcome> {
  return commit(services, transfer, (tx) => follow(services, tx, transfer, attempt, answer))
}

/** The same in the caller's transaction. */
export async function follow(
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

export async function reject(services: SettleServices, transfer: Transfer, reason: string): Promise<SettleOutcome> {
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
export async function commit(
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
