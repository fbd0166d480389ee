import type { EntryFact, Facts, TransferFact } from './facts.ts'
import type { History } from './history.ts'

/** What does not hold: of which invariant (I1 to I10 of docs/chaos.md), and the fact, by references only. */
export type Violation = { readonly invariant: string; readonly fact: string }

const ENDS = ['SETTLED', 'REJECTED', 'REVERSED']
const PIN_ATTEMPTS = 3

/** True of every snapshot, whatever is going on. */
export function checkLedger(facts: Facts): Violation[] {
  return [
    ...trialBalance(facts),
    ...balancesFollowFromEntries(facts),
    ...entriesAreNumbered(facts),
    ...holdsAreKept(facts),
    ...nobodyIsOverdrawn(facts),
    ...onePostingEach(facts),
    ...movesFollowEdges(facts),
    ...effectsAreAudited(facts),
    ...pinsAreCounted(facts),
  ]
}

/** True once everything has come to rest. */
export function checkEnds(facts: Facts, { payments }: History): Violation[] {
  return [...everyTransferEnds(facts), ...oneReceiptEach(facts), ...payoutsMatch(facts, payments, true)]
}

/** Payouts at any time: `atRest` also wants each payment's transfer at the matching end. */
export function payoutsMatch(facts: Facts, payments: History['payments'], atRest: boolean): Violation[] {
  const found: Violation[] = []
  const byId = new Map(facts.transfers.map((transfer) => [transfer.id, transfer]))
  for (const { transferId, status, received, amount } of payments) {
    const transfer = byId.get(transferId)
    const name = transfer?.reference ?? transferId
    if (transfer === undefined)
      found.push({ invariant: 'I7', fact: `the biller was paid for ${name}, which is no transfer` })
    else if (transfer.amount !== amount)
      found.push({ invariant: 'I7', fact: `the biller was paid another amount for ${name}` })
    if (received > 1) found.push({ invariant: 'I7', fact: `the biller was asked ${received} times to pay ${name}` })
    if (status === 'done' && transfer?.state === 'REJECTED')
      found.push({ invariant: 'I7', fact: `${name} was paid by the biller and given back to the payer` })
  }
  if (!atRest) return found
  const done = new Set(payments.filter(({ status }) => status === 'done').map(({ transferId }) => transferId))
  for (const { id, kind, state, reference } of facts.transfers)
    if (kind === 'bill' && state === 'SETTLED' && !done.has(id))
      found.push({ invariant: 'I7', fact: `${reference} is settled and no biller was paid` })
  return found
}

/** Transfers and receipts that are not at rest yet, for whoever waits for it. */
export function unfinished(facts: Facts): string[] {
  return [...everyTransferEnds(facts), ...facts.messages.filter(isWaiting).map(({ fact }) => ({ fact }))].map(
    ({ fact }) => fact,
  )
}

function trialBalance({ accounts }: Facts): Violation[] {
  const sum = accounts.reduce((total, { balance }) => total + balance, 0n)
  const found: Violation[] = sum === 0n ? [] : [{ invariant: 'I1', fact: 'debits and credits of all accounts differ' }]
  const of = (kind: string): bigint =>
    accounts.filter((account) => account.kind === kind).reduce((total, { balance }) => total + balance, 0n)
  const issued = accounts.reduce((total, { kind, balance }) => (kind === 'trust' ? total : total + balance), 0n)
  if (issued !== -of('trust')) found.push({ invariant: 'I10', fact: 'e-money and the trust account differ' })
  return found
}

/** The one that finds a skipped check of what was settled before: all others hold then. */
function balancesFollowFromEntries({ accounts, entries }: Facts): Violation[] {
  const sums = new Map<string, bigint>()
  const add = (id: string, change: bigint): void => void sums.set(id, (sums.get(id) ?? 0n) + change)
  for (const { debit, credit, amount } of entries) {
    add(debit, -amount)
    add(credit, amount)
  }
  return accounts.flatMap(({ id, kind, balance }) =>
    balance === (sums.get(id) ?? 0n)
      ? []
      : [{ invariant: 'I2', fact: `the balance of ${kind} ${id} is not the sum of its entries` }],
  )
}

