import { parseArgs } from 'node:util'
import { listTroubled, type TroubledTransfer } from '../../src/settlement/troubled.ts'
import type { Verb } from './verb.ts'
import { age, json, time } from './words.ts'

export const troubled: Verb = {
  name: 'troubled',
  summary: 'lists transfers that are in doubt, wait for people, or take long',
  help: `[--limit COUNT] [--json]

  npm run ledger -- troubled
  npm run ledger -- troubled --limit 100
  npm run ledger -- show QG7K2M4P9A            everything about one of them

Ends with 0 where there is none.
`,
  keys: [],
  prepare(args) {
    const { values } = parseArgs({
      args: [...args],
      options: { limit: { type: 'string', default: '50' }, json: { type: 'boolean', default: false } },
    })
    if (!/^[1-9]\d{0,3}$/.test(values.limit)) throw new Error('--limit is a number from 1 to 9999.')
    return async ({ database, print }) => {
      const found = await listTroubled(database, Number(values.limit))
      if (values.json) print(`${json({ transfers: found })}\n`)
      else print(found.length === 0 ? 'No transfer is in trouble.\n' : found.map(wordsOf).join(''))
      return found.length === 0 ? 0 : 1
    }
  },
}

function wordsOf({ reference, kind, state, biller, reason, ageMs, attempts, nextAttemptAt }: TroubledTransfer): string {
  const parts = [
    `${reference}  ${kind}${biller === null ? '' : ` to ${biller}`}`,
    `${state} for ${age(ageMs / 1000)}`,
    `asked ${attempts} times`,
    nextAttemptAt === null ? 'waits for people' : `next at ${time(nextAttemptAt)}`,
    ...(reason === null ? [] : [reason]),
  ]
  return `${parts.join(', ')}\n`
}
