import { codeWasUsed } from '../subscribers/code.ts'
import { authorisePinChange } from '../subscribers/pin.ts'
import { checkAnswer as check } from '../subscribers/question.ts'
import { type Action, defineAction } from './action.ts'
import { tellAnswerLocked } from './notices.ts'

/**
 * The answer to the identity question; together with the code that was just used it allows this session to set a new PIN. Its owner hears
 * by SMS when too many were wrong.
 */
export const checkAnswer: Action = defineAction(
  {
    name: 'check-answer',
    effect: 'write',
    asks: 'answer',
    input: {},
    outcomes: {
      right: { digits: { type: 'number', max: 9 } },
      wrong: { left: { type: 'number', max: 9 } },
      locked: { until: { type: 'time' } },
      not_authorised: {},
      busy: {},
    },
  },
  async (services, context, _input, answer) => {
    const { database, pins } = services
    const { caller, sessionId } = context
    if (!(await codeWasUsed(database, caller.id, 'reset'))) return { outcome: 'not_authorised' }
    const checked = await check(pins, caller.id, answer)
    switch (checked.kind) {
      case 'right':
        return (await authorisePinChange(database, caller.id, sessionId, 'reset'))
          ? { outcome: 'right', values: { digits: pins.pinDigits } }
          : { outcome: 'not_authorised' }
      case 'wrong':
        return { outcome: 'wrong', values: { left: checked.left } }
      case 'locked':
        await tellAnswerLocked(services, context, checked.until)
        return { outcome: 'locked', values: { until: checked.until.getTime() } }
      case 'busy':
        return { outcome: 'busy' }
    }
  },
)
