import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import { shortName } from '../domain/names.ts'
import { balanceOf } from '../ledger/statement.ts'
import type { TransferFacts } from '../ledger/transfer.ts'
import type { Json } from '../menu/contract.ts'
import type { Messages } from '../menu/messages.ts'
import type { Sealer } from '../security/sealing.ts'
import { findById, type Subscriber } from '../subscribers/find.ts'
import { type QuietHours, whenToInform } from './informing.ts'
import { enqueueSms, type OutgoingSms, type QueuedSms } from './outbox.ts'

/** What the parties to a transfer are told, written in the transaction of the fact; ring for what is returned after the commit. */
export type Receipts = {
  settled(tx: Queryable, transfer: TransferFacts): Promise<QueuedSms[]>
  rejected(tx: Queryable, transfer: TransferFacts): Promise<QueuedSms[]>
  delayed(tx: Queryable, transfer: TransferFacts): Promise<QueuedSms[]>
}

export type ReceiptDependencies = {
  readonly sealer: Sealer
  readonly messages: () => Messages
  /** A biller's name as people know it. */
  readonly nameOfBiller: (id: string) => string
  /** By tier, in minor units: below it a balance is low. */
  readonly lowBalance: Readonly<Record<string, bigint>>
  readonly quiet: QuietHours
}

type Values = Record<string, Json>

/** Receipts in each party's own language. */
export function makeReceipts(dependencies: ReceiptDependencies): Receipts {
  const { sealer, messages, nameOfBiller, lowBalance, quiet } = dependencies
  async function tell(
    tx: Queryable,
    to: Subscriber,
    fact: string,
    message: string,
    values: Values,
    unasked: Pick<OutgoingSms, 'category' | 'notBefore'> = {},
  ): Promise<QueuedSms[]> {
    const text = messages().render(message, to.language, values)
    const body = { kind: 'text', text } as const
    const sms = {
      factKey: fact,
      subscriberId: to.id,
      to: to.number,
      body,
      priority: 'receipt',
      expiresAt: null,
      ...unasked,
    } as const
    const queued = await enqueueSms(tx, sealer, sms)
    return queued === null ? [] : [queued]
  }

  async function person(tx: Queryable, id: SubscriberId): Promise<Subscriber> {
    const found = await findById(tx, sealer, id)
    if (found === null) throw new Error(`subscriber ${id} of a transfer is not on file`)
    return found
  }

  /**
   * Told by the debit that takes the balance over the threshold, and by no further one. What is held for other transfers counts as still
   * there, since each of these is a debit of its own when it settles.
   */
  async function lowBalanceOf(tx: Queryable, payer: Subscriber, transfer: TransferFacts): Promise<QueuedSms[]> {
    const { id, at, amount, fee, payerAvailable } = transfer
    const threshold = lowBalance[payer.tier]
    if (threshold === undefined || payerAvailable === null || payerAvailable >= threshold) return []
    const { available, held } = await balanceOf(tx, payer.id)
    const after = available + held
    if (after >= threshold || after + amount + fee < threshold) return []
    const values = { ...balance(payerAvailable), at: at.getTime() }
    const unasked = { category: 'informing', notBefore: whenToInform(quiet) } as const
    return tell(tx, payer, `${id}:low-balance`, 'low_balance', values, unasked)
  }

  const named = ({ name, number }: Subscriber): Values => ({ name: shortName(name), number })
  const bill = ({ biller, account }: { biller: string; account: string }): Values => ({
    biller: nameOfBiller(biller),
    account,
  })
  const facts = ({ reference, amount, at }: TransferFacts): Values => ({
    reference,
    amount: String(amount),
    at: at.getTime(),
  })
  const balance = (available: bigint | null): Values => ({ balance: String(available ?? 0n) })

  return {
    async settled(tx, transfer) {
      const { id, payee, fee, token } = transfer
      const payer = await person(tx, transfer.payerId)
      const common = { ...facts(transfer), fee: String(fee), ...balance(transfer.payerAvailable) }
      if (payee.kind === 'biller' && transfer.kind === 'airtime') {
        const bought = await tell(tx, payer, `${id}:payer`, 'airtime_bought', { ...common, number: payee.account })
        return [...bought, ...(await lowBalanceOf(tx, payer, transfer))]
      }
      if (payee.kind === 'biller') {
        const values = { ...common, ...bill({ biller: payee.id, account: payee.account }) }
        const paid =
          token === null
            ? tell(tx, payer, `${id}:payer`, 'bill_paid', values)
            : tell(tx, payer, `${id}:payer`, 'bill_paid_token', { ...values, token })
        return [...(await paid), ...(await lowBalanceOf(tx, payer, transfer))]
      }
      const receiver = await person(tx, payee.id)
      const net = { ...facts(transfer), amount: String(transfer.payeeReceives) }
      const received = { ...net, ...named(payer), ...balance(transfer.payeeAvailable) }
      return [
        ...(await tell(tx, payer, `${id}:payer`, 'sent', { ...common, ...named(receiver) })),
        ...(await tell(tx, receiver, `${id}:payee`, 'received', received)),
        ...(await lowBalanceOf(tx, payer, transfer)),
      ]
    },

    async rejected(tx, transfer) {
      const { id, payee } = transfer
      const payer = await person(tx, transfer.payerId)
      const values = { ...facts(transfer), ...balance(transfer.payerAvailable) }
      if (payee.kind === 'biller' && transfer.kind === 'airtime')
        return tell(tx, payer, `${id}:payer`, 'airtime_refused', { ...values, number: payee.account })
      if (payee.kind === 'biller') {
        const billed = { ...values, ...bill({ biller: payee.id, account: payee.account }) }
        return tell(tx, payer, `${id}:payer`, 'bill_refused', billed)
      }
      return tell(tx, payer, `${id}:payer`, 'not_sent', { ...values, ...named(await person(tx, payee.id)) })
    },

    async delayed(tx, transfer) {
      const { id, payee } = transfer
      const payer = await person(tx, transfer.payerId)
      const name = payee.kind === 'biller' ? nameOfBiller(payee.id) : shortName((await person(tx, payee.id)).name)
      return tell(tx, payer, `${id}:delay`, 'delayed', { ...facts(transfer), name })
    },
  }
}
