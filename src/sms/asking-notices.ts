import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { shortName } from '../domain/names.ts'
import type { MoneyRequest } from '../ledger/money-request.ts'
import type { EndOutcome, Reversal } from '../ledger/reversal.ts'
import type { Json } from '../menu/contract.ts'
import type { Messages } from '../menu/messages.ts'
import type { Sealer } from '../security/sealing.ts'
import { findById, type Subscriber } from '../subscribers/find.ts'
import { dropSms, holdSms } from './hold.ts'
import { enqueueSms, type QueuedSms } from './outbox.ts'

/**
 * What people are told when somebody asks money of them or wants it back, written in the transaction of the fact. Hand what is returned
 * to `send` after the commit.
 */
export type AskingNotices = {
  readonly requested: (tx: Queryable, request: MoneyRequest) => Promise<Notices>
  readonly declined: (tx: Queryable, request: MoneyRequest) => Promise<Notices>
  readonly askedBack: (tx: Queryable, reversal: Reversal) => Promise<Notices>
  readonly reversalEnded: (tx: Queryable, reversal: Reversal, ended: Ended) => Promise<Notices>
  readonly send: (notices: Notices) => void
}

type Ended = Extract<EndOutcome, { kind: 'posted' | 'voided' }>

/** `offer`: a dialogue to open on that phone; its message waits until it is known whether it was shown. */
export type Notices = { readonly queued: readonly QueuedSms[]; readonly offer: DialogueOffer | null }

export type DialogueOffer = {
  readonly to: Msisdn
  readonly inputs: readonly string[]
  readonly messageId: string
}

export type AskingNoticeDependencies = {
  readonly sealer: Sealer
  readonly messages: () => Messages
  /** What leads to where a person answers: what to dial, and the same as inputs of a dialogue. */
  readonly answerCode: () => { readonly dial: string; readonly inputs: readonly string[] }
  readonly ring: (message: QueuedSms) => void
  /** Opens a dialogue instead of a message held for so long; null where no network can. */
  readonly offers: { readonly heldSeconds: number; readonly make: (offer: DialogueOffer) => void } | null
}

type Values = Record<string, Json>

export function makeAskingNotices(dependencies: AskingNoticeDependencies): AskingNotices {
  const { sealer, messages, answerCode, ring, offers } = dependencies

  async function person(tx: Queryable, id: SubscriberId): Promise<Subscriber> {
    const found = await findById(tx, sealer, id)
    if (found === null) throw new Error(`subscriber ${id} of a request is not on file`)
    return found
  }

  async function tell(
    tx: Queryable,
    to: Subscriber,
    fact: string,
    message: string,
    values: Values,
  ): Promise<QueuedSms[]> {
    const queued = await enqueueSms(tx, sealer, {
      ...{ factKey: fact, subscriberId: to.id, to: to.number, priority: 'receipt', expiresAt: null },
      body: { kind: 'text', text: messages().render(message, to.language, values) },
    })
    return queued === null ? [] : [queued]
  }

  /** Takes back the message that asks for an answer, where it waits behind a dialogue or for a link: it would ask anew. */
  async function takeBack(tx: Queryable, fact: string): Promise<void> {
    const { rows } = await tx.query<{ id: string }>('SELECT id FROM sms_outbox WHERE fact_key = $1', [fact])
    for (const { id } of rows) await dropSms(tx, id, 'answered')
  }

  /** The message that asks for an answer, or the dialogue in which it is given. */
  async function ask(tx: Queryable, to: Subscriber, fact: string, message: string, values: Values): Promise<Notices> {
    const { dial, inputs } = answerCode()
    const [queued] = await tell(tx, to, fact, message, { ...values, dial })
    if (queued === undefined) return NOTHING
    if (offers === null) return { queued: [queued], offer: null }
    await holdSms(tx, queued.id, offers.heldSeconds)
    return { queued: [], offer: { to: to.number, inputs, messageId: queued.id } }
  }

  const named = ({ name, number }: Subscriber): Values => ({ name: shortName(name), number })

  return {
    async requested(tx, { id, requesterId, payerId, amount }) {
      const [requester, payer] = [await person(tx, requesterId), await person(tx, payerId)]
      return ask(tx, payer, `${id}:asked`, 'money_asked', { ...named(requester), amount: String(amount) })
    },
    async declined(tx, { id, requesterId, payerId, amount }) {
      const [requester, payer] = [await person(tx, requesterId), await person(tx, payerId)]
      const values = { name: shortName(payer.name), amount: String(amount) }
      return { queued: await tell(tx, requester, `${id}:declined`, 'money_declined', values), offer: null }
    },
    async askedBack(tx, { id, giverId, receiverId, amount, expiresAt, original }) {
      const [giver, receiver] = [await person(tx, giverId), await person(tx, receiverId)]
      const held = { amount: String(amount), reference: original.reference }
      const asked = { ...held, ...named(receiver), at: original.at.getTime() }
      const told = { ...held, name: shortName(giver.name), until: expiresAt.getTime() }
      const queued = await tell(tx, receiver, `${id}:payee`, 'back_asked', told)
      const question = await ask(tx, giver, `${id}:payer`, 'back_wanted', asked)
      return { queued: [...queued, ...question.queued], offer: question.offer }
    },
    async reversalEnded(tx, reversal, { kind, giverAvailable, receiverAvailable }) {
      const { id, giverId, receiverId, amount, reference, original } = reversal
      const [giver, receiver] = [await person(tx, giverId), await person(tx, receiverId)]
      const [toReceiver, toGiver] = kind === 'posted' ? ['back_came', 'back_gave'] : ['back_refused', 'back_kept']
      const said = { reference: kind === 'posted' ? reference : original.reference, amount: String(amount) }
      const ofReceiver = { ...said, name: shortName(giver.name), balance: String(receiverAvailable) }
      const ofGiver = { ...said, name: shortName(receiver.name), balance: String(giverAvailable) }
      await takeBack(tx, `${id}:payer`)
      const queued = [
        ...(await tell(tx, receiver, `${id}:ended:payee`, toReceiver, ofReceiver)),
        ...(await tell(tx, giver, `${id}:ended:payer`, toGiver, ofGiver)),
      ]
      return { queued, offer: null }
    },
    send({ queued, offer }) {
      for (const each of queued) ring(each)
      if (offer !== null) offers?.make(offer)
    },
  }
}

const NOTHING: Notices = { queued: [], offer: null }
