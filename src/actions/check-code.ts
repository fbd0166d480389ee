import { checkCode as check } from '../subscribers/code.ts'
import { type Action, defineAction } from './action.ts'

/** Compares with the code that was sent; a right one authorises what the purpose stands for, within ten minutes. */
export const checkCode: Action = defineAction(
  {
    name: 'check-code',
    effect: 'write',
    asks: 'code',
    input: { purpose: { type: 'choice', of: ['activation', 'reset'] } },
    outcomes: { right: {}, wrong: { left: { type: 'number', max: 9 } }, expired: {} },
  },
  async ({ database, keys, audit, events }, { caller }, { purpose }, code) => {
    const checked = await check({ database, otpKey: keys.otp, audit }, caller.id, purpose, code)
    events.codeChecked({ purpose, outcome: checked.kind })
    switch (checked.kind) {
      case 'right':
        return { outcome: 'right' }
      case 'expired':
        return { outcome: 'expired' }
      case 'wrong':
        return checked.left > 0 ? { outcome: 'wrong', values: { left: checked.left } } : { outcome: 'expired' }
    }
  },
)
