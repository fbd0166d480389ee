import { parseArgs } from 'node:util'
import { type CloseOutcome, closeDay } from '../../src/ledger/day-close.ts'
import { makeDaySigner } from '../../src/ledger/day-signature.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { proofWords } from './proof-words.ts'
import type { Verb } from './verb.ts'
import { json, readDay } from './words.ts'

export const close: Verb = {
  name: 'close',
  summary: 'closes a day that is over: proves the books, signs the figures, and lets nothing more be posted on it',
  help: `[--day YYYY-MM-DD] [--json]

  npm run ledger -- close                      the next day that is over and not closed
  npm run ledger -- close --day 2026-11-22

Days are closed one after another; the first close takes every day up to its own. A day is not closed while the books are wrong (npm run
ledger -- prove says where). The worker does this by itself at DAY_CLOSE_AT.
Ends with 0 where the day was closed, or there is none to close.
`,
  keys: ['data', 'audit'],
  prepare(args) {
    const { values } = parseArgs({
      args: [...args],
      options: { day: { type: 'string' }, json: { type: 'boolean', default: false } },
    })
    const day = values.day === undefined ? null : readDay(values.day, '--day')
    return async ({ database, key, by, print, warn }) => {
      const audit = makeAudit(key('audit'), makeSealer(key('data')))
      const outcome = await closeDay({ database, signer: makeDaySigner(key('audit')), audit, by }, day)
      const done = outcome.kind === 'closed' || outcome.kind === 'nothing'
      if (values.json) print(`${json(outcome)}\n`)
      else (done ? print : warn)(wordsOf(outcome))
      return done ? 0 : 1
    }
  },
}

function wordsOf(outcome: CloseOutcome): string {
  switch (outcome.kind) {
    case 'closed':
      return `${outcome.day} is closed. Its digest, to be kept where nobody of ours can change it:\n  ${outcome.digest}\n${proofWords(outcome.proof)}`
    case 'nothing':
      return 'There is no day to close.\n'
    case 'not_over':
      return `${outcome.day} is not over, so more may be posted on it; ${outcome.lastOver === null ? 'no market is loaded' : `the last day that is over is ${outcome.lastOver}`}. Nothing was closed.\n`
    case 'already':
      return `${outcome.day} is closed already; npm run ledger -- days shows it. Nothing was done.\n`
    case 'out_of_order':
      return `Days are closed one after another, and the next one is ${outcome.next}, not ${outcome.day}. Nothing was closed.\n`
    case 'unproven':
      return `${proofWords(outcome.proof)}${outcome.day} was not closed, since the books are wrong; what is above says where.\n`
  }
}
