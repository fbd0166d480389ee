import { authorisePinChange } from '../subscribers/pin.ts'
import { type Action, defineAction } from './action.ts'

/** After the present PIN: allows this session to set a new one. */
export const openPinChange: Action = defineAction(
  {
    name: 'open-pin-change',
    effect: 'write',
    asks: 'pin',
    input: {},
    outcomes: { ok: { digits: { type: 'number', max: 9 } } },
  },
  async ({ database, pins }, { caller, sessionId }) => {
    if (!(await authorisePinChange(database, caller.id, sessionId, 'pin'))) {
      throw new Error('a right PIN of somebody who may not change it')
    }
    return { outcome: 'ok', values: { digits: pins.pinDigits } }
  },
)