/** Entries of an account are numbered without gaps, and each running balance follows from the one before. */
function entriesAreNumbered({ entries }: Facts): Violation[] {
  const lines = new Map<string, { seq: bigint; change: bigint; balance: bigint }[]>()
  const put = (id: string, line: { seq: bigint; change: bigint; balance: bigint }): void => {
    const known = lines.get(id)
    if (known === undefined) lines.set(id, [line])
    else known.push(line)
  }
  for (const entry of entries) {
    put(entry.debit, { seq: entry.debitSeq, change: -entry.amount, balance: entry.debitBalance })
    put(entry.credit, { seq: entry.creditSeq, change: entry.amount, balance: entry.creditBalance })
  }
  return [...lines].flatMap(([id, all]) => {
    let [seq, balance] = [0n, 0n]
    for (const line of all.sort((a, b) => Number(a.seq - b.seq))) {
      if (line.seq !== seq + 1n)
        return [{ invariant: 'I2', fact: `entry ${seq + 1n} of account ${id} is missing or there twice` }]
      if (line.balance !== balance + line.change)
        return [{ invariant: 'I2', fact: `the running balance of entry ${line.seq} of account ${id} does not follow` }]
      ;({ seq, balance } = line)
    }
    return []
  })
}

function holdsAreKept({ accounts, openHolds }: Facts): Violation[] {
  const held = new Map(openHolds.map((hold) => [hold.accountId, hold]))
  return accounts.flatMap(({ id, heldOut, heldIn }) =>
    heldOut === (held.get(id)?.out ?? 0n) && heldIn === (held.get(id)?.in ?? 0n)
      ? []
      : [{ invariant: 'I2', fact: `account ${id} does not keep back what its open holds say` }],
  )
}

function nobodyIsOverdrawn({ accounts }: Facts): Violation[] {
  return accounts.flatMap(({ id, kind, balance, heldOut, heldIn, ceiling }) => {
    if (kind !== 'wallet') return []
    if (balance - heldOut < 0n) return [{ invariant: 'I3', fact: `wallet ${id} is below zero` }]
    if (ceiling !== null && balance + heldIn > ceiling)
      return [{ invariant: 'I3', fact: `wallet ${id} is over its ceiling` }]
    return []
  })
}

/** One journal for each settled transfer and none for any other, with exactly the legs that were quoted. */
function onePostingEach({ transfers, journals, entries, legs }: Facts): Violation[] {
  const byTransfer = groupBy(journals, ({ transferId }) => transferId ?? '')
  const byJournal = groupBy(entries, ({ journalId }) => journalId)
  const quoted = groupBy(legs, ({ transferId }) => transferId)
  const found: Violation[] = []
  for (const { id, kind, transferId } of journals)
    if (transferId === null && kind !== 'funding')
      found.push({ invariant: 'I5', fact: `journal ${id} belongs to no transfer` })
  for (const { id, reference, state } of transfers) {
    const posted = byTransfer.get(id) ?? []
    const moved = state === 'SETTLED' || state === 'REVERSED'
    if (posted.length > 1) found.push({ invariant: 'I5', fact: `${reference} was posted ${posted.length} times` })
    if (moved !== posted.length > 0)
      found.push({ invariant: 'I5', fact: `${reference} is ${state} and was ${moved ? 'not ' : ''}posted` })
    const journal = posted[0]
    if (journal !== undefined && !sameLegs(byJournal.get(journal.id) ?? [], quoted.get(id) ?? []))
      found.push({ invariant: 'I1', fact: `the entries of ${reference} are not the legs that were quoted` })
  }
  return found
}

type Leg = Pick<EntryFact, 'leg' | 'debit' | 'credit' | 'amount'>

function sameLegs(some: readonly Leg[], others: readonly Leg[]): boolean {
  const show = (legs: readonly Leg[]): string =>
    legs
      .map(({ leg, debit, credit, amount }) => `${leg}:${debit}>${credit}:${amount}`)
      .sort()
      .join()
  return show(some) === show(others)
}

