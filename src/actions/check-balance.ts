import { type Action, defineAction } from './action.ts'

/** What can be spent; `held` also says what is on its way out. */
export const checkBalance: Action = defineAction(
  {
    name: 'check-balance',
    effect: 'read',
    asks: 'pin',
    input: {},
    outcomes: { ok: { balance: { type: 'money' } }, held: { balance: { type: 'money' }, held: { type: 'money' } } },
  },
  async ({ database, provider }, { caller }) => {
    const { available, held } = await provider.balance(database, caller.id)
    if (held > 0n) return { outcome: 'held', values: { balance: String(available), held: String(held) } }
    return { outcome: 'ok', values: { balance: String(available) } }
  },
)
