import { type SubscriberId, type TransferId, uuidOf } from '../domain/ids.ts'
import { shortName } from '../domain/names.ts'
import { MOST_AMOUNT } from '../ledger/check-tariff.ts'
import { askBack as ask, endReversal, listReversible, readReversal } from '../ledger/reversal.ts'
import { stateOf } from '../ledger/transfer.ts'
import type { ValueType } from '../menu/contract.ts'
import { findById } from '../subscribers/find.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'

const money: ValueType & { type: 'money' } = { type: 'money', max: MOST_AMOUNT }
const MOST_LISTED = 5

/** The last transfers that the caller may still ask back, newest first. */
export const listSent: Action = defineAction(
  {
    name: 'list-sent',
    effect: 'read',
    asks: 'pin',
    input: {},
    outcomes: {
      ok: {
        sent: {
          type: 'rows',
          max: MOST_LISTED,
          of: {
            transfer: { type: 'opaque' },
            amount: money,
            name: { type: 'text', max: 16 },
            at: { type: 'moment' },
          },
        },
      },
    },
  },
  async ({ database, sealer, asking }, { caller }) => {
    const transfers = await listReversible(database, caller.id, asking.reversalWindowMs, MOST_LISTED)
    const sent = await Promise.all(
      transfers.map(async ({ id, payeeId, amount, at }) => {
        const payee = await findById(database, sealer, payeeId)
        const name = payee === null ? '' : shortName(payee.name)
        return { transfer: id, amount: String(amount), name, at: at.getTime() }
      }),
    )
    return { outcome: 'ok', values: { sent } }
  },
)

/**
 * Asks money back that was sent by mistake: what is unspent of it is kept at the payee, who is asked. The PIN was asked for the list that
 * the transfer was chosen from, and nothing of the caller's moves.
 */
export const askBack: Action = defineAction(
  {
    name: 'ask-back',
    effect: 'write',
    asks: 'yes',
    input: { transfer: { type: 'opaque' } },
    outcomes: { held: { held: money, until: { type: 'moment' } }, asked: {}, spent: {}, full: {}, too_late: {} },
  },
  async ({ database, sealer, asking, notices, audit }, { caller, sessionId }, { transfer }) => {
    const originalId = String(transfer) as TransferId
    const id = uuidOf(`reversal/${sessionId}/${originalId}`) as TransferId
    const { outcome, told } = await database.transaction(async (tx) => {
      const outcome = await ask(tx, sealer, {
        ...{ id, originalId, payerId: caller.id, sessionId },
        ...{ windowMs: asking.reversalWindowMs, openMs: asking.reversalOpenMs },
      })
      const reversal = outcome.kind === 'held' ? await readReversal(tx, id) : null
      if (outcome.kind !== 'held' || reversal === null) return { outcome, told: null }
      const actor = { kind: 'subscriber', id: caller.id } as const
      const payload = { original: originalId, held: String(outcome.held) }
      await audit.record(tx, { actor, action: 'reversal.asked', subject: id, payload })
      return { outcome, told: await notices.askedBack(tx, reversal) }
    })
    if (told !== null) notices.send(told)
    switch (outcome.kind) {
      case 'held':
      case 'known':
        return { outcome: 'held', values: { held: String(outcome.held), until: outcome.expiresAt.getTime() } }
      case 'not_found':
      case 'late':
        return { outcome: 'too_late' }
      default:
        return { outcome: outcome.kind }
    }
  },
)

const answered = { done: { reference: { type: 'text', max: 10 } }, gone: {} } as const

/** The payee gives back what is kept. */
export const giveBack: Action = defineAction(
  { name: 'give-back', effect: 'write', asks: 'pin', input: { request: { type: 'opaque' } }, outcomes: answered },
  (services, context, { request }) => end(services, context, String(request), true),
)

/** The payee keeps the money; saying so again changes nothing. */
export const keepMoney: Action = defineAction(
  { name: 'keep-money', effect: 'record', input: { request: { type: 'opaque' } }, outcomes: answered },
  (services, context, { request }) => end(services, context, String(request), false),
)

type Answered = { outcome: 'done'; values: { reference: string } } | { outcome: 'gone'; values?: undefined }

async function end(
  { database, notices, audit }: Services,
  { caller }: ActionContext,
  request: string,
  settle: boolean,
): Promise<Answered> {
  const id = request as TransferId
  const giverId: SubscriberId = caller.id
  const done = await database.transaction(async (tx) => {
    const ended = await endReversal(tx, id, { by: 'giver', giverId, settle })
    const reversal = await readReversal(tx, id)
    if (reversal === null || reversal.giverId !== giverId) return null
    if (ended.kind !== 'posted' && ended.kind !== 'voided') {
      const isSame = (await stateOf(tx, id)) === (settle ? 'SETTLED' : 'REJECTED')
      return isSame ? { reference: reversal.reference, told: null } : null
    }
    const actor = { kind: 'subscriber', id: giverId } as const
    await audit.record(tx, { actor, action: settle ? 'reversal.agreed' : 'reversal.refused', subject: id, payload: {} })
    return { reference: reversal.reference, told: await notices.reversalEnded(tx, reversal, ended) }
  })
  if (done === null) return { outcome: 'gone' }
  if (done.told !== null) notices.send(done.told)
  return { outcome: 'done', values: { reference: done.reference } }
}
