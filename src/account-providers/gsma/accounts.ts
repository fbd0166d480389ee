import { z } from 'zod'
import { type Currency, exponents } from '../../domain/money.ts'
import type { Lookup, RemoteAccount, RemoteEntry } from '../account-provider.ts'
import { readAmount } from './amounts.ts'
import { readError } from './errors.ts'
import { type Answer, deadlineOf, get } from './http.ts'
import type { GsmaSettings } from './settings.ts'

const currency = z.enum(Object.keys(exponents) as [Currency, ...Currency[]])

/** Schema `responseAccountName`. */
const named = z.object({
  name: z.object({
    fullName: z.string().max(256).optional(),
    firstName: z.string().max(256).optional(),
    lastName: z.string().max(256).optional(),
  }),
})

/** Schema `responseAccountStatus`; the text beside it calls the field `status`. */
const stated = z
  .object({ accountStatus: z.string().optional(), status: z.string().optional() })
  .transform(({ accountStatus, status }) => (accountStatus ?? status ?? '').toLowerCase())

/** Schema `responseAccountBalance`. */
const balances = z.object({
  availableBalance: z.string().optional(),
  currentBalance: z.string().optional(),
  currency,
})

/** Schema `responseStatementEntries`. */
const entries = z
  .array(
    z.object({
      transactionReference: z.string().min(1).max(256),
      amount: z.string(),
      currency,
      creditParty: z.array(z.object({ key: z.string(), value: z.string() })),
      creationDate: z.string().optional(),
    }),
  )
  .max(50)

/** GET …/accountname. */
export function accountName(settings: GsmaSettings, account: RemoteAccount): Promise<Lookup<string>> {
  return look(settings, account, 'accountname', (body) => {
    const read = named.safeParse(body)
    if (!read.success) return null
    const { fullName, firstName = '', lastName = '' } = read.data.name
    return (fullName ?? `${firstName} ${lastName}`).trim() || null
  })
}

/** GET …/status; `unregistered` is no account. */
export async function accountStatus(
  settings: GsmaSettings,
  account: RemoteAccount,
): Promise<Lookup<'available' | 'unavailable'>> {
  const found = await look(settings, account, 'status', (body) => stated.safeParse(body).data ?? null)
  if (found.kind !== 'known') return found
  switch (found.value) {
    case 'available':
    case 'unavailable':
      return { kind: 'known', value: found.value }
    case 'unregistered':
      return { kind: 'unknown_account' }
    default:
      return { kind: 'unavailable' }
  }
}

/** GET …/balance. */
export function accountBalance(
  settings: GsmaSettings,
  account: RemoteAccount,
): Promise<Lookup<{ available: bigint; currency: Currency }>> {
  return look(settings, account, 'balance', (body) => {
    const read = balances.safeParse(body)
    if (!read.success) return null
    const { availableBalance, currentBalance, currency } = read.data
    const available = readAmount(availableBalance ?? currentBalance ?? '', currency)
    return available === null ? null : { available, currency }
  })
}

/** GET …/statemententries, newest first as the provider lists them. */
export function accountStatement(
  settings: GsmaSettings,
  account: RemoteAccount,
  count: number,
): Promise<Lookup<readonly RemoteEntry[]>> {
  return look(settings, account, `statemententries?limit=${count}`, (body) => {
    const read = entries.safeParse(body)
    if (!read.success) return null
    const lines = read.data
      .slice(0, count)
      .map(({ transactionReference, amount, currency, creditParty, creationDate }) => {
        const minor = readAmount(amount, currency)
        const came = creditParty.some(({ key, value }) => key === account.type && value === account.value)
        const at = creationDate === undefined || Number.isNaN(Date.parse(creationDate)) ? null : new Date(creationDate)
        return minor === null
          ? null
          : { partnerReference: transactionReference, amount: came ? minor : -minor, currency, at }
      })
    const whole = lines.filter((line) => line !== null)
    return whole.length === lines.length ? whole : null
  })
}

/** The path of an account with one identifier. */
function accountPath({ type, value }: RemoteAccount): string {
  return `/accounts/${type}/${encodeURIComponent(value)}`
}

/** Questions share a way of being answered: read it, or there is no such account, or nobody answers now. */
async function look<T>(
  settings: GsmaSettings,
  account: RemoteAccount,
  what: string,
  read: (body: unknown) => T | null,
): Promise<Lookup<T>> {
  const answer = await get(settings, `${accountPath(account)}/${what}`, deadlineOf(settings))
  return lookupOf(answer, read)
}

/** The answer to a question about an account. */
export function lookupOf<T>(answer: Answer, read: (body: unknown) => T | null): Lookup<T> {
  if (answer.status === 404 && readError(answer.body)?.category === 'identification') return { kind: 'unknown_account' }
  const value = answer.status === 200 ? read(answer.body) : null
  return value === null ? { kind: 'unavailable' } : { kind: 'known', value }
}
