import { parseArgs } from 'node:util'
import { recordDecision } from '../../src/ledger/reversal.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import type { Verb } from './verb.ts'
import { json } from './words.ts'

export const decide: Verb = {
  name: 'decide',
  summary: 'records what an officer says about money that was asked back; two must say the same',
  help: `REFERENCE --give-back | --keep --by NAME --reason TEXT [--json]

  npm run ledger -- decide QG7K2M4P9A --give-back --by grace.wambui --reason "Complaint 17: wrong number"
  npm run ledger -- decide QG7K2M4P9A --keep --by p.otieno --reason "Goods were delivered"

REFERENCE is that of the transfer that was asked back, or of the one that would give it back. When two officers of different names have
said the same, a worker does it within a minute, and both people are told. Nobody's word is changed or counted twice.
`,
  keys: ['data', 'audit'],
  prepare(args) {
    const text = { type: 'string' } as const
    const flag = { type: 'boolean', default: false } as const
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { 'give-back': flag, keep: flag, by: text, reason: text, json: flag },
    })
    const [typed = '', ...more] = positionals
    const reference = typed.toUpperCase()
    if (!/^[A-Z2-9]{10}$/.test(reference) || more.length > 0)
      throw new Error('Which transfer? Say its reference, ten letters and digits such as QG7K2M4P9A.')
    const settle = values['give-back']
    if (settle === values.keep) throw new Error('Say --give-back or --keep, one of the two.')
    const officer = (values.by ?? '').toLowerCase()
    if (!/^[a-z0-9][a-z0-9._-]{1,63}$/.test(officer))
      throw new Error('Who says so? Say --by and a name of letters, digits, dots and hyphens, such as grace.wambui.')
    const { reason = '' } = values
    if (reason.length < 3 || reason.length > 500) throw new Error('Why? Say --reason, 3 to 500 characters.')
    return ({ database, key, by, print, warn }) =>
      database.transaction(async (tx) => {
        const outcome = await recordDecision(tx, { reference, officer, settle, reason })
        if (outcome.kind === 'recorded') {
          const audit = makeAudit(key('audit'), makeSealer(key('data')))
          const payload = { officer, says: settle ? 'give back' : 'keep', reason }
          await audit.record(tx, { actor: by, action: 'reversal.decided', subject: outcome.id, payload })
        }
        const words = {
          recorded:
            outcome.kind === 'recorded' && outcome.agreed < 2
              ? 'Recorded. A second officer has to say the same.\n'
              : 'Recorded. Two officers say the same; it will be done within a minute.\n',
          repeated: `${officer} has decided about this before; nothing was recorded.\n`,
          ended: 'It has been answered already; nothing was recorded.\n',
          not_found: `Nothing was asked back under ${reference}.\n`,
        }
        if (values.json) print(`${json({ outcome: outcome.kind })}\n`)
        else (outcome.kind === 'recorded' ? print : warn)(words[outcome.kind])
        return outcome.kind === 'recorded' ? 0 : 1
      })
  },
}
