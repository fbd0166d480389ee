import { shortName } from '../domain/names.ts'
import { type Action, defineAction } from './action.ts'

const holder = { type: 'text', max: 14 } as const

/** Whether the biller knows the account, whose it is, and what is due where the biller knows that. */
export const checkBill: Action = defineAction(
  {
    name: 'check-bill',
    effect: 'read',
    input: { biller: { type: 'text', max: 20 }, account: { type: 'digits', max: 20 } },
    outcomes: {
      known: { holder },
      due: { holder, due: { type: 'money', max: 99_999_999n } },
      wrong_length: { length: { type: 'number', max: 20 } },
      unknown_account: {},
      limited: {},
      unavailable: {},
    },
  },
  async ({ billers, events, lookupLimit }, { caller }, input) => {
    const biller = billers.get(input.biller)
    if (biller === undefined) return { outcome: 'unavailable' }
    if (input.account.length !== biller.accountDigits) {
      return { outcome: 'wrong_length', values: { length: biller.accountDigits } }
    }
    if (!(await lookupLimit(caller.id, `${biller.id} ${input.account}`))) return { outcome: 'limited' }
    const startedAt = performance.now()
    const checked = await biller.check(input.account)
    const durationMs = performance.now() - startedAt
    events.billerCalled({ biller: biller.id, call: 'check', outcome: checked.kind, durationMs })
    if (checked.kind !== 'known') return { outcome: checked.kind }
    const name = checked.holder === null ? '' : shortName(checked.holder)
    if (checked.due === null || checked.due <= 0n) return { outcome: 'known', values: { holder: name } }
    return { outcome: 'due', values: { holder: name, due: String(checked.due) } }
  },
)
