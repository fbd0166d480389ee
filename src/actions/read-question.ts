import { questionOf } from '../subscribers/question.ts'
import { type Action, defineAction } from './action.ts'

/** The identity question on file. */
export const readQuestion: Action = defineAction(
  {
    name: 'read-question',
    effect: 'read',
    input: {},
    outcomes: { ok: { question: { type: 'text', max: 60 } }, none: {} },
  },
  async ({ database, sealer }, { caller }) => {
    const question = await questionOf(database, sealer, caller.id)
    return question === null ? { outcome: 'none' } : { outcome: 'ok', values: { question } }
  },
)
