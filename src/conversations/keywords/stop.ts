import { recordConsent } from '../../sms/consent.ts'
import { type Keyword, wordFor } from './keyword.ts'

/** STOP: nothing more that is not about the subscriber's own account. It counts alone only: "STOP 12345" may mean something else. */
export const stop: Keyword = {
  contract: { name: 'stop', opens: null, names: false },
  forStrangers: true,
  alone: true,
  async answer({ tx, sealer, program }, { number, link, messageId, language }, rest) {
    const changed = await recordConsent(tx, sealer, { kind: 'stop', number, via: 'sms', link, messageId })
    const values = { start: wordFor(program, 'start', language) }
    return { message: 'stopped', values, opens: null, limit: changed ? 'changed' : 'stop', left: rest }
  },
}
