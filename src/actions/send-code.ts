import { CODE_MARK, enqueueSms } from '../sms/outbox.ts'
import { issueCode } from '../subscribers/code.ts'
import { type Action, defineAction } from './action.ts'

/** Stands where the code will be while the text is laid out: as long as a code, and in no template. */
const DIGITS = '######'

/** Sends a one-time code by SMS; while one sent earlier can still be used, no second one goes out. */
export const sendCode: Action = defineAction(
  {
    name: 'send-code',
    effect: 'record',
    input: { purpose: { type: 'choice', of: ['activation', 'reset'] } },
    outcomes: { sent: {}, alive: {}, limited: {} },
  },
  async (
    { database, audit, sealer, messages, smsBell, codeBudget, events },
    { caller, language, conversation },
    { purpose },
  ) => {
    const { issued, queued } = await database.transaction(async (tx) => {
      const issued = await issueCode(tx, audit, {
        subscriberId: caller.id,
        purpose,
        subject: `${purpose} of the account`,
        conversation,
        to: caller.number,
        budget: codeBudget,
      })
      if (issued.kind !== 'issued') return { issued, queued: null }
      const text = messages().render(`code_${purpose}`, language, { code: DIGITS })
      const queued = await enqueueSms(tx, sealer, {
        factKey: `code:${issued.challengeId}`,
        subscriberId: caller.id,
        to: caller.number,
        body: { kind: 'code', challengeId: issued.challengeId, text: text.replace(DIGITS, CODE_MARK) },
        priority: 'code',
        expiresAt: issued.expiresAt,
      })
      return { issued, queued }
    })
    if (queued !== null) smsBell.ring(queued)
    if (issued.kind === 'limited' && issued.by !== 'number') events.codeHeld(issued)
    events.codeIssued({ purpose, outcome: issued.kind })
    // The other copy of this dial has just sent it: both are told the same.
    if (issued.kind === 'alive' && issued.sameConversation) return { outcome: 'sent' }
    return { outcome: issued.kind === 'issued' ? 'sent' : issued.kind }
  },
)
