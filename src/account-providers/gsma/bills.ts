import { z } from 'zod'
import type { Currency } from '../../domain/money.ts'
import type { BillCompany, Lookup, MoveOutcome, QueryOutcome } from '../account-provider.ts'
import { lookupOf } from './accounts.ts'
import { readAmount, wireAmount } from './amounts.ts'
import { ask, type Subject, sent } from './ask.ts'
import { correlationIdOf } from './correlation.ts'
import { deadlineOf, get, post } from './http.ts'
import { meaningOfStatus } from './read-resource.ts'
import type { GsmaSettings } from './settings.ts'
import { callbackUrlOf } from './transactions.ts'

/** A customer's number at a company that takes bills through the provider. */
export type BillAccount = { readonly serviceProvider: string; readonly consumer: string }

/** A payment of bills; amounts in minor units. */
export type BillPayment = BillAccount & {
  readonly reference: string
  readonly amount: bigint
  readonly currency: Currency
  readonly partnerReference?: string
}

/** `notification`: what the company wants its customer to read. */
export type BillOutcome =
  | Exclude<MoveOutcome, { kind: 'done' }>
  | { readonly kind: 'done'; readonly partnerReference: string; readonly notification: string | null }

/** Schema `responseBillCompanies`. */
const companies = z.array(z.object({ serviceProvider: z.string().max(256), companyName: z.string().max(256) })).max(50)

/** Schema `responseBills`. */
const bills = z
  .array(
    z.object({
      billReference: z.string().max(256).optional(),
      billStatus: z.string().optional(),
      amountDue: z.string().optional(),
      currency: z.string().optional(),
    }),
  )
  .max(50)

/** Schema `responseBillPayment2`; it was once `paidAmount`. */
const payment = z
  .object({
    billPaymentStatus: z.string().max(256),
    amountPaid: z.string().optional(),
    paidAmount: z.string().optional(),
    currency: z.string(),
    requestingOrganisationTransactionReference: z.string().optional(),
    serviceProviderPaymentReference: z.string().max(256).optional(),
    serviceProviderNotification: z.string().max(1024).optional(),
  })
  .transform(({ paidAmount, amountPaid = paidAmount ?? '', ...rest }) => ({ ...rest, amountPaid }))
type WirePayment = z.infer<typeof payment>

/** The first fifty companies that take bills. GET /billcompanies */
export async function billCompanies(settings: GsmaSettings): Promise<Lookup<readonly BillCompany[]>> {
  return lookupOf(await get(settings, '/billcompanies', deadlineOf(settings)), (body) => {
    const read = companies.safeParse(body)
    return read.success
      ? read.data.map(({ serviceProvider, companyName }) => ({ id: serviceProvider, name: companyName }))
      : null
  })
}

/** What a customer owes in all, or null where the company names no amount. GET …/bills */
export async function amountDue(
  settings: GsmaSettings,
  account: BillAccount,
  currency: Currency,
): Promise<Lookup<{ readonly due: bigint | null }>> {
  const answer = await get(settings, `${pathOf(account)}/bills`, deadlineOf(settings))
  return lookupOf(answer, (body) => {
    const read = bills.safeParse(body)
    if (!read.success) return null
    const open = read.data.filter(({ billStatus }) => billStatus !== 'paid')
    const amounts = open.map((bill) => (bill.currency === currency ? readAmount(bill.amountDue ?? '', currency) : null))
    if (amounts.length === 0 || amounts.some((amount) => amount === null)) return { due: null }
    return { due: amounts.reduce<bigint>((sum, amount) => sum + (amount ?? 0n), 0n) }
  })
}

/** Pays to the customer's number rather than to one bill, as people pay at a counter. POST …/bills/payments */
export async function payBill(settings: GsmaSettings, paying: BillPayment): Promise<BillOutcome> {
  const { reference, amount, currency } = paying
  const body = {
    requestingOrganisationTransactionReference: reference,
    amountPaid: wireAmount(amount, currency),
    currency,
    requestDate: new Date().toISOString(),
  }
  const said = saidOf(paying)
  const send = { correlationId: said.correlationId, callbackUrl: callbackUrlOf(settings, reference), body }
  return said.whole(
    await sent(await post(settings, `${pathOf(paying)}/bills/payments`, send, deadlineOf(settings)), said),
  )
}

/** What became of it. */
export async function queryBill(
  settings: GsmaSettings,
  paying: BillPayment,
): Promise<BillOutcome | Extract<QueryOutcome, { kind: 'not_found' }>> {
  const said = saidOf(paying)
  const outcome = await ask(settings, said, deadlineOf(settings))
  return outcome.kind === 'not_found' ? outcome : said.whole(outcome)
}

/** How a callback about it is read. */
export function billSubject(paying: BillPayment): Subject {
  return saidOf(paying)
}

/** A subject that remembers the notification which came with `done`: outcomes of the API's other resources have none. */
function saidOf(paying: BillPayment): Subject & { readonly whole: (outcome: MoveOutcome) => BillOutcome } {
  let notification: string | null = null
  const read = (found: WirePayment | null): MoveOutcome => {
    notification = found?.serviceProviderNotification ?? null
    return found === null ? { kind: 'unknown', cause: 'unreadable bill payment' } : outcomeOf(found, paying)
  }
  return {
    correlationId: correlationIdOf('bill', paying.reference),
    read: (resource) => read(payment.safeParse(resource).data ?? listed(resource, paying)),
    // A payment has no address of its own: those of the account are listed, so only one that names our reference is ours.
    pathOf: () => `${pathOf(paying)}/bills/payments`,
    readListed: (resource) => read(listed(resource, paying)),
    whole: (outcome) => (outcome.kind === 'done' ? { ...outcome, notification } : outcome),
    ...(paying.partnerReference === undefined ? {} : { partnerReference: paying.partnerReference }),
  }
}

/** Ours among the payments of an account; the schema answers with one where the text says a list. */
function listed(resource: unknown, { reference }: BillPayment): WirePayment | null {
  const payments = z.array(payment).max(50).safeParse([resource].flat())
  return payments.data?.find((each) => each.requestingOrganisationTransactionReference === reference) ?? null
}

function outcomeOf(found: WirePayment, { reference, amount, currency }: BillPayment): MoveOutcome {
  const its = found.requestingOrganisationTransactionReference || reference
  const sameMoney = found.currency === currency && readAmount(found.amountPaid, currency) === amount
  if (its !== reference || !sameMoney) return { kind: 'unknown', cause: 'answer about another payment' }
  switch (meaningOfStatus(found.billPaymentStatus)) {
    case 'done':
      return { kind: 'done', partnerReference: found.serviceProviderPaymentReference || reference }
    case 'pending':
      return { kind: 'pending' }
    case 'refused':
      return { kind: 'refused', reason: found.billPaymentStatus.slice(0, 100) }
    case null:
      return { kind: 'unknown', cause: 'a state nobody told us' }
  }
}

/** An account by company and customer (path parameter `accountId`: `a@x$b@y`). */
function pathOf({ serviceProvider, consumer }: BillAccount): string {
  return `/accounts/${encodeURIComponent(`serviceprovider@${serviceProvider}$consumerno@${consumer}`)}`
}