function movesFollowEdges({ transfers, moves, edges }: Facts): Violation[] {
  const allowed = new Set(edges.map(({ from, to }) => `${from}>${to}`))
  const byTransfer = groupBy(moves, ({ transferId }) => transferId)
  return transfers.flatMap(({ id, reference, state }) => {
    const all = byTransfer.get(id) ?? []
    const found: Violation[] = []
    if (all[0]?.from !== null || all[0]?.to !== 'HELD')
      found.push({ invariant: 'I4', fact: `${reference} did not begin HELD` })
    for (const [at, { from, to }] of all.entries()) {
      if (at === 0) continue
      if (from !== all[at - 1]?.to || !allowed.has(`${from}>${to}`))
        found.push({ invariant: 'I4', fact: `${reference} went from ${from} to ${to}` })
    }
    if (all.at(-1)?.to !== state)
      found.push({ invariant: 'I4', fact: `${reference} is ${state}, and its history ends otherwise` })
    return found
  })
}

/** As far as the audit table goes: every transfer has its one confirmation on record, and no record was changed. */
function effectsAreAudited({ transfers, audits }: Facts): Violation[] {
  const confirmed = new Map<string, number>()
  for (const { action, subject } of audits)
    if (action === 'transfer.confirmed' && subject !== null) confirmed.set(subject, (confirmed.get(subject) ?? 0) + 1)
  const found: Violation[] = transfers.flatMap(({ id, reference }) => {
    const times = confirmed.get(id) ?? 0
    return times === 1
      ? []
      : [{ invariant: 'I8', fact: `the confirmation of ${reference} is on record ${times} times` }]
  })
  const known = new Set(transfers.map(({ id }) => id))
  for (const id of confirmed.keys())
    if (!known.has(id))
      found.push({ invariant: 'I8', fact: `a confirmation of ${id} is on record and there is no such transfer` })
  if (audits.some(({ intact }) => !intact))
    found.push({ invariant: 'I8', fact: 'an audit record is not what was written' })
  return found
}

/** Between two right ones at most three wrong PINs of a person are evaluated: a run is shorter than the first lock. */
function pinsAreCounted({ audits }: Facts): Violation[] {
  const wrong = new Map<string, number>()
  const over = new Set<string>()
  for (const { action, subject } of audits) {
    if (subject === null) continue
    if (action === 'pin.right') wrong.delete(subject)
    if (action !== 'pin.wrong' && action !== 'pin.locked') continue
    const times = (wrong.get(subject) ?? 0) + 1
    wrong.set(subject, times)
    if (times > PIN_ATTEMPTS) over.add(subject)
  }
  return [...over].map((subject) => ({
    invariant: 'PIN',
    fact: `more than three wrong PINs of ${subject} were evaluated`,
  }))
}

function everyTransferEnds({ transfers }: Facts): Violation[] {
  return transfers.flatMap(({ reference, state }) =>
    ENDS.includes(state) ? [] : [{ invariant: 'I4', fact: `${reference} is still ${state}` }],
  )
}

/** Each fact has its message in the outbox: who pays and who is paid, once the transfer has come to its end. */
function oneReceiptEach({ transfers, messages }: Facts): Violation[] {
  const known = new Set(messages.map(({ fact }) => fact))
  const due = transfers.flatMap((transfer) => receiptsOf(transfer).map((party) => ({ transfer, party })))
  return due.flatMap(({ transfer: { id, reference }, party }) =>
    known.has(`${id}:${party}`) ? [] : [{ invariant: 'I6', fact: `the ${party} of ${reference} was never written to` }],
  )
}

function receiptsOf({ kind, state }: TransferFact): string[] {
  if (!ENDS.includes(state)) return []
  return kind === 'send' && state !== 'REJECTED' ? ['payer', 'payee'] : ['payer']
}

/** One whose process died while sending waits three minutes before it counts as unknown; nothing more is sent for it. */
function isWaiting({ fact, state }: Facts['messages'][number]): boolean {
  return state === 'queued' && !fact.endsWith(':low-balance')
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
