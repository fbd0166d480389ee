import { codeWasUsed } from '../subscribers/code.ts'
import { authorisePinChange } from '../subscribers/pin.ts'
import { acceptTerms as accept } from '../subscribers/terms.ts'
import { type Action, defineAction } from './action.ts'

/** Records which version of the terms was agreed to (`version` stands beside their words), and, after the right activation code, allows this session to set the first PIN. */
export const acceptTerms: Action = defineAction(
  {
    name: 'accept-terms',
    effect: 'write',
    asks: 'yes',
    input: { version: { type: 'text', max: 40 } },
    outcomes: { ok: { digits: { type: 'number', max: 9 } }, not_authorised: {} },
  },
  async ({ database, audit, pins }, { caller, sessionId }, { version }) => {
    if (!(await codeWasUsed(database, caller.id, 'activation'))) return { outcome: 'not_authorised' }
    await accept(database, audit, caller.id, version)
    const authorised = await authorisePinChange(database, caller.id, sessionId, 'activation')
    return authorised ? { outcome: 'ok', values: { digits: pins.pinDigits } } : { outcome: 'not_authorised' }
  },
)
