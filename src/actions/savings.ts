import { type TransferId, uuidv7 } from '../domain/ids.ts'
import { shortName } from '../domain/names.ts'
import { MOST_AMOUNT, MOST_FEE } from '../ledger/check-tariff.ts'
import type { QuoteOutcome } from '../ledger/quote.ts'
import { quoteToJson } from '../ledger/quote-json.ts'
import { type OwnWallet, openSavings, savingsOf } from '../ledger/savings.ts'
import type { Json, ValueType } from '../menu/contract.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'

const money: ValueType & { type: 'money' } = { type: 'money', max: MOST_AMOUNT }
const fee: ValueType & { type: 'money' } = { type: 'money', max: MOST_FEE }
const quoted = { quote: { type: 'opaque' }, fee, total: money } as const

/** `repeated`: the same amount went the same way within ten minutes. No limit of a tier applies, so that the most is what the tariff prices. */
const outcomes = {
  quoted,
  repeated: quoted,
  insufficient: {},
  below_minimum: { minimum: money },
  over_transaction_limit: { limit: money },
  unavailable: {},
} as const

/** What putting money aside costs. Opens the caller's savings, empty, where there are none yet. */
export const quotePutAside: Action = defineAction(
  { name: 'quote-put-aside', effect: 'record', input: { amount: money }, outcomes },
  async (services, context, { amount }) => {
    const { database, market, audit } = services
    const { caller } = context
    const savings = await database.transaction(async (tx) => {
      const savings = await openSavings(tx, caller.id, market.currency)
      if (savings?.opened) {
        const actor = { kind: 'subscriber', id: caller.id } as const
        await audit.record(tx, { actor, action: 'savings.opened', subject: savings.id, payload: {} })
      }
      return savings
    })
    return savings === null ? { outcome: 'unavailable' } : answer(await ask(services, context, 'savings', amount))
  },
)

/** What taking money out of savings costs. */
export const quoteTakeOut: Action = defineAction(
  { name: 'quote-take-out', effect: 'read', input: { amount: money }, outcomes },
  async (services, context, { amount }) => {
    if ((await savingsOf(services.database, context.caller.id)) === null) return { outcome: 'insufficient' }
    return answer(await ask(services, context, 'main', amount))
  },
)

/** What is in the caller's savings, nothing where there are none; `held` also says what is on its way out of them. */
export const checkSavings: Action = defineAction(
  {
    name: 'check-savings',
    effect: 'read',
    asks: 'pin',
    input: {},
    outcomes: { ok: { balance: { type: 'money' } }, held: { balance: { type: 'money' }, held: { type: 'money' } } },
  },
  async ({ database }, { caller }) => {
    const { available, held } = (await savingsOf(database, caller.id)) ?? { available: 0n, held: 0n }
    if (held > 0n) return { outcome: 'held', values: { balance: String(available), held: String(held) } }
    return { outcome: 'ok', values: { balance: String(available) } }
  },
)

function ask({ quoteTransfer }: Services, { caller, atMs }: ActionContext, into: OwnWallet, amount: string) {
  const payee = { kind: 'own', id: into, name: shortName(caller.name) } as const
  return quoteTransfer({ id: uuidv7(atMs) as TransferId, atMs, payerId: caller.id, amount: BigInt(amount), payee })
}

type Answer =
  | { outcome: 'quoted' | 'repeated'; values: { quote: Json; fee: string; total: string } }
  | { outcome: 'insufficient' | 'unavailable'; values?: undefined }
  | { outcome: 'below_minimum'; values: { minimum: string } }
  | { outcome: 'over_transaction_limit'; values: { limit: string } }

function answer(result: QuoteOutcome): Answer {
  switch (result.kind) {
    case 'quoted': {
      const { quote } = result
      const values = { quote: quoteToJson(quote), fee: quote.fee, total: quote.total }
      return { outcome: result.repeats ? 'repeated' : 'quoted', values }
    }
    case 'insufficient':
      return { outcome: 'insufficient' }
    case 'below_minimum':
      return { outcome: 'below_minimum', values: { minimum: String(result.minimum) } }
    case 'over_transaction_limit':
      return { outcome: 'over_transaction_limit', values: { limit: String(result.limit) } }
    // A closed wallet, or a tariff without a price for it; no limit of a day, a month or a balance is asked for.
    case 'over_day_limit':
    case 'over_month_limit':
    case 'payee_full':
    case 'payee_unavailable':
      return { outcome: 'unavailable' }
  }
}
