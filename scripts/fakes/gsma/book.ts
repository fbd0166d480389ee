import { randomUUID } from 'node:crypto'

export type Party = { readonly key: string; readonly value: string }

/** An account at the fake provider; minor units. */
export type FakeAccount = {
  readonly name: string
  balance: bigint
  readonly status: 'available' | 'unavailable'
}

/** Something that was asked for: a transaction, its reversal, or a payment of bills. */
export type FakeMove = {
  readonly kind: 'transaction' | 'reversal' | 'billpayment'
  readonly type: string
  /** The provider's own. */
  readonly transactionReference: string
  readonly serverCorrelationId: string
  readonly correlationId: string
  readonly callbackUrl: string | null
  /** Of who asked. */
  readonly reference: string
  readonly amount: string
  readonly currency: string
  readonly debit: Party | null
  readonly credit: Party | null
  readonly original: string | null
  /** `accounts/<…>` of a bill payment. */
  readonly billAccount: string | null
  readonly at: string
  state: 'pending' | 'completed' | 'failed'
  error: string | null
  called: boolean
}

export type Wanted = Omit<
  FakeMove,
  'transactionReference' | 'serverCorrelationId' | 'at' | 'state' | 'error' | 'called'
>

/** What the fake provider knows: accounts, and everything that was asked for, oldest first. */
export type Book = {
  readonly accounts: Map<string, FakeAccount>
  readonly moves: FakeMove[]
  take(wanted: Wanted): FakeMove
  /** Ends it, once; money moves here and nowhere else. `refuse`: the provider does not want it. */
  finish(move: FakeMove, refuse: boolean): void
}

/** The account under an identifier, by its value alone. */
export function makeBook(): Book {
  const accounts = new Map<string, FakeAccount>([
    ['nyota', { name: 'Nyota', balance: 100_000_000n, status: 'available' }],
    ['+254700000001', { name: 'Amina Otieno', balance: 300_000n, status: 'available' }],
    ['+254700000002', { name: 'Juma Kariuki', balance: 50_000n, status: 'available' }],
    ['+254700000003', { name: 'Wanjiru Mwangi', balance: 10_000n, status: 'unavailable' }],
  ])
  const moves: FakeMove[] = []
  return {
    accounts,
    moves,
    take(wanted) {
      const ids = {
        transactionReference: `MM${randomUUID().slice(0, 13).toUpperCase()}`,
        serverCorrelationId: randomUUID(),
      }
      const move: FakeMove = {
        ...{ ...wanted, ...ids, at: new Date().toISOString() },
        ...{ state: 'pending', error: null, called: false },
      }
      moves.push(move)
      return move
    },
    finish(move, refuse) {
      if (move.state !== 'pending') return
      move.error = refuse ? 'requestDeclined' : whyNot(accounts, moves, move)
      move.state = move.error === null ? 'completed' : 'failed'
      if (move.error === null) pay(accounts, move)
    },
  }
}

/** Its error code, or null where it may be. */
function whyNot(accounts: Map<string, FakeAccount>, moves: readonly FakeMove[], move: FakeMove): string | null {
  if (move.kind === 'billpayment') return move.billAccount?.endsWith('99') === true ? 'identifierError' : null
  if (move.kind === 'reversal') {
    const back = moves.filter(
      ({ kind, state, original }) => kind === 'reversal' && state === 'completed' && original === move.original,
    )
    const first = moves.find(({ transactionReference }) => transactionReference === move.original)
    if (first === undefined) return 'identifierError'
    const sum = back.reduce((total, { amount }) => total + minor(amount), minor(move.amount))
    return sum > minor(first.amount) ? 'incorrectState' : null
  }
  const [debit, credit] = [accounts.get(move.debit?.value ?? ''), accounts.get(move.credit?.value ?? '')]
  if (debit === undefined || credit === undefined) return 'identifierError'
  if (debit.status !== 'available' || credit.status !== 'available') return 'incorrectState'
  return debit.balance < minor(move.amount) ? 'insufficientFunds' : null
}

function pay(accounts: Map<string, FakeAccount>, { debit, credit, amount }: FakeMove): void {
  const [from, to] = [accounts.get(debit?.value ?? ''), accounts.get(credit?.value ?? '')]
  if (from !== undefined) from.balance -= minor(amount)
  if (to !== undefined) to.balance += minor(amount)
}

/** Hundredths of the amount of the wire. */
export function minor(amount: string): bigint {
  const [whole = '', fraction = ''] = amount.split('.')
  return BigInt(whole + fraction.slice(0, 2).padEnd(2, '0'))
}

/** The amount of the wire of hundredths. */
export function decimal(amount: bigint): string {
  const text = String(amount).padStart(3, '0')
  return `${text.slice(0, -2)}.${text.slice(-2)}`
}
