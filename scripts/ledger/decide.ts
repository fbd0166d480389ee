import { parseArgs } from 'node:util'
import { type DecisionOutcome, recordDecision, type Says } from '../../src/ledger/decision.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import type { Verb } from './verb.ts'
import { json } from './words.ts'

export const decide: Verb = {
  name: 'decide',
  summary: 'records what an officer says about a transfer that waits for people; two must say the same',
  help: `REFERENCE --settle | --give-back | --keep --by NAME --reason TEXT [--partner-reference TEXT] [--token DIGITS] [--json]

  A transfer in REVIEW, whose partner never gave a definite answer:
  npm run ledger -- decide QG7K2M4P9A --settle --by grace.wambui --reason "On their statement of 22 Nov" --partner-reference CP-88121
  npm run ledger -- decide QG7K2M4P9A --settle --by p.otieno --reason "Seen too" --token 01234567890123456789
  npm run ledger -- decide QG7K2M4P9A --give-back --by grace.wambui --reason "Not on their statement, letter 17"

  Money that was asked back:
  npm run ledger -- decide QG7K2M4P9A --give-back --by grace.wambui --reason "Complaint 17: wrong number"
  npm run ledger -- decide QG7K2M4P9A --keep --by p.otieno --reason "Goods were delivered"

REFERENCE is that of the transfer in REVIEW; or of the one that was asked back, or of the one that would give it back. When two officers of
different names have said the same, a worker does it within a minute, and who has to know is told. Nobody's word is changed or counted twice.
--token is what the partner gave for the customer, such as an electricity token: it is stored sealed and sent with the receipt.
npm run ledger -- troubled shows what waits, and who has said what.
`,
  keys: ['data', 'audit'],
  prepare(args) {
    const text = { type: 'string' } as const
    const flag = { type: 'boolean', default: false } as const
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ settle: flag, 'give-back': flag, keep: flag, json: flag },
        ...{ by: text, reason: text, 'partner-reference': text, token: text },
      },
    })
    const [typed = '', ...more] = positionals
    const reference = typed.toUpperCase()
    if (!/^[A-Z2-9]{10}$/.test(reference) || more.length > 0)
      throw new Error('Which transfer? Say its reference, ten letters and digits such as QG7K2M4P9A.')
    const said = (Object.keys(flags) as Says[]).filter((each) => values[flags[each]])
    const [says] = said
    if (says === undefined || said.length > 1) throw new Error('Say --settle, --give-back or --keep, one of them.')
    const officer = (values.by ?? '').toLowerCase()
    if (!/^[a-z0-9][a-z0-9._-]{1,63}$/.test(officer))
      throw new Error('Who says so? Say --by and a name of letters, digits, dots and hyphens, such as grace.wambui.')
    const { reason = '' } = values
    if (reason.length < 3 || reason.length > 500) throw new Error('Why? Say --reason, 3 to 500 characters.')
    const partnerReference = values['partner-reference'] ?? null
    const token = values.token?.replace(/[\s-]/g, '') ?? null
    if (says !== 'settle' && (partnerReference !== null || token !== null))
      throw new Error('--partner-reference and --token belong to --settle: only what was paid has them.')
    if (partnerReference !== null && !/^[\x21-\x7e]([\x20-\x7e]{0,98}[\x21-\x7e])?$/.test(partnerReference))
      throw new Error('--partner-reference is what the partner calls the payment, 1 to 100 plain characters.')
    if (token !== null && !/^\d{1,20}$/.test(token))
      throw new Error('--token is 1 to 20 digits, as the partner gave them for the customer.')
    return ({ database, key, by, print, warn }) =>
      database.transaction(async (tx) => {
        const sealer = makeSealer(key('data'))
        const decision = { reference, officer, says, reason, partnerReference, token }
        const outcome = await recordDecision(tx, sealer, decision)
        if (outcome.kind === 'recorded') {
          const audit = makeAudit(key('audit'), sealer)
          const theirs = partnerReference === null ? {} : { partnerReference }
          const payload = { officer, says: says.replace('_', ' '), reason, ...theirs }
          await audit.record(tx, {
            actor: by,
            action: outcome.about === 'reversal' ? 'reversal.decided' : 'transfer.decided',
            subject: outcome.id,
            payload,
          })
        }
        if (values.json) print(`${json({ outcome: outcome.kind })}\n`)
        else (outcome.kind === 'recorded' ? print : warn)(`${sentenceOf(outcome, reference, officer)}\n`)
        return outcome.kind === 'recorded' ? 0 : 1
      })
  },
}

const flags = { settle: 'settle', give_back: 'give-back', keep: 'keep' } as const satisfies Record<Says, string>

function sentenceOf(outcome: DecisionOutcome, reference: string, officer: string): string {
  switch (outcome.kind) {
    case 'recorded':
      return outcome.agreed < 2
        ? 'Recorded. A second officer has to say the same.'
        : 'Recorded. Two officers say the same; it will be done within a minute.'
    case 'repeated':
      return `${officer} has decided about this before; nothing was recorded.`
    case 'decided':
      return 'Two officers have said the same about this already, and it is being done; nothing was recorded.'
    case 'differs':
      return 'Another officer gave another token or reference of the partner; look again which is right. Nothing was recorded.'
    case 'other_choice': {
      const choices = outcome.choices.map((each) => `--${flags[each]}`).join(' or ')
      return `About ${reference} there is ${choices} to say; nothing was recorded.`
    }
    case 'ended':
      return `${reference} does not wait for officers: it is ${outcome.state}. Nothing was recorded.`
    case 'not_found':
      return `No transfer has the reference ${reference}.`
  }
}
