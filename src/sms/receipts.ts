import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import { shortName } from '../domain/names.ts'
import type { OwnWallet } from '../ledger/savings.ts'
import { balanceOf } from '../ledger/statement.ts'
import type { TransferFacts } from '../ledger/transfer.ts'
import type { Json } from '../menu/contract.ts'
import type { Messages } from '../menu/messages.ts'
import type { Sealer } from '../security/sealing.ts'
import { findByIds, type Subscriber } from '../subscribers/find.ts'
import { type QuietHours, whenToInform } from './informing.ts'
import { enqueueAllSms, type OutgoingSms, type QueuedSms } from './outbox.ts'

/** What the parties to a transfer are told, written in the transaction of the fact; ring for what is returned after the commit. */
export type Receipts = {
  settled(tx: Queryable, transfer: TransferFacts): Promise<QueuedSms[]>
  /** The same for many, in the order in which they settled; two statements for all of them. */
  settledAll(tx: Queryable, transfers: readonly TransferFacts[]): Promise<QueuedSms[]>
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

/** The message that names one of a person's own wallets to its owner. */
export const OWN_NAMES: Readonly<Record<OwnWallet, string>> = { main: 'own_main', savings: 'own_savings' }

type Values = Record<string, Json>

/** Receipts in each party's own language. */
export function makeReceipts(dependencies: ReceiptDependencies): Receipts {
  const { sealer, messages, nameOfBiller, lowBalance, quiet } = dependencies
  function message(
    to: Subscriber,
    factKey: string,
    name: string,
    values: Values,
    unasked: Pick<OutgoingSms, 'category' | 'notBefore'> = {},
  ): OutgoingSms {
    const body = { kind: 'text', text: messages().render(name, to.language, values) } as const
    return { factKey, subscriberId: to.id, to: to.number, body, priority: 'receipt', expiresAt: null, ...unasked }
  }

  type People = (id: SubscriberId) => Subscriber

  async function partiesOf(tx: Queryable, transfers: readonly TransferFacts[]): Promise<People> {
    const ids = transfers.flatMap(({ payerId, payee }) =>
      payee.kind === 'subscriber' ? [payerId, payee.id] : [payerId],
    )
    const found = await findByIds(tx, sealer, ids)
    return (id) => {
      const person = found.get(id)
      if (person === undefined) throw new Error(`subscriber ${id} of a transfer is not on file`)
      return person
    }
  }

  /**
   * Told by the debit that takes the balance over the threshold, and by no further one. What is held for other transfers counts as still
   * there, since each of these is a debit of its own when it settles.
   */
  async function lowBalanceOf(tx: Queryable, payer: Subscriber, transfer: TransferFacts): Promise<OutgoingSms[]> {
    const { id, at, amount, fee, payerAvailable, into } = transfer
    // What is taken out of savings leaves the balance higher.
    if (into === 'main') return []
    const threshold = lowBalance[payer.tier]
    if (threshold === undefined || payerAvailable === null || payerAvailable >= threshold) return []
    const after = transfer.payerBalance ?? (await balanceNow(tx, payer.id))
    if (after >= threshold || after + amount + fee < threshold) return []
    const values = { ...balance(payerAvailable), at: at.getTime() }
    const unasked = { category: 'informing', notBefore: whenToInform(quiet) } as const
    return [message(payer, `${id}:low-balance`, 'low_balance', values, unasked)]
  }

  async function balanceNow(tx: Queryable, id: SubscriberId): Promise<bigint> {
    const { available, held } = await balanceOf(tx, id)
    return available + held
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

  /** Payer and payee are one: one message, of both wallets. */
  function ownReceipt({ into, payerAvailable, payeeAvailable }: TransferFacts, common: Values): [string, Values] {
    const [main, savings] = into === 'savings' ? [payerAvailable, payeeAvailable] : [payeeAvailable, payerAvailable]
    const values = { ...common, ...balance(main), savings: String(savings ?? 0n) }
    return [into === 'savings' ? 'put_aside' : 'taken_out', values]
  }

  function settledMessages(person: People, transfer: TransferFacts): OutgoingSms[] {
    const { id, payee, fee, token } = transfer
    const payer = person(transfer.payerId)
    const common = { ...facts(transfer), fee: String(fee), ...balance(transfer.payerAvailable) }
    if (payee.kind === 'biller' && transfer.kind === 'airtime') {
      return [message(payer, `${id}:payer`, 'airtime_bought', { ...common, number: payee.account })]
    }
    if (payee.kind === 'linked') return [linkedMessage(payer, transfer, payee.id)]
    if (payee.kind === 'biller') {
      const values = { ...common, ...bill({ biller: payee.id, account: payee.account }) }
      return [
        token === null
          ? message(payer, `${id}:payer`, 'bill_paid', values)
          : message(payer, `${id}:payer`, 'bill_paid_token', { ...values, token }),
      ]
    }
    if (transfer.into !== undefined) return [message(payer, `${id}:payer`, ...ownReceipt(transfer, common))]
    const receiver = person(payee.id)
    const net = { ...facts(transfer), amount: String(transfer.payeeReceives) }
    const received = { ...net, ...named(payer), ...balance(transfer.payeeAvailable) }
    return [
      message(payer, `${id}:payer`, 'sent', { ...common, ...named(receiver) }),
      message(receiver, `${id}:payee`, 'received', received),
    ]
  }

  /** Money from or to one's own account elsewhere; the balance told is that of the wallet. */
  function linkedMessage(owner: Subscriber, transfer: TransferFacts, provider: string): OutgoingSms {
    const { id, kind, fee, keptFrom, payerAvailable, payeeAvailable } = transfer
    const isIn = kind === 'collect'
    const values = { ...facts(transfer), fee: String(fee), provider: nameOfBiller(provider) }
    const after = balance(isIn ? payeeAvailable : payerAvailable)
    if (keptFrom !== undefined)
      return message(owner, `${id}:payer`, 'collected_kept', { ...values, ...after, name: keptFrom })
    return message(owner, `${id}:payer`, isIn ? 'collected' : 'disbursed', { ...values, ...after })
  }

  async function settledAll(tx: Queryable, transfers: readonly TransferFacts[]): Promise<QueuedSms[]> {
    const person = await partiesOf(tx, transfers)
    const outgoing: OutgoingSms[] = []
    for (const transfer of transfers) {
      outgoing.push(...settledMessages(person, transfer))
      outgoing.push(...(await lowBalanceOf(tx, person(transfer.payerId), transfer)))
    }
    return enqueueAllSms(tx, sealer, outgoing)
  }

  return {
    settled: (tx, transfer) => settledAll(tx, [transfer]),
    settledAll,

    async rejected(tx, transfer) {
      const { id, payee } = transfer
      const person = await partiesOf(tx, [transfer])
      const payer = person(transfer.payerId)
      const values = { ...facts(transfer), ...balance(transfer.payerAvailable) }
      const told = (name: string, more: Values) => message(payer, `${id}:payer`, name, { ...values, ...more })
      if (payee.kind === 'linked') {
        const bare = { ...facts(transfer), provider: nameOfBiller(payee.id) }
        const refused = transfer.kind === 'collect' ? 'not_collected' : 'not_disbursed'
        return enqueueAllSms(tx, sealer, [message(payer, `${id}:payer`, refused, bare)])
      }
      if (payee.kind !== 'biller') return enqueueAllSms(tx, sealer, [told('not_sent', named(person(payee.id)))])
      const refusal =
        transfer.kind === 'airtime'
          ? told('airtime_refused', { number: payee.account })
          : told('bill_refused', bill({ biller: payee.id, account: payee.account }))
      return enqueueAllSms(tx, sealer, [refusal])
    },

    async delayed(tx, transfer) {
      const { id, payee } = transfer
      const person = await partiesOf(tx, [transfer])
      const payer = person(transfer.payerId)
      const name =
        transfer.into !== undefined
          ? messages().render(OWN_NAMES[transfer.into], payer.language, {})
          : payee.kind === 'subscriber'
            ? shortName(person(payee.id).name)
            : nameOfBiller(payee.id)
      const template = transfer.kind === 'collect' ? 'collect_delayed' : 'delayed'
      return enqueueAllSms(tx, sealer, [message(payer, `${id}:delay`, template, { ...facts(transfer), name })])
    },
  }
}
