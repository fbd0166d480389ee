import type { CallbackVerdict, ProviderCallback } from '../account-providers/account-provider.ts'
import type { Database, Queryable } from '../database/database.ts'
import { isUuid, type TransferId } from '../domain/ids.ts'
import { readTransfer, stateOf, type TransferState } from '../ledger/transfer.ts'
import type { Sealer } from '../security/sealing.ts'
import type { Events } from '../telemetry/events.ts'
import { askNow } from './attempts.ts'
import { openCase, type PartnerCase } from './cases.ts'
import { type Partners, partnerOf } from './partner-call.ts'
import type { Settlement } from './queue.ts'

export type HearServices = Partners & {
  readonly database: Database
  readonly sealer: Sealer
  readonly settlement: Pick<Settlement, 'ring'>
  readonly events: Pick<Events, 'providerCalledBack'>
}

/**
 * `asked`: it fits, and the provider is being asked; `repeated`: heard before, or too often; `ended`: it fits how the transfer
 * ended; `case`: people must look; `not_ours`: no transfer of that provider has this reference.
 */
export type Heard = 'asked' | 'repeated' | 'ended' | 'case' | 'not_ours'

/** More different callbacks about one transfer than this are not even stored. */
const MOST_CALLBACKS = 20

/**
 * Takes a callback to a reference's URL, whose key was right. It is a hint and moves no money by itself: where it fits what was asked for, the
 * provider is asked now instead of later; where it contradicts an end, or does not fit, a case is opened for people. The same again does nothing.
 */
export async function hearCallback(
  services: HearServices,
  from: string,
  reference: string,
  callback: ProviderCallback,
): Promise<Heard> {
  const heard = await hear(services, from, reference, callback)
  services.events.providerCalledBack({ provider: from, outcome: heard })
  return heard
}

async function hear(
  services: HearServices,
  from: string,
  reference: string,
  callback: ProviderCallback,
): Promise<Heard> {
  const { database, sealer } = services
  const transfer = isUuid(reference) ? await readTransfer(database, sealer, reference as TransferId) : null
  const verdict = transfer === null ? null : (partnerOf(services, transfer)?.judge(from, callback) ?? null)
  if (transfer === null || verdict === null) return 'not_ours'
  const { heard, due } = await database.transaction((tx) => weigh(tx, services, from, transfer.id, callback, verdict))
  if (due !== null) services.settlement.ring({ id: transfer.id, ...due })
  return heard
}

type Due = Awaited<ReturnType<typeof askNow>>

async function weigh(
  tx: Queryable,
  { sealer }: HearServices,
  from: string,
  id: TransferId,
  callback: ProviderCallback,
  verdict: CallbackVerdict,
): Promise<{ heard: Heard; due: Due }> {
  if (!(await remember(tx, sealer, id, callback, verdict))) return { heard: 'repeated', due: null }
  const due = verdict.kind === 'hint' ? await askNow(tx, id) : null
  if (due !== null) return { heard: 'asked', due }
  // Read after `askNow` has waited for whoever was ending it.
  const state = await stateOf(tx, id)
  // It overtook the answer to the payment itself, which is followed by a question at once.
  if (verdict.kind === 'hint' && state === 'SUBMITTED') return { heard: 'asked', due: null }
  const contradiction = caseOf(state, verdict)
  if (contradiction === null) return { heard: 'ended', due: null }
  await openCase(tx, { transferId: id, partner: from, ...contradiction })
  return { heard: 'case', due: null }
}

function caseOf(
  state: TransferState | null,
  verdict: CallbackVerdict,
): { what: PartnerCase; detail: string | null } | null {
  if (verdict.kind === 'mismatch') return { what: 'callback_mismatch', detail: verdict.what }
  if (state === 'REJECTED' && verdict.says === 'done') return { what: 'done_after_refusal', detail: 'callback' }
  if (state === 'SETTLED' && verdict.says === 'refused') return { what: 'refused_after_settlement', detail: 'callback' }
  return null
}

/** True where this very callback was not heard before. The digest is keyed: a body could be guessed. */
async function remember(
  tx: Queryable,
  sealer: Sealer,
  id: TransferId,
  { correlationId, body }: ProviderCallback,
  verdict: CallbackVerdict,
): Promise<boolean> {
  const digest = sealer.index(JSON.stringify([correlationId, body]), 'provider_callback.digest')
  const { rowCount } = await tx.query(
    `INSERT INTO provider_callback (transfer_id, digest, verdict)
     SELECT $1, $2, $3 WHERE (SELECT count(*) FROM provider_callback WHERE transfer_id = $1) < $4
     ON CONFLICT (transfer_id, digest) DO NOTHING`,
    [id, digest, verdict.kind === 'hint' ? verdict.says : 'mismatch', MOST_CALLBACKS],
  )
  return rowCount === 1
}
