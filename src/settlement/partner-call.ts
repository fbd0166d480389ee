import type {
  Asked,
  CallbackVerdict,
  Movement,
  MoveOutcome,
  ProviderCallback,
  RemoteProvider,
  Reversal,
  QueryOutcome as ReversalOutcome,
} from '../account-providers/account-provider.ts'
import type { Biller, Payment, QueryOutcome } from '../billers/biller.ts'
import type { Transfer } from '../ledger/transfer.ts'

/** Everybody outside who can be asked to take or give money. */
export type Partners = {
  readonly billers: ReadonlyMap<string, Biller>
  /** Providers of people's own accounts; none unless given. */
  readonly linked?: ReadonlyMap<string, RemoteProvider>
}

/** A transfer as its partner is asked for it. */
export type PartnerCall = {
  readonly partner: string
  readonly timeoutMs: number
  /** Called at most once for a transfer. */
  pay(): Promise<QueryOutcome>
  /** `partnerReference`: what the partner named it; null where it never said. */
  query(partnerReference: string | null): Promise<QueryOutcome>
  /** What a callback from the provider `from` is worth; null where that is not whom this transfer asks. */
  judge(from: string, callback: ProviderCallback): CallbackVerdict | null
  /** Null where the partner cannot be asked to take back what it did. */
  readonly takeBack: TakeBack | null
}

/** What the partner did is taken back whole, under a reference of ours and its own of what it did. */
export type TakeBack = {
  /** Called at most once for a reference. */
  reverse(back: Back): Promise<MoveOutcome>
  query(back: Back): Promise<ReversalOutcome>
}
export type Back = Omit<Reversal, 'amount' | 'currency'>

/** Ids of the partners that can be asked to take something back, and of those that cannot. */
export function partnersByAbility({ billers, linked = new Map() }: Partners): {
  readonly able: readonly string[]
  readonly unable: readonly string[]
} {
  const unable = [...billers.values()].filter(({ reversals }) => reversals === undefined).map(({ id }) => id)
  return { able: [...billers.keys(), ...linked.keys()].filter((id) => !unable.includes(id)), unable }
}

/** Null for a transfer that asks nobody, or somebody whom this deployment does not know. */
export function partnerOf({ billers, linked }: Partners, transfer: Transfer): PartnerCall | null {
  const { payee } = transfer
  switch (payee.kind) {
    case 'subscriber':
      return null
    case 'biller': {
      const biller = billers.get(payee.id)
      return biller === undefined ? null : callOfBiller(biller, transfer, payee.account)
    }
    case 'linked': {
      const provider = linked?.get(payee.id)
      return provider === undefined ? null : callOfProvider(provider, transfer, payee.account)
    }
  }
}

function callOfBiller(biller: Biller, { id, amount, currency }: Transfer, account: string): PartnerCall {
  const payment: Payment = { reference: id, account, amount, currency }
  const { reversals } = biller
  return {
    partner: biller.id,
    timeoutMs: biller.timeoutMs,
    pay: () => biller.pay(payment),
    query: (partnerReference) => biller.query({ ...payment, partnerReference }),
    judge: (from, callback) => (biller.callbacks?.from === from ? biller.callbacks.judge(callback, payment) : null),
    takeBack: reversals === undefined ? null : takingBack(reversals, amount, currency),
  }
}

/** What leaves an account there is the amount and the fee; what arrives there is what is left after the payee's fees. */
function callOfProvider(provider: RemoteProvider, transfer: Transfer, account: string): PartnerCall {
  const { id, kind, amount, fee, payeeReceives, currency } = transfer
  const what = kind === 'disburse' ? 'disburse' : 'collect'
  const movement: Movement = {
    ...{ reference: id, account: { type: 'msisdn', value: account }, currency },
    amount: what === 'collect' ? amount + fee : payeeReceives,
  }
  const asked: Asked = { what, movement }
  return {
    partner: provider.id,
    timeoutMs: provider.timeoutMs,
    pay: async () => answerOf(await provider[what](movement)),
    query: async (partnerReference) =>
      answerOf(
        await provider.query(partnerReference === null ? asked : { what, movement: { ...movement, partnerReference } }),
      ),
    judge: (from, callback) => (from === provider.id ? provider.judge(callback, asked) : null),
    takeBack: takingBack(
      {
        reverse: (reversal) => provider.reverse(reversal),
        query: (reversal) => provider.query({ what: 'reverse', reversal }),
      },
      movement.amount,
      currency,
    ),
  }
}

function takingBack(
  { reverse, query }: NonNullable<Biller['reversals']>,
  amount: bigint,
  currency: Transfer['currency'],
): TakeBack {
  return {
    reverse: (back) => reverse({ ...back, amount, currency }),
    query: (back) => query({ ...back, amount, currency }),
  }
}

function answerOf(outcome: Awaited<ReturnType<RemoteProvider['query']>>): QueryOutcome {
  if (outcome.kind !== 'done') return outcome
  return { kind: 'done', partnerReference: outcome.partnerReference.slice(0, 100), receipt: {} }
}
