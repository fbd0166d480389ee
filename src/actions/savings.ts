import { shortName } from '../domain/names.ts'
import { type OwnWallet, openSavings, savingsOf } from '../ledger/savings.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'
import { type Answer, answer, ask, money, quoteOutcomes } from './quote.ts'

/** No limit of a tier applies, so that the most is what the tariff prices. */
const { over_day_limit: _day, over_month_limit: _month, ...outcomes } = quoteOutcomes

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
    return savings === null ? { outcome: 'unavailable' } : askOwn(services, context, 'savings', amount)
  },
)

/** What taking money out of savings costs. */
export const quoteTakeOut: Action = defineAction(
  { name: 'quote-take-out', effect: 'read', input: { amount: money }, outcomes },
  async (services, context, { amount }) => {
    if ((await savingsOf(services.database, context.caller.id)) === null) return { outcome: 'insufficient' }
    return askOwn(services, context, 'main', amount)
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

async function askOwn(services: Services, context: ActionContext, into: OwnWallet, amount: string): Promise<OwnAnswer> {
  const payee = { kind: 'own', id: into, name: shortName(context.caller.name) } as const
  const answered = answer(await ask(services, context, amount, payee), 'unavailable')
  switch (answered.outcome) {
    // A closed wallet, or a tariff without a price for it, is unavailable too; no limit of a day or a month is asked for.
    case 'over_day_limit':
    case 'over_month_limit':
      return { outcome: 'unavailable' }
    default:
      return answered
  }
}

type OwnAnswer = Exclude<Answer<never>, { outcome: 'over_day_limit' | 'over_month_limit' }>
