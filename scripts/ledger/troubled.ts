import { parseArgs } from 'node:util'
import { listDecisions } from '../../src/ledger/decision.ts'
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
  npm run ledger -- decide QG7K2M4P9A --help   what two officers do with one in REVIEW

Of those that wait for people it says which officers have said what already. Ends with 0 where there is none.
`,
  keys: [],
  prepare(args) {
    const { values } = parseArgs({
      args: [...args],
      options: { limit: { type: 'string', default: '50' }, json: { type: 'boolean', default: false } },
    })
    if (!/^[1-9]\d{0,3}$/.test(values.limit)) throw new Error('--limit is a number from 1 to 9999.')
    return async ({ database, print }) => {
      const troubled = await listTroubled(database, Number(values.limit))
      const said = await listDecisions(
        database,
        troubled.map(({ id }) => id),
      )
      const found = troubled.map((each) => ({ ...each, decisions: said.get(each.id) ?? [] }))
      if (values.json) print(`${json({ transfers: found })}\n`)
      else print(found.length === 0 ? 'No transfer is in trouble.\n' : found.map(wordsOf).join(''))
      return found.length === 0 ? 0 : 1
    }
  },
}

type Shown = TroubledTransfer & {
  readonly decisions: readonly { officer: string; settle: boolean; reason: string; at: Date }[]
}

function wordsOf(shown: Shown): string {
  const { reference, kind, state, biller, reason, ageMs, attempts, nextAttemptAt, decisions } = shown
  const parts = [
    `${reference}  ${kind}${biller === null ? '' : ` to ${biller}`}`,
    `${state} for ${age(ageMs / 1000)}`,
    `asked ${attempts} times`,
    nextAttemptAt === null ? 'waits for people' : `next at ${time(nextAttemptAt)}`,
    ...(reason === null ? [] : [reason]),
  ]
  const said = decisions.map(
    ({ officer, settle, reason: why, at }) =>
      `  ${officer} says ${settle ? 'settle' : 'give back'}, ${time(at)}: ${why}\n`,
  )
  return `${parts.join(', ')}\n${said.join('')}`
}
