import { recordConsent } from '../../sms/consent.ts'
import { type Keyword, wordFor } from './keyword.ts'

/** START: takes a STOP back. */
export const start: Keyword = {
  contract: { name: 'start', opens: null, names: false },
  forStrangers: true,
  alone: true,
  async answer({ tx, sealer, program }, { number, link, messageId, language }, rest) {
    const changed = await recordConsent(tx, sealer, { kind: 'start', number, via: 'sms', link, messageId })
    const values = { stop: wordFor(program, 'stop', language) }
    return { message: 'started', values, opens: null, limit: changed ? 'changed' : 'start', left: rest }
  },
}
