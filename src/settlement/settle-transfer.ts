import { performance } from 'node:perf_hooks'
import type { OwnProvider } from '../account-providers/account-provider.ts'
import type { QueryOutcome } from '../billers/biller.ts'
import type { Database } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'
import type { Transfer, TransferState } from '../ledger/transfer.ts'
import type { Sealer } from '../security/sealing.ts'
import type { SmsBell } from '../sms/queue.ts'
import type { Receipts } from '../sms/receipts.ts'
import type { Events } from '../telemetry/events.ts'
import { askAgain, keepWaiting, partnerReferenceOf, submit, waitFor } from './attempts.ts'
import type { Breakers } from './breakers.ts'
import { commit, conclude, follow, reject } from './conclude.ts'
import { takeDecision } from './decisions.ts'
import { type PartnerCall, type Partners, partnerOf } from './partner-call.ts'
import type { Patience } from './patience.ts'
import type { Settlement } from './queue.ts'
import { dueOf, settleOnLedger } from './settle-on-ledger.ts'

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

/** What two officers say is the answer that the partner never gave; until they agree it is asked once for each time that it calls back. */
async function followDecision(services: SettleServices, transfer: Transfer): Promise<SettleOutcome> {
  const outcome = await commit(services, transfer, async (tx) => {
    const decided = await takeDecision(tx, services.sealer, transfer.id)
    if (decided === null) return { outcome: { kind: 'idle' }, sms: [] }
    return follow(services, tx, transfer, decided.attempt, decided.answer)
  })
  return outcome.kind === 'idle' && partnerOf(services, transfer) !== null ? askPartner(services, transfer) : outcome
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
