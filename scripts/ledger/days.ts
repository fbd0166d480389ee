import { parseArgs } from 'node:util'
import { type ClosedDay, type DayContent, type DayVerdict, readClosedDays } from '../../src/ledger/closed-days.ts'
import { makeDaySigner } from '../../src/ledger/day-signature.ts'
import type { Verb } from './verb.ts'
import { count, json, money, time } from './words.ts'

const verdicts: Readonly<Record<DayVerdict, string>> = {
  sound: 'sound',
  changed: 'CHANGED: it is not what was closed',
  not_signed: 'NOT OURS: its signature is not of this content',
  other_key: 'signed with another AUDIT_KEY than this one, so nothing can be said of it',
  broken_chain: 'BROKEN CHAIN: it does not follow from the closed day before it',
}

export const days: Verb = {
  name: 'days',
  summary: 'lists closed days and their figures, and verifies digests, signatures and chain',
  help: `[--json | --public-key]

  npm run ledger -- days
  npm run --silent ledger -- days --public-key > day-close.pem     the key that signatures are verified with, for others
  npm run --silent ledger -- days --json                           with the text that was signed

Ends with 0 where every closed day is sound.
`,
  keys: ['audit'],
  prepare(args) {
    const boolean = { type: 'boolean', default: false } as const
    const { values } = parseArgs({ args: [...args], options: { json: boolean, 'public-key': boolean } })
    return async ({ database, key, print }) => {
      const signer = makeDaySigner(key('audit'))
      if (values['public-key']) {
        print(signer.publicKeyPem)
        return 0
      }
      const closed = await readClosedDays(database, signer)
      print(values.json ? `${json({ days: closed })}\n` : wordsOf(closed))
      return closed.every(({ verdict }) => verdict === 'sound') ? 0 : 1
    }
  },
}

function wordsOf(closed: readonly ClosedDay[]): string {
  return closed.length === 0 ? 'No day is closed.\n' : closed.map(dayWords).join('')
}

function dayWords({ day, closedAt, closedBy, digest, content, verdict }: ClosedDay): string {
  const { currencies } = JSON.parse(content) as Partial<DayContent>
  return [
    `${day}  closed ${time(closedAt)} by ${closedBy}; ${verdicts[verdict]}`,
    `  digest ${digest}`,
    ...Object.entries(currencies ?? {}).map(([currency, figures]) => {
      const { journals, entries, eMoney, inTransit, house, trust, bank, open } = figures
      const said = bank === null ? '' : `; the bank held ${money(bank.balance, currency)} at the end of ${bank.asOf}`
      const waits = open.map((each) => `${each.count} ${each.state}`).join(', ')
      return `  ${count(BigInt(journals), 'journal')}, ${count(BigInt(entries), 'entry', 'entries')}; ${money(eMoney, currency)} of e-money, ${money(inTransit, currency)} in transit, ${money(house, currency)} of fees and taxes; ${money(trust, currency)} in trust${said}${waits === '' ? '' : `; open: ${waits}`}`
    }),
    '',
  ].join('\n')
}
