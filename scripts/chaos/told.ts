import { type Claim, readClaims } from './claims.ts'
import type { Facts, TransferFact } from './facts.ts'
import type { History, Journey } from './history.ts'
import type { Violation } from './invariants.ts'

/** A transaction's time is of its beginning; clocks of one machine read through two programs differ by less than this. */
const CLOCKS_MS = 5

type Said = { readonly claim: Claim; readonly atMs: number; readonly to: string }

/** I6: what phones were told, on screens and by SMS, is what happened. `atRest`: also what must have happened by now. */
export function checkTold(facts: Facts, history: History, atRest: boolean): Violation[] {
  const transfers = new Map(facts.transfers.map((transfer) => [transfer.reference, transfer]))
  const settledAt = new Map(
    facts.moves.flatMap(({ transferId, to, atMs }) => (to === 'SETTLED' ? [[transferId, atMs] as const] : [])),
  )
  const one = (said: Said): Violation[] => judge(said, transfers, settledAt, atRest)
  return [
    ...history.journeys.flatMap((journey) => saidIn(journey).flatMap(one)),
    ...history.messages.flatMap(({ subscriberId, atMs, words }) =>
      readClaims(words).flatMap((claim) => one({ claim, atMs, to: subscriberId })),
    ),
    ...history.journeys.flatMap((journey) => judgeJourney(journey, facts)),
    ...receivedOnce(history),
    ...unaskedTransfers(facts, history),
    ...shownBalances(facts, history),
  ]
}

function saidIn({ payerId, calls }: Journey): Said[] {
  return calls.flatMap(({ words, endedAtMs }) =>
    words === null ? [] : readClaims(words).map((claim) => ({ claim, atMs: endedAtMs, to: payerId })),
  )
}

/** What names a transfer, against that transfer. */
function judge(
  { claim, atMs, to }: Said,
  transfers: ReadonlyMap<string, TransferFact>,
  settledAt: ReadonlyMap<string, number>,
  atRest: boolean,
): Violation[] {
  if (claim.kind !== 'settled' && claim.kind !== 'rejected' && claim.kind !== 'accepted') return []
  const { reference } = claim
  const wrong = (fact: string): Violation[] => [{ invariant: 'I6', fact: `${reference} ${fact}` }]
  const transfer = transfers.get(reference)
  if (transfer === undefined) return wrong('was told and is no transfer')
  const party = claim.kind === 'settled' && claim.by === 'payee' ? transfer.payeeId : transfer.payerId
  if (party !== to) return wrong('was told to somebody who is no party to it')
  const isSettled = transfer.state === 'SETTLED' || transfer.state === 'REVERSED'
  if (claim.kind === 'settled') {
    if (!isSettled) return wrong(`was told to be done and is ${transfer.state}`)
    const sinceMs = settledAt.get(transfer.id)
    if (sinceMs !== undefined && sinceMs > atMs + CLOCKS_MS) return wrong('was told to be done before it was')
  }
  if (claim.kind === 'rejected' && transfer.state !== 'REJECTED')
    return wrong(`was told to be refused and is ${transfer.state}`)
  if (atRest && claim.kind === 'accepted' && !isSettled && transfer.state !== 'REJECTED')
    return wrong('was told to be under way and has not ended')
  return []
}

/** "No money moved" in a dialogue means that it has no transfer, before and after, unless that one was given back. */
function judgeJourney(journey: Journey, { transfers }: Facts): Violation[] {
  const own = transfersOf(journey, transfers)
  const found: Violation[] = []
  if (own.length > 1)
    found.push({ invariant: 'I5', fact: `${own.map(({ reference }) => reference).join(', ')} are of one dialogue` })
  const said = saidIn(journey)
  const moved = own.find(({ state }) => state !== 'REJECTED')
  if (moved !== undefined && said.some(({ claim }) => claim.kind === 'nothing moved'))
    found.push({
      invariant: 'I6',
      fact: `${moved.reference} is ${moved.state}, and its dialogue said that no money moved`,
    })
  return found
}

/** No fact comes twice to one phone. */
function receivedOnce({ messages }: History): Violation[] {
  const seen = new Set<string>()
  return messages.flatMap(({ subscriberId, words }) =>
    readClaims(words).flatMap((claim) => {
      if (claim.kind !== 'settled' && claim.kind !== 'rejected' && claim.kind !== 'accepted') return []
      const key = `${subscriberId} ${claim.kind} ${claim.reference}`
      if (!seen.has(key)) {
        seen.add(key)
        return []
      }
      return [{ invariant: 'I6', fact: `the SMS that ${claim.reference} is ${claim.kind} came twice` }]
    }),
  )
}

/** No transfer without a dialogue in which its PIN was typed. */
function unaskedTransfers({ transfers }: Facts, { journeys }: History): Violation[] {
  const asked = new Set(
    journeys.filter(({ confirmed }) => confirmed).map(({ payerId, amount }) => `${payerId} ${amount}`),
  )
  return transfers.flatMap(({ payerId, amount, reference }) =>
    asked.has(`${payerId} ${amount}`) ? [] : [{ invariant: 'I5', fact: `nobody typed a PIN for ${reference}` }],
  )
}

/** What a screen calls the balance was the balance after some entry. */
function shownBalances({ accounts, entries }: Facts, { journeys }: History): Violation[] {
  const wallets = new Map(
    accounts.flatMap(({ id, kind, code, ownerId }) =>
      kind === 'wallet' && code === 'main' ? [[ownerId, id] as const] : [],
    ),
  )
  return journeys.flatMap((journey) => {
    const wallet = wallets.get(journey.payerId)
    return saidIn(journey).flatMap(({ claim }) => {
      if (claim.kind !== 'balance') return []
      const total = claim.available + claim.held
      const was = entries.some(
        ({ debit, credit, debitBalance, creditBalance }) =>
          (debit === wallet && debitBalance === total) || (credit === wallet && creditBalance === total),
      )
      return was ? [] : [{ invariant: 'I6', fact: `dialogue ${journey.id} showed a balance that never was` }]
    })
  })
}

/** The transfers of a dialogue: nobody else moves its amount. */
export function transfersOf({ payerId, amount }: Journey, transfers: readonly TransferFact[]): TransferFact[] {
  return amount === null
    ? []
    : transfers.filter((transfer) => transfer.payerId === payerId && transfer.amount === amount)
}
