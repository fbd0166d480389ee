import { z } from 'zod'
import type { Currency } from '../../domain/money.ts'
import type { MoveOutcome, RemoteAccount } from '../account-provider.ts'
import { readAmount } from './amounts.ts'

/** What a resource must agree with to be about our payment; null: not said in our request, so not compared. */
export type Expected = {
  readonly reference: string
  readonly amount: bigint | null
  readonly currency: Currency
  readonly type: string | null
  readonly debit: RemoteAccount | null
  readonly credit: RemoteAccount | null
  /** Of a reversal: what is taken back. */
  readonly original: string | null
}

const parties = z.array(z.object({ key: z.string(), value: z.string() })).max(10)

/** Schemas `responseTransaction` and `responseReversal`, as far as read. */
const transaction = z.object({
  transactionReference: z.string().min(1).max(256),
  transactionStatus: z.string().min(1).max(256),
  type: z.string().optional(),
  amount: z.string().optional(),
  currency: z.string().optional(),
  creditParty: parties.optional(),
  debitParty: parties.optional(),
  requestingOrganisationTransactionReference: z.string().optional(),
  originalTransactionReference: z.string().optional(),
})

/** The schema leaves the words of states free; these are the ones in use, without regard to case and spaces. */
const WORDS: Readonly<Record<string, 'done' | 'pending' | 'refused'>> = {
  ...{ completed: 'done', complete: 'done', success: 'done', successful: 'done', succeeded: 'done', paid: 'done' },
  ...{ pending: 'pending', processing: 'pending', inprogress: 'pending', accepted: 'pending', initiated: 'pending' },
  ...{ submitted: 'pending', created: 'pending', onhold: 'pending', queued: 'pending' },
  ...{ failed: 'refused', failure: 'refused', declined: 'refused', rejected: 'refused', cancelled: 'refused' },
}

/** The word's meaning; null for one that nobody told us. */
export function meaningOfStatus(word: string): 'done' | 'pending' | 'refused' | null {
  return WORDS[word.toLowerCase().replace(/[^a-z]/g, '')] ?? null
}

/** What a transaction or reversal says about the payment expected. */
export function readTransaction(body: unknown, expected: Expected): MoveOutcome {
  const parsed = transaction.safeParse(body)
  if (!parsed.success) return { kind: 'unknown', cause: 'unreadable transaction' }
  if (!isAbout(parsed.data, expected)) return { kind: 'unknown', cause: 'answer about another transaction' }
  const { transactionStatus, transactionReference } = parsed.data
  switch (meaningOfStatus(transactionStatus)) {
    case 'done':
      return { kind: 'done', partnerReference: transactionReference }
    case 'pending':
      return { kind: 'pending', partnerReference: `/transactions/${encodeURIComponent(transactionReference)}` }
    case 'refused':
      return { kind: 'refused', reason: transactionStatus.slice(0, 100) }
    case null:
      return { kind: 'unknown', cause: 'a state nobody told us' }
  }
}

function isAbout(said: z.infer<typeof transaction>, expected: Expected): boolean {
  const agrees = (one: string | undefined, other: string | null): boolean =>
    one === undefined || other === null || one === other
  // A reversal need not repeat them; what a transaction must say, the schema says.
  const silent = expected.original !== null && said.amount === undefined && said.currency === undefined
  const sameMoney =
    silent || (said.currency === expected.currency && agreesInAmount(said.amount, expected.amount, expected.currency))
  return (
    sameMoney &&
    agrees(said.requestingOrganisationTransactionReference || undefined, expected.reference) &&
    agrees(said.type, expected.type) &&
    (expected.original === null || said.originalTransactionReference === expected.original) &&
    isParty(said.debitParty, expected.debit) &&
    isParty(said.creditParty, expected.credit)
  )
}

function agreesInAmount(said: string | undefined, expected: bigint | null, currency: Currency): boolean {
  return said !== undefined && (expected === null || readAmount(said, currency) === expected)
}

/** A provider may add identifiers of its own; the one that we named must not have another value. */
function isParty(said: readonly { key: string; value: string }[] | undefined, expected: RemoteAccount | null): boolean {
  if (said === undefined || expected === null) return true
  const named = said.filter(({ key }) => key.toLowerCase() === expected.type)
  return named.every(({ value }) => sameAccount(expected.type, value, expected.value))
}

/** A number with or without its `+` is the same. */
function sameAccount(type: RemoteAccount['type'], one: string, other: string): boolean {
  return type === 'msisdn' ? one.replace(/\D/g, '') === other.replace(/\D/g, '') : one === other
}
