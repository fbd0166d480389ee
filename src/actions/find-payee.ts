import { parseE164 } from '../domain/msisdn.ts'
import { shortName } from '../domain/names.ts'
import { type Action, defineAction } from './action.ts'

/** Who would get the money: shown as first name and initial, look-ups limited per payer. */
export const findPayee: Action = defineAction(
  {
    name: 'find-payee',
    effect: 'read',
    input: { number: { type: 'msisdn' } },
    outcomes: {
      found: { payee: { type: 'opaque' }, name: { type: 'text', max: 16 } },
      own_number: {},
      unknown: {},
      limited: {},
    },
  },
  async ({ findByNumber, lookupLimit }, { caller }, { number }) => {
    const payeeNumber = parseE164(number)
    if (payeeNumber === null) return { outcome: 'unknown' }
    if (payeeNumber === caller.number) return { outcome: 'own_number' }
    const [allowed, payee] = await Promise.all([lookupLimit(caller.id, payeeNumber), findByNumber(payeeNumber)])
    if (!allowed) return { outcome: 'limited' }
    if (payee === null || payee.status !== 'active') return { outcome: 'unknown' }
    return { outcome: 'found', values: { payee: payee.id, name: shortName(payee.name) } }
  },
)
