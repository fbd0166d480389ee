import { parseArgs } from 'node:util'
import { proveLedger } from '../../src/ledger/prove-ledger.ts'
import { proofWords } from './proof-words.ts'
import type { Verb } from './verb.ts'
import { json } from './words.ts'

const HOUR_MS = 3_600_000

export const prove: Verb = {
  name: 'prove',
  summary: 'proves the books while the service runs, and says what is wrong and where',
  help: `[--since-last-close] [--old-after HOURS] [--json]

  npm run ledger -- prove
  npm run ledger -- prove --since-last-close       only what came since the last closed day, on what was proven then
  npm run --silent ledger -- prove --json          one JSON object, amounts as strings of minor units

WRONG: the books contradict themselves, and no day can be closed. LOOK: they do not, but money is kept back, in doubt or in suspense for
longer than --old-after hours (24), waits for people, or is not what the bank says. Amounts without a currency are in minor units.
Ends with 0 where nothing was found.
`,
  keys: [],
  prepare(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'since-last-close': { type: 'boolean', default: false },
        'old-after': { type: 'string', default: '24' },
        json: { type: 'boolean', default: false },
      },
    })
    const hours = values['old-after']
    if (!/^[1-9]\d{0,3}$/.test(hours)) throw new Error('--old-after is a whole number of hours from 1 to 9999.')
    return async ({ database, print }) => {
      const options = { sinceLastClose: values['since-last-close'], oldAfterMs: Number(hours) * HOUR_MS }
      const proof = await proveLedger(database, options)
      print(values.json ? `${json(proof)}\n` : proofWords(proof))
      return proof.found.length === 0 ? 0 : 1
    }
  },
}
