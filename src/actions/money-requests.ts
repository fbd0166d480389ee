import { type SubscriberId, type TransferId, uuidOf } from '../domain/ids.ts'
import { shortName } from '../domain/names.ts'
import { listAsked as listAll } from '../ledger/asked.ts'
import { MOST_AMOUNT } from '../ledger/check-tariff.ts'
import { askForMoney, declineRequest as decline, wasDeclined } from '../ledger/money-request.ts'
import type { ValueType } from '../menu/contract.ts'
import { findById } from '../subscribers/find.ts'
import { type Action, defineAction, type Services } from './action.ts'

const money: ValueType & { type: 'money' } = { type: 'money', max: MOST_AMOUNT }

/** As many as a list is read of on a phone. */
const MOST_LISTED = 9

/** Asks somebody for money; they are told by SMS, or by a dialogue on their phone. */
export const requestMoney: Action = defineAction(
  {
    name: 'request-money',
    effect: 'record',
    input: { payer: { type: 'opaque' }, amount: money },
    outcomes: { asked: {}, limited: {}, unavailable: {} },
  },
  async ({ database, sealer, market, asking, notices, audit }, { caller, conversation }, { payer, amount }) => {
    const payerId = String(payer) as SubscriberId
    const found = await findById(database, sealer, payerId)
    if (found?.status !== 'active' || payerId === caller.id) return { outcome: 'unavailable' }
    // Made of what is asked in one conversation, so that a repeated answer asks once.
    const id = uuidOf(`money-request/${conversation}/${payerId}/${amount}`) as TransferId
    const request = { id, requesterId: caller.id, payerId, currency: market.currency, amount: BigInt(amount) }
    const told = await database.transaction(async (tx) => {
      const outcome = await askForMoney(tx, request, asking.requestOpenMs)
      if (outcome.kind !== 'asked') return outcome.kind
      const actor = { kind: 'subscriber', id: caller.id } as const
      const payload = { amount, currency: market.currency }
      await audit.record(tx, { actor, action: 'money.requested', subject: id, payload })
      return notices.requested(tx, request)
    })
    if (told === 'limited') return { outcome: 'limited' }
    if (told !== 'known') notices.send(told)
    return { outcome: 'asked' }
  },
)

/** What waits for the caller's answer: requests for money, and money wanted back; oldest first. */
export const listAsked: Action = defineAction(
  {
    name: 'list-asked',
    effect: 'read',
    input: {},
    outcomes: {
      ok: {
        asked: {
          type: 'rows',
          max: MOST_LISTED,
          of: {
            request: { type: 'opaque' },
            kind: { type: 'choice', of: ['money', 'reversal'] },
            amount: money,
            name: { type: 'text', max: 16 },
            at: { type: 'moment' },
          },
        },
      },
    },
  },
  async (services, { caller }) => {
    const waiting = await listAll(services.database, caller.id, MOST_LISTED)
    const asked = await Promise.all(
      waiting.map(async ({ id, kind, amount, at, byId }) => ({
        request: id,
        kind,
        amount: String(amount),
        at: at.getTime(),
        name: await nameOf(services, byId),
      })),
    )
    return { outcome: 'ok', values: { asked } }
  },
)

/** Says no to a request for money; who asked is told, once. */
export const declineRequest: Action = defineAction(
  {
    name: 'decline-request',
    effect: 'record',
    input: { request: { type: 'opaque' } },
    outcomes: { declined: {}, gone: {} },
  },
  async ({ database, notices, audit }, { caller }, { request }) => {
    const id = String(request) as TransferId
    const told = await database.transaction(async (tx) => {
      const declined = await decline(tx, id, caller.id)
      if (declined === null) return (await wasDeclined(tx, id, caller.id)) ? 'before' : null
      const actor = { kind: 'subscriber', id: caller.id } as const
      await audit.record(tx, { actor, action: 'money.declined', subject: id, payload: {} })
      return notices.declined(tx, declined)
    })
    if (told === null) return { outcome: 'gone' }
    if (told !== 'before') notices.send(told)
    return { outcome: 'declined' }
  },
)

async function nameOf({ database, sealer }: Services, id: SubscriberId): Promise<string> {
  const found = await findById(database, sealer, id)
  return found === null ? '' : shortName(found.name)
}
