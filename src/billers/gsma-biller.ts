import { amountDue, type BillPayment, billSubject, payBill, queryBill } from '../account-providers/gsma/bills.ts'
import { judge } from '../account-providers/gsma/callbacks.ts'
import type { GsmaSettings } from '../account-providers/gsma/settings.ts'
import { queryTransaction, reverse } from '../account-providers/gsma/transactions.ts'
import type { Currency } from '../domain/money.ts'
import type { Biller, CheckOutcome, Payment, PayOutcome } from './biller.ts'

/** One entry of `PROVIDER_BILLERS`: a company that takes bills through a provider of `ACCOUNT_PROVIDERS`. */
export type GsmaBillerSettings = {
  readonly id: string
  readonly name: string
  readonly accountDigits: number
  readonly mostAtOnce: number
  /** The company as the provider knows it. */
  readonly serviceProvider: string
  readonly provider: GsmaSettings
  /** What its bills are in. */
  readonly currency: Currency
}

/** A company reached through the bill payments of the GSMA Mobile Money API 1.2 (docs/account-providers.md). */
export function makeGsmaBiller(settings: GsmaBillerSettings): Biller {
  const { id, name, accountDigits, mostAtOnce, provider, serviceProvider } = settings
  const wire = ({ account, reference, amount, currency, partnerReference }: Payment): BillPayment => ({
    ...{ serviceProvider, consumer: account, reference, amount, currency },
    ...(partnerReference == null ? {} : { partnerReference }),
  })
  return {
    id,
    name,
    service: 'bill',
    amounts: null,
    mostAtOnce,
    accountDigits,
    timeoutMs: provider.timeoutMs,
    check: (account) => check(settings, account),
    pay: async (payment) => paid(await payBill(provider, wire(payment))),
    query: async (payment) => {
      const outcome = await queryBill(provider, wire(payment))
      return outcome.kind === 'not_found' ? outcome : paid(outcome)
    },
    reversals: {
      reverse: (reversal) => reverse(provider, reversal),
      query: (reversal) => queryTransaction(provider, { what: 'reverse', reversal }),
    },
    callbacks: {
      from: provider.id,
      judge: (callback, payment) => judge(callback, billSubject(wire(payment))),
    },
  }
}

async function check(
  { provider, serviceProvider, currency }: GsmaBillerSettings,
  consumer: string,
): Promise<CheckOutcome> {
  const found = await amountDue(provider, { serviceProvider, consumer }, currency)
  switch (found.kind) {
    case 'known':
      return { kind: 'known', holder: null, due: found.value.due }
    case 'unknown_account':
    case 'unavailable':
      return found
  }
}

/** The notification is the company's SMS text; where it is nothing but a token, the customer gets it. */
function paid(outcome: Awaited<ReturnType<typeof payBill>>): PayOutcome {
  if (outcome.kind !== 'done') return outcome
  const token = outcome.notification?.replace(/[\s-]/g, '') ?? ''
  return {
    kind: 'done',
    partnerReference: outcome.partnerReference.slice(0, 100),
    receipt: /^\d{1,20}$/.test(token) ? { token } : {},
  }
}
