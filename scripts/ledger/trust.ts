import { parseArgs } from 'node:util'
import type { Queryable } from '../../src/database/database.ts'
import { type Currency, exponents, parseMoney } from '../../src/domain/money.ts'
import { readDaysState } from '../../src/ledger/day-close.ts'
import { recordTrustStatement } from '../../src/ledger/trust-statement.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import type { Verb } from './verb.ts'
import { json, money, readDay } from './words.ts'

export const trust: Verb = {
  name: 'trust',
  summary: 'records what the bank says of the trust account; prove compares it',
  help: `--balance AMOUNT --reference TEXT [--day YYYY-MM-DD] [--currency CODE] [--json]

  npm run ledger -- trust --balance 1250000.50 --reference "Statement 331"
  npm run ledger -- trust --balance 1250000.50 --reference "Statement 331" --day 2026-11-22

The balance at the end of a day, by default the last one that is over. The reference is the bank's own, and the same one again changes
nothing; of several statements for a day the last one counts. Nothing is ever changed or removed.
`,
  keys: ['data', 'audit'],
  prepare(args) {
    const text = { type: 'string' } as const
    const { values } = parseArgs({
      args: [...args],
      options: { balance: text, reference: text, day: text, currency: text, json: { type: 'boolean', default: false } },
    })
    const { balance, reference, currency } = values
    if (balance === undefined) throw new Error('Say --balance: what the bank holds, such as 1250000.50.')
    if (reference === undefined || !/^[\x20-\x7e]{1,100}$/.test(reference)) {
      throw new Error("Say --reference: the bank's own, 1 to 100 plain characters, such as the statement's number.")
    }
    if (currency !== undefined && !(currency in exponents)) {
      throw new Error(`--currency is ${JSON.stringify(currency)}; choose one of ${Object.keys(exponents).join(', ')}.`)
    }
    const day = values.day === undefined ? null : readDay(values.day, '--day')
    return ({ database, key, by, print, warn }) =>
      database.transaction(async (tx) => {
        const its = await currencyOf(tx, currency)
        const amount = parseMoney(balance, its)
        if (amount === null) throw new Error(`${JSON.stringify(balance)} is no amount in ${its}; nothing was recorded.`)
        const { lastOver } = await readDaysState(tx)
        const asOf = day ?? lastOver
        if (asOf === null || lastOver === null || asOf > lastOver) {
          throw new Error(
            `${asOf} is not over, so nobody can say what the bank holds at its end; nothing was recorded.`,
          )
        }
        const outcome = await recordTrustStatement(tx, { currency: its, asOf, balance: amount, reference }, by.id)
        if (outcome === 'recorded') {
          const payload = { currency: its, asOf, balance: String(amount) }
          const audit = makeAudit(key('audit'), makeSealer(key('data')))
          await audit.record(tx, { actor: by, action: 'trust.recorded', subject: reference, payload })
        }
        const words = {
          recorded: `Recorded: the bank held ${money(amount, its)} at the end of ${asOf}. npm run ledger -- prove compares it.\n`,
          already: 'This statement was recorded before; nothing was done.\n',
          conflict: `${JSON.stringify(reference)} is on record with another day or balance; give a correction a reference of its own. Nothing was done.\n`,
        }
        if (values.json) print(`${json({ outcome, currency: its, asOf, balance: amount, reference })}\n`)
        else (outcome === 'conflict' ? warn : print)(words[outcome])
        return outcome === 'conflict' ? 1 : 0
      })
  },
}

async function currencyOf(tx: Queryable, wanted: string | undefined): Promise<Currency> {
  const { rows } = await tx.query<{ currency: Currency }>('SELECT currency FROM market ORDER BY currency')
  const served = rows.map(({ currency }) => currency)
  const [only] = served.filter((currency) => wanted === undefined || currency === wanted)
  if (only === undefined || (wanted === undefined && served.length > 1)) {
    const there = served.length === 0 ? 'no market is loaded' : `there are ${served.join(', ')}`
    throw new Error(`Which currency? Say --currency; ${there}.`)
  }
  return only
}
