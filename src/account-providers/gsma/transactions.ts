import type { Asked, Movement, MoveOutcome, QueryOutcome, RemoteAccount, Reversal } from '../account-provider.ts'
import { wireAmount } from './amounts.ts'
import { ask, type Subject, sent } from './ask.ts'
import { correlationIdOf } from './correlation.ts'
import { deadlineOf, post, type Send } from './http.ts'
import { type Expected, readTransaction } from './read-resource.ts'
import type { GsmaSettings } from './settings.ts'

type Way = 'collect' | 'disburse'

/** The API's type of transaction: taking from a person's account is a transfer to ours. */
const TYPES: Readonly<Record<Way, string>> = { collect: 'transfer', disburse: 'disbursement' }

/** POST /transactions/type/{type}, both parties named. */
export async function move(settings: GsmaSettings, what: Way, movement: Movement): Promise<MoveOutcome> {
  const { reference, amount, currency } = movement
  const { debit, credit } = partiesOf(settings, what, movement.account)
  const body = {
    requestingOrganisationTransactionReference: reference,
    amount: wireAmount(amount, currency),
    currency,
    debitParty: [partyOf(debit)],
    creditParty: [partyOf(credit)],
    requestDate: new Date().toISOString(),
  }
  const subject = subjectOf(settings, { what, movement })
  const send: Send = { correlationId: subject.correlationId, callbackUrl: callbackUrlOf(settings, reference), body }
  return sent(await post(settings, `/transactions/type/${TYPES[what]}`, send, deadlineOf(settings)), subject)
}

/** POST /transactions/{reference}/reversals. Without a callback: only transfers of ours hear those. */
export async function reverse(settings: GsmaSettings, reversal: Reversal): Promise<MoveOutcome> {
  const { reference, amount, currency, original } = reversal
  const part = amount === null ? {} : { amount: wireAmount(amount, currency), currency }
  const body = { type: 'reversal', requestingOrganisationTransactionReference: reference, ...part }
  const subject = subjectOf(settings, { what: 'reverse', reversal })
  const send: Send = { correlationId: subject.correlationId, callbackUrl: null, body }
  const path = `/transactions/${encodeURIComponent(original)}/reversals`
  return sent(await post(settings, path, send, deadlineOf(settings)), subject)
}

/** What became of a movement or a reversal. */
export function queryTransaction(settings: GsmaSettings, asked: Asked): Promise<QueryOutcome> {
  return ask(settings, subjectOf(settings, asked), deadlineOf(settings))
}

/** How everything that is said about it is read. */
export function subjectOf(settings: GsmaSettings, asked: Asked): Subject {
  const expected = expectedOf(settings, asked)
  const { reference, partnerReference } = asked.what === 'reverse' ? asked.reversal : asked.movement
  return {
    correlationId: correlationIdOf(asked.what, reference),
    read: (resource) => readTransaction(resource, expected),
    pathOf: (objectReference) => `/transactions/${encodeURIComponent(objectReference)}`,
    ...(partnerReference === undefined ? {} : { partnerReference }),
  }
}

/** Where the callbacks about a reference go, or null in the other flows. */
export function callbackUrlOf({ id, flow, callback }: GsmaSettings, reference: string): string | null {
  return flow === 'callback' && callback !== null
    ? `${callback.url}/providers/${id}/${callback.key.reveal()}/${reference}`
    : null
}

function expectedOf(settings: GsmaSettings, asked: Asked): Expected {
  if (asked.what === 'reverse') {
    const { reference, amount, currency, original } = asked.reversal
    return { reference, amount, currency, original, type: 'reversal', debit: null, credit: null }
  }
  const { reference, amount, currency, account } = asked.movement
  const parties = partiesOf(settings, asked.what, account)
  return { reference, amount, currency, original: null, type: TYPES[asked.what], ...parties }
}

function partiesOf(settings: GsmaSettings, what: Way, person: RemoteAccount) {
  return what === 'collect' ? { debit: person, credit: settings.account } : { debit: settings.account, credit: person }
}

function partyOf({ type, value }: RemoteAccount): { key: string; value: string } {
  return { key: type, value }
}
